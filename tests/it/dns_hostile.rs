//! Answers that somebody made to do harm, recordings with mistakes, and a network that goes away: what comes of it is
//! bounded, told plainly, and never more certain than before.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use allowaudit::audit::{self, Dns, Job, Library, Settings, TENANT_FILE};
use allowaudit::dns::recorded::{read, write};
use allowaudit::dns::{Answer, Failure, Live, Outcome, Question, Record, RecordType, Recorded, Resolver};
use allowaudit::report::{Fate, TenantReport};
use allowaudit::source::Sources;

use crate::bench::{Bench, Ran};
use crate::dns_server::{Server, Zone, name, question};

/// A debug build on a busy machine needs a hundredth of this.
const LONG: Duration = Duration::from_secs(30);

/// A recording of one answer a row: name, type and lines as zone files have them.
fn recording(answers: &[(&str, RecordType, Vec<Record>)]) -> String {
    let answers = answers.iter().map(|(name, kind, records)| {
        let outcome = if records.is_empty() {
            Outcome::NoName
        } else {
            Outcome::Found(records.clone())
        };
        (question(name, *kind), Arc::new(Answer::new(outcome)))
    });
    write("2026-11-21".parse().unwrap(), &answers.collect())
}

fn txt(text: &str) -> Record {
    Record::Txt(text.as_bytes().chunks(255).map(<[u8]>::to_vec).collect())
}

/// Runs `spf` on `evil.example` and looks at what must hold whatever DNS says.
fn spf(answers: &[(&str, RecordType, Vec<Record>)], more: &[&str]) -> Ran {
    let bench = Bench::new();
    bench.write("dns.toml", recording(answers));
    let start = now();
    let ran = bench.run(&[&["spf", "evil.example", "--dns", "dns.toml"], more].concat());
    let took = now() - start;
    assert!(took < LONG, "{took:?}");
    assert!(matches!(ran.code, Some(0..=2)), "{:?}: {}", ran.code, ran.all());
    assert!(!ran.all().contains("panicked"), "{}", ran.all());
    assert!(ran.all().len() < 200_000, "{} bytes", ran.all().len());
    let is_raw = |c: char| c.is_control() && c != '\n';
    assert!(!ran.all().contains(is_raw), "{:?}", ran.all());
    ran
}

/// Both questions that can be asked of a record.
fn both(answers: &[(&str, RecordType, Vec<Record>)]) -> [Ran; 2] {
    [spf(answers, &[]), spf(answers, &["--ip", "192.0.2.1"])]
}

#[test]
fn a_text_of_64_kilobytes() {
    let mut text = "v=spf1".to_owned();
    for n in 0..4600 {
        write!(text, " ip4:10.{}.{}.1", n / 256, n % 256).unwrap();
    }
    assert!(text.len() > 60_000);
    let [_, one] = both(&[("evil.example", RecordType::Txt, vec![txt(&format!("{text} -all"))])]);
    assert!(one.out.contains("fail"), "{}", one.out);
    // The same without a blank, and of one macro after the other.
    both(&[(
        "evil.example",
        RecordType::Txt,
        vec![txt(&format!("v=spf1 ip4:{}", "1".repeat(64_000)))],
    )]);
    both(&[(
        "evil.example",
        RecordType::Txt,
        vec![txt(&format!(
            "v=spf1 exists:{}.x.example -all",
            "%{l200r+}".repeat(7000)
        ))],
    )]);
}

#[test]
fn ten_thousand_records() {
    let address = |n: u16| {
        let [high, low] = n.to_be_bytes();
        Record::A([10, 0, high, low].into())
    };
    let addresses: Vec<Record> = (0..10_000).map(address).collect();
    let record = |text: &str| ("evil.example", RecordType::Txt, vec![txt(text)]);
    let [tree, one] = both(&[record("v=spf1 a -all"), ("evil.example", RecordType::A, addresses)]);
    assert!(
        tree.out.contains("10,000") || tree.out.contains("10000"),
        "{}",
        tree.out
    );
    assert!(one.out.contains("fail"), "{}", one.out);
    let host = |n: u16| Record::Mx {
        preference: n,
        exchange: name(&format!("{n}.evil.example")),
    };
    let [_, one] = both(&[
        record("v=spf1 mx -all"),
        ("evil.example", RecordType::Mx, (0..10_000).map(host).collect()),
    ]);
    assert!(one.out.contains("permerror"), "{}", one.out);
    let texts: Vec<Record> = (0..10_000)
        .map(|n| txt(&format!("v=spf1 ip4:10.0.0.{}", n % 256)))
        .collect();
    let [_, one] = both(&[("evil.example", RecordType::Txt, texts)]);
    assert!(one.out.contains("permerror"), "{}", one.out);
    let names: Vec<Record> = (0..10_000)
        .map(|n| Record::Ptr(name(&format!("{n}.evil.example"))))
        .collect();
    let mut answers = vec![
        record("v=spf1 ptr -all"),
        ("1.2.0.192.in-addr.arpa", RecordType::Ptr, names),
    ];
    answers.push(("0.evil.example", RecordType::A, Vec::new()));
    both(&answers);
}

#[test]
fn characters_that_act() {
    let hostile = "v=spf1 include:\u{1b}[2J\u{7}.example \u{202e}moc exp=\u{0}\r\n -all";
    let text = Record::Txt(vec![hostile.as_bytes().to_vec()]);
    for ran in both(&[("evil.example", RecordType::Txt, vec![text])]) {
        assert!(!ran.all().contains('\u{202e}'), "{}", ran.all());
    }
    // What a domain says to whoever fails is its own to choose.
    let ran = spf(
        &[
            (
                "evil.example",
                RecordType::Txt,
                vec![txt("v=spf1 -all exp=why.evil.example")],
            ),
            (
                "why.evil.example",
                RecordType::Txt,
                vec![Record::Txt(vec![b"\x1b]0;owned\x07 %{i}".to_vec()])],
            ),
        ],
        &["--ip", "192.0.2.1"],
    );
    assert!(ran.out.contains("fail"), "{}", ran.out);
}

#[test]
fn records_that_lead_round_and_round() {
    let record = |name: &'static str, text: &str| (name, RecordType::Txt, vec![txt(text)]);
    for text in [
        "v=spf1 include:evil.example -all",
        "v=spf1 redirect=evil.example",
        "v=spf1 include:%{d} -all",
        "v=spf1 redirect=%{d}",
    ] {
        let [_, one] = both(&[record("evil.example", text)]);
        assert!(one.out.contains("permerror"), "{text}: {}", one.out);
    }
    // Ten records that each include all ten.
    let names: Vec<String> = (0..10).map(|n| format!("{n}.evil.example")).collect();
    let all = names
        .iter()
        .map(|name| format!(" include:{name}"))
        .collect::<Vec<_>>()
        .concat();
    let mut answers = vec![record("evil.example", &format!("v=spf1{all} -all"))];
    for name in &names {
        let leaked: &'static str = Box::leak(name.clone().into_boxed_str());
        answers.push(record(leaked, &format!("v=spf1{all} -all")));
    }
    let [_, one] = both(&answers);
    assert!(one.out.contains("permerror"), "{}", one.out);
    // A name that every level makes longer.
    both(&[
        record("evil.example", "v=spf1 include:x.%{d} -all"),
        record("x.evil.example", "v=spf1 include:x.%{d} -all"),
        record("x.x.evil.example", "v=spf1 include:x.%{d} -all"),
    ]);
}

#[test]
fn macros_that_grow() {
    let long = format!("{}@evil.example", "a.b+c-".repeat(160));
    let text = format!("v=spf1 exists:{}.evil.example -all", "%{s}%{l}%{d}%{h}".repeat(500));
    let record = ("evil.example", RecordType::Txt, vec![txt(&text)]);
    let ran = spf(
        std::slice::from_ref(&record),
        &["--ip", "2001:db8::1", "--sender", &long, "--helo", &"h.".repeat(500)],
    );
    // Cut to what a name can hold, it is a question that nobody recorded.
    assert!(ran.out.contains("evil.example"), "{}", ran.out);
    let why = (0..200).map(|_| "%{s} %{L} %{h} %{c} %{r} %{t} ").collect::<String>();
    spf(
        &[
            (
                "evil.example",
                RecordType::Txt,
                vec![txt("v=spf1 -all exp=why.evil.example")],
            ),
            ("why.evil.example", RecordType::Txt, vec![txt(&why)]),
        ],
        &["--ip", "192.0.2.1", "--sender", &long],
    );
    // No sender has that many octets.
    let ran = spf(&[], &["--ip", "192.0.2.1", "--sender", &"x".repeat(2000)]);
    assert_eq!(ran.code, Some(2), "{}", ran.all());
}

#[test]
fn a_flood_of_questions_without_answer() {
    let names: Vec<String> = (0..2000).map(|n| format!("v{n}.example")).collect();
    let terms = names
        .iter()
        .map(|name| format!(" a:{name}"))
        .collect::<Vec<_>>()
        .concat();
    let mut answers = vec![(
        "evil.example",
        RecordType::Txt,
        vec![txt(&format!("v=spf1{terms} -all"))],
    )];
    for name in &names {
        answers.push((name, RecordType::A, Vec::new()));
        answers.push((name, RecordType::Aaaa, Vec::new()));
    }
    let [_, one] = both(&answers);
    assert!(one.out.contains("permerror"), "{}", one.out);
}

#[test]
fn a_recording_with_mistakes() {
    let bench = Bench::new();
    bench.write("contoso/exports/Get-TransportRule.json", "[]");
    bench.write(
        "contoso/allowaudit.toml",
        "domains = [\"contoso.example\"]\n[[vendor]]\npack = \"huntress-sat\"\n",
    );
    let good = "recorded = 2026-11-21\n[[answer]]\nname = 'contoso.example'\ntype = 'MX'\nrecords = ['10 x.mail.protection.outlook.com']\n";
    for (text, said) in [
        (good.replace("MX", "NX"), "NX"),
        (good.replace("10 x", "ten x"), "ten x"),
        (good.replace("records", "record"), "record"),
        (good.replace("2026-11-21", "yesterday"), "yesterday"),
        (good.replace("records = [", "records = "), "dns.toml"),
        (
            format!("{good}{}", good.replace("recorded = 2026-11-21\n", "")),
            "contoso.example",
        ),
        (
            good.replace("contoso.example'", "contoso..example'"),
            "contoso..example",
        ),
        ("\0\0\0".to_owned(), "dns.toml"),
        ("[[answer]]\n".repeat(20_000), "name"),
    ] {
        bench.write("contoso/dns.toml", &text);
        let start = now();
        let ran = bench.run(&["check", "contoso", "--now", "2026-11-21"]);
        assert!(now() - start < LONG);
        assert_eq!(ran.code, Some(2), "{text}\n{}", ran.all());
        assert!(
            ran.all().contains(said) && ran.all().contains("dns.toml"),
            "{said}\n{}",
            ran.all()
        );
        assert!(!ran.out.contains("gets through"), "{}", ran.out);
    }
}

#[test]
fn a_server_that_never_answers_costs_bounded_time() {
    let mut zone = Zone::new();
    zone.faults_else
        .insert(name("evil.example"), crate::dns_server::Fault::Silence);
    let server = Server::start(zone);
    let bench = Bench::new();
    let address = server.address.to_string();
    let start = now();
    let ran = bench.run(&["spf", "evil.example", "--dns-server", &address]);
    assert!(now() - start < LONG);
    assert!(ran.all().contains("no answer in time"), "{}", ran.all());
}

// ---- less known is never more certain

/// A tenant with a vendor of whom DNS decides everything.
fn tenant() -> (Library, Job) {
    let pack = r#"id = "acme"
name = "Acme"
checked = 2026-11-21
[[source]]
id = "help"
url = "https://help.acme.example/"
seen = 2026-11-21
grade = "vendor"
[[stream]]
id = "training"
summary = "Training mail"
deliveries = ["smtp"]
clears = "inbox"
[[value]]
stream = "training"
identity = "connecting-ip"
value = "192.0.2.0/29"
sharing = "dedicated"
source = "help"
[[value]]
stream = "training"
identity = "mail-from"
value = "bounce.acme.example"
source = "help"
[[value]]
stream = "training"
identity = "header-from"
value = "acme.example"
source = "help"
[[value]]
stream = "training"
identity = "dkim"
value = "acme.example"
selector = "s1"
source = "help"
[[value]]
stream = "training"
identity = "spf"
value = "_spf.acme.example"
source = "help"
"#;
    let rules = r#"[
  {"Name": "Acme", "Priority": 0, "State": "Enabled", "Mode": "Enforce", "SenderDomainIs": ["bounce.acme.example"], "SenderAddressLocation": "Envelope", "HeaderContainsMessageHeader": "Authentication-Results", "HeaderContainsWords": ["spf=pass"], "SetSCL": -1},
  {"Name": "Forged", "Priority": 1, "State": "Enabled", "Mode": "Enforce", "HeaderContainsMessageHeader": "Authentication-Results", "HeaderContainsWords": ["spf=fail"], "Quarantine": true},
  {"Name": "Old", "Priority": 2, "State": "Enabled", "Mode": "Enforce", "SenderDomainIs": ["gone.example"], "SetSCL": -1}
]"#;
    let spoof = r#"[{"Name": "Default", "IsDefault": true, "Enabled": true, "EnableSpoofIntelligence": true, "HonorDmarcPolicy": true}]"#;
    let files = [
        (
            TENANT_FILE,
            "domains = [\"contoso.example\", \"fabrikam.example\"]\n[[vendor]]\npack = \"acme\"\n",
        ),
        ("Get-TransportRule.json", rules),
        ("Get-AntiPhishPolicy.json", spoof),
    ];
    let files = files.map(|(name, text)| (PathBuf::from(name), text.as_bytes().to_vec()));
    let library = Library::load(&[("acme.toml".to_owned(), pack.as_bytes().to_vec())]);
    (library, Job::in_memory("case", files.into()))
}

fn zone() -> Zone {
    let mut zone = Zone::new();
    let mail = |host: &str| Record::Mx {
        preference: 10,
        exchange: name(host),
    };
    zone.add("contoso.example", mail("contoso-example.mail.protection.outlook.com"))
        .add("fabrikam.example", mail("us-smtp-inbound-1.mimecast.com"))
        .add(
            "contoso-example.mail.protection.outlook.com",
            Record::Aaaa("2001:db8::1".parse().unwrap()),
        )
        .text("_netblocks.mimecast.com", "v=spf1 ip4:203.0.113.0/24 -all")
        .text("bounce.acme.example", "v=spf1 include:_spf.acme.example -all")
        .text(
            "_spf.acme.example",
            "v=spf1 ip4:192.0.2.0/29 a:out.acme.example ip6:2001:db8:2::/64 -all",
        )
        .add("out.acme.example", Record::A([192, 0, 2, 9].into()))
        .text("_dmarc.acme.example", "v=DMARC1; p=reject")
        .text("s1._domainkey.acme.example", "v=DKIM1; p=AAAA")
        .text("acme.example", "hello");
    zone
}

fn run(library: &Library, job: &Job, resolver: Arc<dyn Resolver + Send + Sync>) -> TenantReport {
    let settings = Settings {
        vendors: Vec::new(),
        policy: None,
        levels: Vec::new(),
        dns: Dns::Asked(resolver),
        now: "2026-11-21".parse().unwrap(),
        assume_empty: true,
    };
    audit::audit(job, library, &settings)
}

/// Whoever knows less says nothing of the mail that whoever knows more denies.
fn is_no_surer(less: &TenantReport, more: &TenantReport, what: &str) {
    for (less, more) in less.verdicts.iter().zip(&more.verdicts) {
        assert!(
            less.fate == Fate::CannotTell || less.fate == more.fate,
            "{what}: {less:?} and {more:?}"
        );
    }
    // Answers for which DNS is asked: undecided, or the same as with all that is known.
    let known: BTreeMap<_, _> = more
        .coverage
        .iter()
        .map(|row| ((row.path.as_str(), row.concern), row.answer))
        .collect();
    for row in &less.coverage {
        let Some(answer) = known.get(&(row.path.as_str(), row.concern)) else {
            continue;
        };
        let is_full = |answer: &str| answer == "full" || answer == "not-applicable";
        if is_full(row.answer) {
            assert!(is_full(answer), "{what}: {row:?}, and {answer} with all that is known");
        }
    }
}

/// Answers from memory that run out: from one question on there are none.
struct Cut<R> {
    inner: R,
    left: AtomicUsize,
    seen: Mutex<BTreeMap<Question, Arc<Answer>>>,
}

impl<R: Resolver> Resolver for Cut<R> {
    fn ask(&self, question: &Question) -> Arc<Answer> {
        let mut seen = self.seen.lock().unwrap();
        if let Some(answer) = seen.get(question) {
            return answer.clone();
        }
        let has_more = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        let answer = match has_more {
            Ok(_) => self.inner.ask(question),
            Err(_) => Arc::new(Answer::new(Outcome::Failed(Failure::Timeout))),
        };
        seen.insert(question.clone(), answer.clone());
        answer
    }
}

/// Everything that an audit asks, and what comes of it.
fn whole() -> (TenantReport, BTreeMap<Question, Arc<Answer>>) {
    let (library, job) = tenant();
    let server = Server::start(zone());
    let cut = Arc::new(Cut {
        inner: server.resolver(),
        left: AtomicUsize::new(usize::MAX),
        seen: Mutex::default(),
    });
    let report = run(&library, &job, cut.clone());
    let seen = cut.seen.lock().unwrap().clone();
    (report, seen)
}

#[test]
fn the_network_goes_away_in_the_middle() {
    let (library, job) = tenant();
    let (whole, answers) = whole();
    let server = Server::start(zone());
    for questions in 0..answers.len() {
        let cut = Cut {
            inner: server.resolver(),
            left: AtomicUsize::new(questions),
            seen: Mutex::default(),
        };
        let report = run(&library, &job, Arc::new(cut));
        is_no_surer(&report, &whole, &format!("after {questions} questions"));
    }
}

#[test]
fn a_server_that_stops_takes_no_certainty_along() {
    let (library, job) = tenant();
    let (whole, _) = whole();
    let server = Server::start(zone());
    let resolver: Arc<Live> = Arc::new(server.hasty());
    // The MX records are known, and then nobody listens any more.
    let mx = ["contoso.example", "fabrikam.example"].map(|name| question(name, RecordType::Mx));
    resolver.ask_all(&mx);
    drop(server);
    let start = now();
    let report = run(&library, &job, resolver);
    assert!(now() - start < LONG);
    is_no_surer(&report, &whole, "after the MX records");
    assert!(report.verdicts.iter().all(|verdict| verdict.fate != Fate::GetsThrough));
}

#[test]
fn each_answer_that_is_missing() {
    let (library, job) = tenant();
    let (whole, answers) = whole();
    assert!(answers.len() > 10, "{answers:?}");
    let recorded = |answers: BTreeMap<Question, Arc<Answer>>| {
        let text = write("2026-11-21".parse().unwrap(), &answers);
        let mut sources = Sources::new();
        let id = sources.add_text("dns.toml", text);
        let (recorded, problems) = read(&sources, id);
        assert_eq!(problems, []);
        recorded
    };
    let all: Recorded = recorded(answers.clone());
    let replayed = run(&library, &job, Arc::new(all));
    let told = |report: &TenantReport| -> Vec<String> {
        report.findings.iter().map(|finding| finding.message.clone()).collect()
    };
    assert_eq!(told(&replayed), told(&whole));
    for missing in answers.keys() {
        for outcome in [Outcome::Unknown, Outcome::Failed(Failure::ServerFailed)] {
            let mut rest = answers.clone();
            rest.insert(missing.clone(), Arc::new(Answer::new(outcome.clone())));
            rest.retain(|_, answer| answer.outcome != Outcome::Unknown);
            let report = run(&library, &job, Arc::new(recorded(rest)));
            is_no_surer(&report, &whole, &format!("{missing} {outcome:?}"));
        }
    }
}

/// System calls to the network are followed where the machine has `strace`; without it the test says that it is skipped.
#[test]
fn a_recorded_audit_makes_no_call_to_the_network() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/two-ways");
    let mut command = std::process::Command::new("strace");
    command.args(["-f", "-qq", "-e", "trace=network", env!("CARGO_BIN_EXE_allowaudit")]);
    let Ok(ran) = command.args(["check", folder, "--now", "2026-11-21"]).output() else {
        println!("skipped: there is no `strace` here");
        return;
    };
    let err = String::from_utf8_lossy(&ran.stderr);
    if err.contains("PTRACE") || err.contains("ptrace") {
        println!("skipped: `strace` may follow nothing here: {err}");
        return;
    }
    assert!(ran.status.code().is_some_and(|code| code < 2), "{err}");
    for call in ["socket(", "connect(", "sendto(", "sendmsg(", "recvfrom("] {
        assert!(!err.contains(call), "{err}");
    }
}

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a test of how long is waited")]
    Instant::now()
}
