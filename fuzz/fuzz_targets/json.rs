//! Our JSON against `serde_json`: both take a text or neither does, and every span lies in the text.
#![no_main]

use allowaudit::document::json;
use allowaudit::problem::ProblemKind;
use allowaudit::source::Sources;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (document, problems) = json::parse(Sources::new().add_text("fuzz", ""), text);
    let unreadable = problems.iter().any(|problem| problem.kind == ProblemKind::Unreadable);
    match serde_json::from_str::<serde_json::Value>(text).map_err(|error| error.to_string()) {
        Ok(_) => assert!(!unreadable, "{problems:?}"),
        // Limits of its own, which we do not share.
        Err(error) if error.contains("number out of range") || error.contains("recursion limit") => {}
        Err(error) => assert!(unreadable, "{error}"),
    }
    let mut open = vec![document.root(text)];
    while let Some(node) = open.pop() {
        let span = node.span();
        assert_eq!(text.get(span.start as usize..span.end as usize), Some(node.raw()));
        let _ = node.as_str();
        open.extend(node.items());
        open.extend(node.entries().map(|(_, member)| member));
    }
    for label in problems.iter().flat_map(|problem| &problem.labels) {
        assert!(text.get(label.span.start as usize..label.span.end as usize).is_some());
    }
});
