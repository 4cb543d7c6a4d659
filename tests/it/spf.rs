//! `allowaudit spf`: trees, checks of one client, and what is wrong with records, from recorded answers.

use std::fmt::Write as _;

use crate::bench::{Bench, Ran};
use crate::cli::snapshot;
use crate::dns_server::{Server, Zone};

/// Texts by name; whatever else is recorded follows below.
const TEXTS: &[(&str, &str)] = &[
    (
        "good.example",
        "v=spf1 mx include:_spf.vendor.example a:www.good.example ip6:2001:db8::/32 ip4:192.0.2.0/25 -all",
    ),
    (
        "_spf.vendor.example",
        "v=spf1 ip4:198.51.100.0/24 include:sendgrid.net ?ip4:203.0.113.9 -all exp=why.vendor.example",
    ),
    ("sendgrid.net", "v=spf1 ip4:203.0.113.0/24 ~all"),
    (
        "broken.example",
        "v=spf1 ipv4:192.0.2.1 include:good.example +exp=x ip4:192.0.2.300 -all",
    ),
    ("below.example", "v=spf1 include:broken.example -all"),
    ("nothing.example", "no record of this kind"),
    ("lost.example", "v=spf1 include:nothing.example -all"),
    (
        "opaque.example",
        "v=spf1 include:%{i}.spf.opaque.example exists:%{l}.users.opaque.example ptr ip4:192.0.2.1 ~all ip4:192.0.2.2",
    ),
    ("loop.example", "v=spf1 include:b.loop.example -all"),
    ("b.loop.example", "v=spf1 ip4:192.0.2.7 redirect=loop.example"),
    ("void.example", "v=spf1 a:v1.example a:v2.example a:v3.example -all"),
    ("says.example", "v=spf1 -all exp=why.says.example"),
    ("why.says.example", "%{l} may not send from %{i}"),
    ("hostile.example", "v=spf1 include:\u{1b}[31m.example \u{202e} -all"),
    ("late.example", "v=spf1 a:late.late.example -all"),
    ("open.example", "v=spf1 +all"),
    // An address that the pack of its vendor says is a gateway's.
    ("gateway.example", "v=spf1 ip4:18.130.212.176 -all"),
];

/// A recording with the texts, an `mx` and what the `a` terms ask.
fn recording() -> String {
    let mut text = "recorded = 2026-11-21\n".to_owned();
    let mut add = |name: &str, kind: &str, rest: &str| {
        write!(text, "\n[[answer]]\nname = \"{name}\"\ntype = \"{kind}\"\n{rest}\n").unwrap();
    };
    for (name, spf) in TEXTS {
        let octets = spf.bytes().map(|octet| match octet {
            b' '..=b'~' => char::from(octet).to_string(),
            other => format!("\\{other:03}"),
        });
        let spf: String = octets.collect();
        add(name, "TXT", &format!("records = ['{spf}']"));
    }
    add(
        "two.example",
        "TXT",
        "records = ['v=spf1 -all', 'other', 'v=spf1 ~all']",
    );
    let many: Vec<String> = (0..11).map(|n| format!("a:h{n}.example")).collect();
    add(
        "many.example",
        "TXT",
        "records = ['v=spf1 include:eleven.example -all']",
    );
    add(
        "eleven.example",
        "TXT",
        &format!("records = ['v=spf1 {} ~all']", many.join(" ")),
    );
    for n in 0..11 {
        let name = format!("h{n}.example");
        add(&name, "A", &format!("records = ['192.0.2.{n}']"));
        add(&name, "AAAA", &format!("records = ['2001:db8::{n}']"));
    }
    add("good.example", "MX", "records = ['10 mail.good.example']");
    for name in ["mail.good.example", "www.good.example"] {
        add(name, "A", "records = ['192.0.2.200']");
        add(name, "AAAA", "records = []");
    }
    for name in ["v1.example", "v2.example", "v3.example"] {
        add(name, "A", "rcode = \"NXDOMAIN\"");
        add(name, "AAAA", "rcode = \"NXDOMAIN\"");
    }
    add("late.late.example", "A", "rcode = \"TIMEOUT\"");
    add("late.late.example", "AAAA", "rcode = \"TIMEOUT\"");
    add("failed.example", "TXT", "rcode = \"SERVFAIL\"");
    text
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("dns.toml", recording());
    bench
}

fn spf(bench: &Bench, arguments: &[&str]) -> Ran {
    let ran = bench.run(&[&["spf", "--dns", "dns.toml"], arguments].concat());
    let is_hazardous = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
    assert!(!ran.all().chars().any(is_hazardous), "{}", ran.all());
    ran
}

#[test]
fn trees() {
    let bench = bench();
    for (domain, code) in [
        ("good.example", 0),
        ("broken.example", 1),
        ("below.example", 1),
        ("many.example", 1),
        ("opaque.example", 0),
        ("loop.example", 1),
        ("void.example", 1),
        ("two.example", 1),
        ("lost.example", 1),
        ("late.example", 1),
        ("failed.example", 1),
        ("nothing.example", 0),
        ("hostile.example", 1),
        ("unasked.example", 2),
        ("open.example", 0),
    ] {
        let ran = spf(&bench, &[domain]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(code), ""), "{domain}: {}", ran.out);
        snapshot(&format!("spf-{}", domain.trim_end_matches(".example")), &ran.out);
        assert_eq!(spf(&bench, &[domain, "--format", "json"]).code, Some(code), "{domain}");
    }
}

#[test]
fn clients() {
    let bench = bench();
    let mut text = String::new();
    for (arguments, code) in [
        (&["good.example", "--ip", "203.0.113.5"][..], 0),
        (&["good.example", "--ip", "192.0.2.200"], 0),
        (&["good.example", "--ip", "2001:db9::1"], 0),
        (
            &[
                "says.example",
                "--ip",
                "::ffff:192.0.2.1",
                "--sender",
                "\u{1b}[31m@x.example",
            ],
            0,
        ),
        (&["below.example", "--ip", "192.0.2.1"], 1),
        (&["many.example", "--ip", "192.0.2.99"], 1),
        (&["loop.example", "--ip", "192.0.2.1"], 1),
        (&["void.example", "--ip", "192.0.2.1"], 1),
        (&["late.example", "--ip", "192.0.2.1"], 1),
        (&["lost.example", "--ip", "192.0.2.1"], 1),
        (&["two.example", "--ip", "192.0.2.1"], 1),
        (&["nothing.example", "--ip", "192.0.2.1"], 0),
        (&["a..example", "--ip", "192.0.2.1"], 0),
        (&["opaque.example", "--ip", "192.0.2.1"], 2),
    ] {
        let ran = spf(&bench, arguments);
        assert_eq!(
            (ran.code, ran.err.as_str()),
            (Some(code), ""),
            "{arguments:?}: {}",
            ran.out
        );
        let shown = arguments.join(" ").escape_debug().to_string();
        write!(text, "$ spf {shown}\n{}\n", ran.out).unwrap();
    }
    snapshot("spf-clients", &text);
}

#[test]
fn json() {
    let bench = bench();
    snapshot("spf-json", &spf(&bench, &["good.example", "--format", "json"]).out);
    let one = ["says.example", "--ip", "192.0.2.1", "--format", "json"];
    snapshot("spf-json-client", &spf(&bench, &one).out);
    let head = |arguments: &[&str]| {
        let json = spf(&bench, &[arguments, &["--format", "json"]].concat()).json();
        assert_eq!(
            (&json["format"], &json["version"]),
            (&"allowaudit-spf".into(), &1.into())
        );
        let result = json["result"].as_str().map(str::to_owned);
        (
            result,
            json["lookups"].as_u64().unwrap(),
            json["void_lookups"].as_u64().unwrap(),
        )
    };
    let of = |result: &str, lookups, voids| (Some(result.to_owned()), lookups, voids);
    assert_eq!(head(&["nothing.example"]), of("none", 0, 0));
    assert_eq!(head(&["broken.example"]), of("permerror", 0, 0));
    assert_eq!(head(&["failed.example"]), of("temperror", 0, 0));
    assert_eq!(head(&["unasked.example"]), of("undecided", 0, 0));
    let gateway = spf(&bench, &["gateway.example", "--format", "json"]).json();
    let notes = &gateway["tree"]["terms"][0]["notes"];
    assert_eq!(notes[0], "holds shared hosts, says the pack `knowbe4`", "{notes}");
    assert_eq!(head(&["open.example"]), of("pass", 0, 0));
    assert_eq!(head(&["many.example"]), (None, 12, 0));
    assert_eq!(head(&["void.example"]), of("permerror", 3, 3));
    let ip = |domain, ip| head(&[domain, "--ip", ip]);
    assert_eq!(ip("many.example", "192.0.2.3"), of("pass", 5, 0));
    assert_eq!(ip("many.example", "192.0.2.99"), of("permerror", 11, 0));
    assert_eq!(ip("void.example", "192.0.2.1"), of("permerror", 3, 3));
}

#[test]
fn the_sender_may_be_of_another_domain() {
    let bench = Bench::new();
    let answers = "recorded = 2026-11-21\n[[answer]]\nname = \"d.example\"\ntype = \"TXT\"\n\
                   records = ['v=spf1 exists:%{l}.%{o}.%{h}.%{d} -all']\n[[answer]]\n\
                   name = \"jo.other.example.helo.example.d.example\"\ntype = \"A\"\nrecords = ['127.0.0.2']\n\
                   [[answer]]\nname = \"postmaster.helo.example.helo.example.d.example\"\ntype = \"A\"\nrecords = []\n";
    bench.write("dns.toml", answers);
    let result = |sender: &str| {
        let client = [
            "d.example",
            "--ip",
            "192.0.2.1",
            "--helo",
            "helo.example",
            "--sender",
            sender,
        ];
        let json = spf(&bench, &[&client[..], &["--format", "json"]].concat()).json();
        json["result"].as_str().unwrap().to_owned()
    };
    assert_eq!(result("jo@other.example"), "pass");
    assert_eq!(result("<>"), "fail");
    assert_eq!(result(""), "fail");
}

#[test]
fn endless_records_do_not_fill_the_terminal() {
    let bench = Bench::new();
    let terms: Vec<String> = (0..2000)
        .map(|n| format!("ip4:10.{}.{}.0/24", n / 250, n % 250))
        .collect();
    let long = "a".repeat(30_000);
    let answers = format!(
        "recorded = 2026-11-21\n[[answer]]\nname = \"d.example\"\ntype = \"TXT\"\n\
         records = ['v=spf1 {} x={long} exists:%{{l}}.{long} -all']\n",
        terms.join(" ")
    );
    bench.write("dns.toml", answers);
    let ran = spf(&bench, &["d.example"]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    assert!(
        ran.out.len() < 50_000 && ran.out.contains("and 1503 more"),
        "{}",
        ran.out
    );
}

#[test]
fn what_cannot_be_answered_is_refused() {
    let bench = bench();
    for arguments in [
        &["spf"][..],
        &["spf", "a..example", "--dns", "dns.toml"],
        &["spf", "localhost", "--dns", "dns.toml"],
        &["spf", "good.example", "--dns", "off"],
        &["spf", "good.example", "--dns", "missing.toml"],
        &["spf", "good.example", "--ip", "300.1.2.3"],
    ] {
        let ran = bench.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(!ran.err.is_empty(), "{arguments:?}");
    }
    bench.write("dns.toml", "recorded = 2026-11-21\n[[anser]]\n");
    let ran = bench.run(&["spf", "good.example", "--dns", "dns.toml"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains("`dns.toml` cannot be used: ") && ran.err.contains("(2:"),
        "{}",
        ran.err
    );
}

#[test]
fn a_server_is_asked_without_further_ado() {
    let mut zone = Zone::new();
    zone.text("good.example", "v=spf1 ip4:192.0.2.0/24 -all");
    let server = Server::start(zone);
    let address = server.address.to_string();
    let bench = Bench::new();
    let ran = bench.run(&["spf", "good.example", "--ip", "192.0.2.9", "--dns-server", &address]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    assert!(ran.out.starts_with("pass: 192.0.2.9 may send"), "{}", ran.out);
}
