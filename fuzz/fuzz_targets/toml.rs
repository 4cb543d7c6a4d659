//! Our reading of TOML against the crate's strict one: both take a text or neither does, and every span lies in the text.
#![no_main]

use allowaudit::document;
use allowaudit::problem::ProblemKind;
use allowaudit::source::Sources;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (document, problems) = document::toml::parse(Sources::new().add_text("fuzz", ""), text);
    let unreadable = problems.iter().any(|problem| problem.kind == ProblemKind::Unreadable);
    assert_eq!(unreadable, toml::de::DeTable::parse(text).is_err());
    let mut open = vec![document.root(text)];
    while let Some(node) = open.pop() {
        let span = node.span();
        assert_eq!(text.get(span.start as usize..span.end as usize), Some(node.raw()));
        let _ = (node.as_str(), node.as_i64(), node.as_date());
        open.extend(node.items());
        open.extend(node.entries().map(|(_, member)| member));
    }
    for label in problems.iter().flat_map(|problem| &problem.labels) {
        assert!(text.get(label.span.start as usize..label.span.end as usize).is_some());
    }
});
