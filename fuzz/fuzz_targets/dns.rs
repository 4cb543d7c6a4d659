//! A recording of any text: what is read of it is written and read again as the same answers, a recording with a mistake
//! in its form has no answer there, and whatever it says, records that it holds are checked and told as sets within bounds.
#![no_main]

use std::net::IpAddr;

use allowaudit::dns::recorded::{read, write};
use allowaudit::dns::spf::evaluate::check_host;
use allowaudit::dns::spf::macros::expand::Subject;
use allowaudit::dns::spf::set::Tree;
use allowaudit::dns::spf::{Limits, Verdict};
use allowaudit::source::Sources;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut sources = Sources::new();
    let id = sources.add_text("dns.toml", text);
    let (recorded, problems) = read(&sources, id);
    for label in problems.iter().flat_map(|problem| &problem.labels) {
        assert!(text.get(label.span.start as usize..label.span.end as usize).is_some());
    }
    let day = "2026-11-21".parse().unwrap();
    let again = sources.add_text("again.toml", write(day, &recorded.answers));
    let (same, problems) = read(&sources, again);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(same.answers, recorded.answers);
    for question in recorded.answers.keys().take(4) {
        let sets = Tree::gather(&recorded, &question.name).sets(Limits::default());
        for ip in [IpAddr::from([192, 0, 2, 1]), IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1])] {
            let name = question.name.to_string();
            let subject = Subject::new(ip, name.as_bytes(), name.as_bytes());
            let found = check_host(&recorded, &subject, Limits::default());
            assert!(found.lookups <= 11);
            if let Some(bounds) = sets.of(found.verdict).filter(|_| found.verdict != Verdict::Undecided) {
                assert!(bounds.may.contains(ip) || name.contains('\\'), "{name} {ip} {found:?}");
            }
        }
    }
});
