//! What the report looks like, and what it must survive.

use super::*;
use crate::check::Witness;
use crate::report::fixtures::{at, everything, finding, report, span, tenant, two_sources};
use crate::source::Sources;

const PLAIN: HumanOptions = HumanOptions {
    color: false,
    unicode: true,
    width: 100,
    quiet: false,
    verbose: false,
};

fn plain(report: &Report) -> String {
    render(report, &PLAIN)
}

/// A finding with these labels, drawn.
fn drawn(sources: Sources, labels: Vec<Label>) -> String {
    plain(&report(
        sources,
        vec![finding("broad-allow", Level::Deny, "too wide", labels)],
    ))
}

fn snapshot(name: &str, text: &str) {
    let settings = {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings
    };
    settings.bind(|| insta::assert_snapshot!(format!("human_{name}"), text));
}

fn compressed(n: usize) -> String {
    let entries: Vec<_> = (0..n).map(|i| format!("\"198.51.{}.{}\"", i / 250, i % 250)).collect();
    format!(
        "{{\"Identity\":\"Default\",\"IPAllowList\":[{}],\"Enabled\":true}}",
        entries.join(",")
    )
}

#[test]
fn a_finding_in_two_sources() {
    let (sources, finding) = two_sources();
    snapshot("finding_in_two_sources", &plain(&report(sources, vec![finding])));
}

#[test]
fn a_whole_tenant() {
    let report = Report {
        tenants: vec![everything()],
    };
    snapshot("whole_tenant", &plain(&report));
    snapshot(
        "whole_tenant_verbose_ascii",
        &render(
            &report,
            &HumanOptions {
                verbose: true,
                unicode: false,
                width: 80,
                ..PLAIN
            },
        ),
    );
    snapshot(
        "whole_tenant_quiet",
        &render(&report, &HumanOptions { quiet: true, ..PLAIN }),
    );
}

#[test]
fn colours_change_nothing_but_colours() {
    let report = Report {
        tenants: vec![everything(), everything()],
    };
    let coloured = render(&report, &HumanOptions { color: true, ..PLAIN });
    let codes = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    assert_eq!(codes.replace_all(&coloured, ""), plain(&report));
    assert!(coloured.contains("\u{1b}["));
    assert!(!plain(&report).contains('\u{1b}'));
}

#[test]
fn several_tenants() {
    let (sources, first) = two_sources();
    let mut second = tenant(Sources::new(), Vec::new());
    second.name = "fabrikam".to_owned();
    second.path = "tenants/fabrikam".to_owned();
    second.outcome = Outcome::Failed;
    second.problems.push(Problem {
        level: Level::Deny,
        kind: crate::problem::ProblemKind::Unreadable,
        message: "no export could be read".to_owned(),
        help: None,
        labels: Vec::new(),
    });
    let report = Report {
        tenants: vec![tenant(sources, vec![first]), second],
    };
    snapshot("several_tenants", &plain(&report));
}

#[test]
fn a_compressed_export() {
    let text = compressed(400);
    assert!(text.len() > 5000);
    let mut sources = Sources::new();
    let id = sources.add_text("exports/connection-filter.json", text);
    let list = sources.get(id).text().find('[').unwrap();
    let list = at(id, list, sources.get(id).text().find(']').unwrap() + 1);
    let labels = vec![
        Label::new(list, "400 entries"),
        Label::new(span(&sources, id, "\"198.51.0.7\""), "this one"),
        Label::new(span(&sources, id, "\"198.51.1.5\""), "and this one"),
        Label::new(span(&sources, id, "\"198.51.1.6\""), "and its neighbour"),
        Label::new(span(&sources, id, "true"), "in force"),
    ];
    snapshot("compressed_export", &drawn(sources, labels));
}

#[test]
fn hostile_names() {
    let mut sources = Sources::new();
    let id = sources.add_text(
        "exports/\u{1b}[2Jrules.json",
        "{ \"Name\": \"\u{202e}elpmaxe\u{2069}\u{1b}]0;owned\u{7}\u{200b}\", \"Domain\": \"ex\u{9b}ample\" }\n",
    );
    let mut hostile = finding(
        "broad-allow",
        Level::Deny,
        "`\u{1b}[31mred\u{202e}` lets\neverybody in",
        vec![
            Label::new(span(&sources, id, "\"Domain\""), "not \u{1b}[0mhere"),
            Label::new(span(&sources, id, "\u{200b}"), "only this"),
        ],
    );
    hostile.object = Some("transport-rule/\u{1b}[1A\u{feff}".to_owned());
    hostile.help = "remove `\u{7}`".to_owned();
    hostile.witness = Some(Witness {
        from: Some("\u{202e}@x".to_owned()),
        headers: [("X-A\u{0}".to_owned(), "1\r\n2".to_owned())].into(),
        ..Witness::default()
    });
    let text = plain(&report(sources, vec![hostile]));
    assert!(!text.chars().any(|c| c != '\n' && escape::is_hazardous(c)));
    snapshot("hostile_names", &text);
}

#[test]
fn sixty_findings_of_a_check() {
    let mut sources = Sources::new();
    let id = sources.add_text("exports/rules.json", "[1, 2]\n");
    let one = |_| {
        finding(
            "broad-allow",
            Level::Warn,
            "too wide",
            vec![Label::new(at(id, 1, 2), "")],
        )
    };
    let mut findings: Vec<_> = (0..60).map(one).collect();
    findings.push(finding(
        "open-relay",
        Level::Deny,
        "open",
        vec![Label::new(at(id, 4, 5), "")],
    ));
    let text = plain(&report(sources, findings));
    assert_eq!(text.matches("warn[broad-allow]").count(), 50);
    assert!(text.starts_with("deny[open-relay]"), "{text}");
    assert!(
        text.ends_with("\nand 10 more of `broad-allow`\n\n1 deny, 60 warn, 0 note\n"),
        "{text}"
    );
}

#[test]
fn multibyte_text_that_came_as_utf16() {
    let text = "{\r\n  \"Name\": \"Übung für 漢字 🎣\", \"Domains\": [\"例え.example\"]\r\n}";
    let bytes: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let mut sources = Sources::new();
    let id = sources.add_bytes("exports/rules.json", bytes);
    let labels = vec![
        Label::new(span(&sources, id, "\"例え.example\""), "not a domain of the vendor"),
        Label::new(span(&sources, id, "\"Übung für 漢字 🎣\""), "in this rule"),
    ];
    snapshot("multibyte_text_that_came_as_utf16", &drawn(sources, labels));
}

#[test]
fn the_end_of_a_file() {
    for (text, place) in [
        ("", "1:1"),
        ("[]", "1:3"),
        ("[]\n", "2:1"),
        ("[]\r\n", "2:1"),
        ("é", "1:2"),
    ] {
        let mut sources = Sources::new();
        let id = sources.add_text("x.json", text);
        let end = text.len();
        let drawing = drawn(sources, vec![Label::new(at(id, end, end), "ends here")]);
        assert!(drawing.contains(&format!("[x.json:{place}]")), "{drawing}");
        assert!(drawing.contains("▲") && drawing.contains("╰── ends here"), "{drawing}");
    }
    let mut sources = Sources::new();
    let id = sources.add_text("x.json", "[\n  1,\n");
    snapshot(
        "end_of_a_file",
        &drawn(sources, vec![Label::new(at(id, 9, 9), "the list is cut off")]),
    );
}

#[test]
fn a_list_over_many_lines() {
    let entries: Vec<_> = (0..400).map(|i| format!("{:40}\"198.51.100.{i}\"", "")).collect();
    let text = format!(
        "{{\n{:36}\"IPAllowList\":  [\n{}\n{:36}]\n}}\n",
        "",
        entries.join(",\n"),
        ""
    );
    let mut sources = Sources::new();
    let id = sources.add_text("exports/connection-filter.json", text.clone());
    let list = at(id, text.find('[').unwrap(), text.find(']').unwrap() + 1);
    let labels = vec![
        Label::new(list, "400 entries"),
        Label::new(span(&sources, id, "\"198.51.100.0\""), "first"),
        Label::new(span(&sources, id, "\"198.51.100.300\""), "not an address"),
    ];
    snapshot("list_over_many_lines", &drawn(sources, labels));
}

#[test]
fn no_span_panics() {
    let texts = [
        String::new(),
        "\n\n\n".to_owned(),
        "a\r\n\r\nb".to_owned(),
        "\t\té漢🎣\u{301}\u{202e}\r\n \t x\r".to_owned(),
        format!("{{\n{}\n}}\n\n\n\n\nx", "é".repeat(400)),
        format!("[\n{}]", "  1,\n".repeat(20)),
    ];
    for text in texts {
        let mut sources = Sources::new();
        let id = sources.add_text("x", text.clone());
        let sources = std::sync::Arc::new(sources);
        let step = (text.len() / 25).max(1);
        let offsets: Vec<usize> = (0..text.len() + 3).step_by(step).collect();
        for &start in &offsets {
            for &end in &offsets {
                let other = offsets[(start * 7 + end * 3) % offsets.len()];
                let labels = vec![
                    Label::new(at(id, start, end), "first"),
                    Label::new(at(id, other, other + 2), "second"),
                    Label::new(at(id, end, start), ""),
                ];
                let mut tenant = tenant(Sources::new(), vec![finding("c", Level::Deny, "m", labels)]);
                tenant.sources = sources.clone();
                let report = Report { tenants: vec![tenant] };
                let narrow = HumanOptions {
                    width: 0,
                    unicode: false,
                    ..PLAIN
                };
                let narrow = render(&report, &narrow);
                assert!(narrow.lines().all(|line| line.chars().count() < 120), "{narrow}");
                let text = plain(&report);
                assert!(
                    text.contains("first") && text.contains("second"),
                    "{start} {end} {text}"
                );
                assert!(!text.contains("Failed to read"), "{text}");
                assert!(text.lines().all(|line| line.chars().count() < 200), "{text}");
            }
        }
    }
}

#[test]
fn a_label_of_70_000_columns() {
    let text = compressed(7000);
    assert!(text.len() > 70_000);
    let mut sources = Sources::new();
    let id = sources.add_text("x.json", text.clone());
    let drawing = drawn(
        sources,
        vec![
            Label::new(at(id, 10, text.len()), "all of it"),
            Label::new(at(id, text.len() - 5, text.len() - 1), "its end"),
        ],
    );
    assert!(drawing.contains("[x.json:1:11]"), "{drawing}");
    assert!(drawing.contains(&format!("[x.json:1:{}]", text.len() - 4)), "{drawing}");
    assert!(drawing.lines().all(|line| line.chars().count() <= 120), "{drawing}");
}

#[test]
fn labels_beyond_the_eighth_are_counted() {
    let mut sources = Sources::new();
    let id = sources.add_text("x.json", "[1,2,3,4,5,6,7,8,9,0]");
    let labels = (0..10)
        .map(|i| Label::new(at(id, 1 + 2 * i, 2 + 2 * i), format!("label {i}")))
        .collect();
    snapshot("labels_beyond_the_eighth_are_counted", &drawn(sources, labels));
}

#[test]
fn long_texts_are_broken_and_cut() {
    let mut sources = Sources::new();
    let id = sources.add_text("x.json", "[\n  \"a\"\n]\n");
    let sentence = "no entry of this list, nor of any list that it takes in, covers the addresses ".repeat(2);
    let mut long = finding(
        "broad-allow",
        Level::Note,
        &sentence,
        vec![
            Label::new(span(&sources, id, "\"a\""), sentence.trim_end()),
            Label::new(span(&sources, id, "]"), "x".repeat(3000)),
        ],
    );
    long.object = Some("transport-rule/".to_owned() + &"name ".repeat(100));
    long.help = "first line\nsecond line.".to_owned();
    let text = plain(&report(sources, vec![long]));
    assert_eq!(text.matches('x').count(), 1002);
    snapshot("long_texts", &text.replace(&"x".repeat(1000), "(1000 times x)"));
}

/// Each rendered finding must cost far less than a millisecond, wherever it lies in a file of one line.
#[test]
fn many_findings_in_a_huge_line() {
    let text = compressed(1_300_000);
    assert!(text.len() > 20_000_000);
    let mut sources = Sources::new();
    let length = text.len();
    let id = sources.add_text("x.json", text);
    let checks: Vec<&'static str> = (0..40).map(|i| &*format!("check-{i}").leak()).collect();
    let findings = (0..10_000)
        .map(|i| {
            let start = length - 50 - i * 2000;
            let labels = vec![Label::new(at(id, start, start + 14), "here")];
            finding(checks[i % checks.len()], Level::Deny, "too wide", labels)
        })
        .collect();
    let report = report(sources, findings);
    #[expect(clippy::disallowed_methods, reason = "a test that takes the time")]
    let start = std::time::Instant::now();
    let human = plain(&report);
    let human_took = start.elapsed();
    let json = crate::report::json::render(&report, "0.0.0");
    let both_took = start.elapsed();
    println!("human: {human_took:?}, both: {both_took:?}");
    assert_eq!(human.matches("╰── here").count(), 2000);
    assert_eq!(json.matches("\"fingerprint\"").count(), 10_000);
    // Generous, for a debug build on a loaded machine; rescanning the line would take minutes.
    assert!(both_took.as_secs() < 20, "{both_took:?}");
}
