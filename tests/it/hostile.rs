//! Bad input: every file that cannot be read is told of, what can be read is audited, and nothing makes the program fall over.

use std::fmt::Write as _;

use crate::bench::{ACCEPTED_DOMAINS, ADVANCED_DELIVERY, Bench, NOW, Ran, connection_filter};

/// A tenant with good files and one that is not.
fn beside_good(name: &str, bytes: impl AsRef<[u8]>) -> (Bench, Ran) {
    let bench = Bench::new();
    bench
        .write("t/Get-AcceptedDomain.json", ACCEPTED_DOMAINS)
        .write("t/advanced.json", ADVANCED_DELIVERY)
        .write(&format!("t/{name}"), bytes);
    let ran = audit(&bench, &[]);
    (bench, ran)
}

fn audit(bench: &Bench, more: &[&str]) -> Ran {
    bench.run(
        &[
            &[
                "check",
                "t",
                "--vendor",
                "huntress-sat",
                "--now",
                NOW,
                "--format",
                "json",
            ],
            more,
        ]
        .concat(),
    )
}

fn no_panic(ran: &Ran) {
    assert!(matches!(ran.code, Some(0..=2)), "{:?}: {}", ran.code, ran.all());
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
}

/// The file is the subject of a finding, and the others were audited.
fn told(ran: &Ran, file: &str) {
    no_panic(ran);
    assert!(matches!(ran.code, Some(1 | 2)), "{}", ran.all());
    let report = ran.json();
    let findings = report["tenants"][0]["findings"].as_array().unwrap();
    let about = |finding: &serde_json::Value| {
        let labels = finding["labels"].as_array().unwrap();
        labels.iter().any(|label| label["source"] == file)
    };
    assert!(findings.iter().any(about), "{file}: {}", ran.all());
    let inputs = report["tenants"][0]["inputs"].as_array().unwrap();
    assert!(inputs.iter().any(|input| input["kind"] == "advanced-delivery-rule"));
    assert!(
        findings
            .iter()
            .any(|finding| finding["vendor"] == "huntress-sat" || finding["check"] == "cannot-tell")
    );
}

#[test]
fn files_that_hold_nothing_or_half() {
    let half = &ADVANCED_DELIVERY[..ADVANCED_DELIVERY.len() / 2];
    for (name, bytes) in [
        ("empty.json", &b""[..]),
        ("blank.json", b" \r\n\t"),
        ("half.json", half.as_bytes()),
        ("word.json", b"nonsense"),
        ("error.json", b"Get-TransportRule : The term is not recognized"),
        ("binary.json", b"\x00\x01\x02\xff\xfe\x80\x81{\x00[\"\x00"),
        ("zip.json", b"PK\x03\x04\x14\x00\x00\x00\x08\x00\xd9\x8f"),
        ("mark.json", b"\xff\xfe"),
        ("odd.json", b"\xff\xfe[\x00{\x00\"\x00a\x00\"\x00:"),
    ] {
        let (_bench, ran) = beside_good(name, bytes);
        told(&ran, name);
    }
}

#[test]
fn nesting_has_a_limit() {
    for (name, text) in [
        ("lists.json", "[".repeat(200_000)),
        ("closed.json", "[".repeat(200_000) + &"]".repeat(200_000)),
        ("tables.json", "{\"a\":".repeat(200_000)),
    ] {
        let (_bench, ran) = beside_good(name, text);
        told(&ran, name);
    }
    let bench = Bench::new();
    bench.write("t/allowaudit.toml", format!("name = {}", "[".repeat(200_000)));
    bench.write("t/Get-AcceptedDomain.json", ACCEPTED_DOMAINS);
    let ran = audit(&bench, &[]);
    no_panic(&ran);
    assert_eq!(ran.code, Some(2));
}

#[test]
fn one_line_of_thirty_megabytes() {
    let comments = "x".repeat(1_000_000);
    let mut text = String::from("[");
    while text.len() < 30_000_000 {
        text.push_str(r#"{"Name":"rule","Priority":0,"State":"Enabled","Mode":"Enforce","SetSCL":-1,"#);
        let _ = write!(text, r#""SenderIpRanges":["198.51.100.7"],"Comments":"{comments}"}},"#);
    }
    text.push_str("{\"Name\":");
    let (_bench, ran) = beside_good("Get-TransportRule.json", text);
    told(&ran, "Get-TransportRule.json");
}

#[test]
fn doubled_keys() {
    let doubled =
        r#"[{"Name":"Default","IsDefault":true,"IPAllowList":["192.0.2.1"],"IPAllowList":[],"EnableSafeList":false}]"#;
    let (_bench, ran) = beside_good("Get-HostedConnectionFilterPolicy.json", doubled);
    told(&ran, "Get-HostedConnectionFilterPolicy.json");
}

#[test]
fn ten_thousand_findings() {
    let entries: Vec<String> = (0..10_000)
        .map(|n| format!("203.{}.{}.1/99", n / 250, n % 250))
        .collect();
    let settings: Vec<String> = (0..10_000).map(|n| format!("\"NewSetting{n}\":true,")).collect();
    let settings = settings.concat();
    let filter = connection_filter(&entries).replacen('{', &format!("{{{settings}"), 1);
    let bench = Bench::new();
    bench
        .write("t/Get-AcceptedDomain.json", ACCEPTED_DOMAINS)
        .write("t/Get-HostedConnectionFilterPolicy.json", filter);
    let ran = bench.run(&[
        "check",
        "t",
        "--vendor",
        "huntress-sat",
        "--now",
        NOW,
        "--format",
        "json",
        "-o",
        "r.json",
        "--format",
        "human",
    ]);
    no_panic(&ran);
    let report: serde_json::Value = serde_json::from_str(&bench.read("r.json")).unwrap();
    let findings = report["tenants"][0]["findings"].as_array().unwrap();
    assert!(findings.len() >= 10_000, "{}", findings.len());
    for check in allowaudit::checks::ids() {
        let head = format!("[{check}]");
        let n_shown = ran.out.lines().filter(|line| line.contains(&head)).count();
        let n_found = findings.iter().filter(|finding| finding["check"] == check).count();
        assert_eq!(n_shown, n_found.min(50), "{check}");
        let more = format!("and {} more of `{check}`", n_found.saturating_sub(50));
        assert_eq!(ran.out.contains(&more), n_found > 50, "{check}");
    }
}

#[test]
fn a_pack_with_twenty_mistakes_tells_them_all() {
    let mut pack = String::from(
        "id = \"acme\"\nname = \"Acme\"\nchecked = 2026-11-21\n\n[[source]]\nid = \"help\"\nurl = \"https://help.example/\"\nseen = 2026-11-21\ngrade = \"vendor\"\n\n[[stream]]\nid = \"phishing\"\nsummary = \"x\"\ndeliveries = [\"smtp\"]\nclears = \"everything\"\n",
    );
    let mut lines = Vec::new();
    for n in 0..20 {
        pack.push_str("\n[[value]]\nstream = \"phishing\"\nidentity = \"connecting-ip\"\n");
        lines.push(pack.lines().count() + 1);
        let _ = write!(
            pack,
            "value = \"192.0.2.{n}/2{n}x\"\nstatus = \"current\"\nsource = \"help\"\n"
        );
    }
    let bench = Bench::new();
    bench
        .write("acme.toml", &pack)
        .write("t/Get-AcceptedDomain.json", ACCEPTED_DOMAINS);
    let lint = bench.run(&["pack", "lint", "acme.toml"]);
    let check = bench.run(&["check", "t", "--pack", "acme.toml", "--vendor", "acme", "--now", NOW]);
    for ran in [&lint, &check] {
        no_panic(ran);
        assert_eq!(ran.code, Some(2));
        for line in &lines {
            assert!(
                ran.err.contains(&format!("acme.toml:{line}:")),
                "line {line}: {}",
                ran.err
            );
        }
    }
}

#[test]
fn paths_without_anything_to_audit() {
    let bench = Bench::new();
    bench
        .write("empty/readme.txt", "nothing")
        .write("t/Get-AcceptedDomain.json", ACCEPTED_DOMAINS);
    let missing = bench.run(&["check", "missing"]);
    assert_eq!(missing.code, Some(2));
    assert_eq!(missing.err, "error: `missing` does not exist\n");
    let empty = bench.run(&["check", "empty", "--now", NOW]);
    assert_eq!(empty.code, Some(2));
    assert!(
        empty.out.contains("no export was recognised in `empty`"),
        "{}",
        empty.all()
    );
    let quiet = bench.run(&["check", "empty", "--now", NOW, "-q"]);
    assert!(
        quiet.out.contains("no export was recognised in `empty`"),
        "{}",
        quiet.all()
    );
    // What can be audited is audited beside what cannot.
    let both = bench.run(&["check", "missing", "t", "--vendor", "infima", "--now", NOW]);
    assert_eq!(both.code, Some(2));
    assert!(both.out.contains("infima/phishing"), "{}", both.all());
}

#[test]
fn names_from_outside_do_not_act() {
    let name = r"\u001b[31m\u202eevil\u2066'; Remove-Mailbox -Identity *\u0000\r\n`$(id)`";
    let rule = format!(
        r#"[{{"Name":"{name}","Identity":"{name}","Priority":0,"State":"Disabled","Mode":"Enforce","SenderIpRanges":["18.205.140.116"],"SetSCL":"-1","From{name}":"x"}}]"#
    );
    let bench = Bench::new();
    bench
        .write("t/Get-AcceptedDomain.json", ACCEPTED_DOMAINS)
        .write("t/Get-TransportRule.json", &rule)
        .write("t/\u{202e}evil\u{1b}[31m.json", "{")
        .write("u/Get-TransportRule.json", &rule);
    for arguments in [
        &["check", "t", "--vendor", "huntress-sat", "--now", NOW][..],
        &["check", "t", "--vendor", "huntress-sat", "--now", NOW, "-v"],
        &["check", "t", "--vendor", "\u{1b}[31m"],
        &["check", "\u{1b}[31m\u{202e}"],
        &["explain", "\u{1b}[31m\u{202e}"],
        &["init", "t", "--now", NOW],
        &[
            "why",
            "t",
            "--ip",
            "18.205.140.116",
            "--mail-from",
            "a@amazonsecurity.org",
            "--to",
            "b@contoso.example",
            "--now",
            NOW,
        ],
    ] {
        let ran = bench.run(arguments);
        no_panic(&ran);
        let acting =
            |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!ran.all().contains(acting), "{arguments:?}: {:?}", ran.all());
    }
    let file = bench.read("t/allowaudit.toml");
    assert!(!file.contains(|c: char| c.is_control() && c != '\n'), "{file:?}");
    let json = bench.run(&[
        "check",
        "u",
        "--vendor",
        "huntress-sat",
        "--now",
        NOW,
        "--format",
        "json",
    ]);
    no_panic(&json);
    json.json();
}

#[test]
fn fewer_rows_than_are_counted() {
    for (name, text) in [
        ("count.json", format!("{{\"value\":{ADVANCED_DELIVERY},\"Count\":4}}")),
        ("empty.json", "{\"value\":[],\"@odata.count\":1}".to_owned()),
    ] {
        let bench = Bench::new();
        bench
            .write("t/Get-AcceptedDomain.json", ACCEPTED_DOMAINS)
            .write("t/Get-ExoPhishSimOverrideRule.json", &text);
        let ran = audit(&bench, &[]);
        no_panic(&ran);
        assert!(ran.out.contains("fewer rows than it counts"), "{name}: {}", ran.all());
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_waited_for() {
    let (bench, _) = beside_good("good.json", "[]");
    let pipe = bench.path().join("t/Get-TransportRule.json");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if made.is_ok_and(|status| status.success()) {
        std::os::unix::fs::symlink(&pipe, bench.path().join("t/link.json")).unwrap();
        let ran = audit(&bench, &[]);
        no_panic(&ran);
        assert!(
            ran.out.contains("the export of `Get-TransportRule` is missing"),
            "{}",
            ran.all()
        );
    }
}
