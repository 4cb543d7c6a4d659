//! Records, walks and judgments over zones given line by line.

use std::sync::{Arc, Mutex};

use super::alignment::{Doubt, Judgment, Message, Proof, aligned, judge};
use super::discovery::{PassedOver, discover, organization};
use super::record::{DmarcRecord, PolicyTag, Slip, SuffixMark, is_dmarc};
use super::{Method, Mode, Policy};
use crate::allow::domain::Domain;
use crate::dns::spf::Verdict;
use crate::dns::spf::zone::Zone;
use crate::dns::{Answer, Failure, Question, Resolver};

const WALK: Method = Method::TreeWalk;
const LIST: Method = Method::SuffixList;

fn domain(name: &str) -> Domain {
    Domain::parse(name).unwrap()
}

fn record(text: &str) -> DmarcRecord {
    DmarcRecord::parse(text.as_bytes().to_vec())
}

/// `policy of NAME by TAG`, `nothing`, or `unanswered QUESTION`.
fn told(zone: &dyn Resolver, name: &str, method: Method) -> String {
    match discover(zone, &domain(name), method) {
        Ok(found) => found.applied.map_or_else(
            || "nothing".to_owned(),
            |applied| {
                let tag = applied.tag.map_or("nothing", PolicyTag::as_str);
                format!("{} of {} by {tag}", applied.policy.as_str(), applied.published.domain)
            },
        ),
        Err(unanswered) => format!("unanswered {}", unanswered.question),
    }
}

fn organizations(zone: &Zone, name: &str) -> [String; 2] {
    Method::ALL.map(|method| organization(zone, &domain(name), method).unwrap().to_string())
}

/// Remembers what was asked.
struct Heard<'a>(&'a Zone, Mutex<Vec<String>>);

impl Resolver for Heard<'_> {
    fn ask(&self, question: &Question) -> Arc<Answer> {
        self.1.lock().unwrap().push(question.name.to_string());
        self.0.ask(question)
    }
}

#[test]
fn the_version_is_exact_and_stands_first() {
    for text in ["v=DMARC1", "v=DMARC1;", "V = DMARC1 ; p=none", "v=DMARC1\t;p=none"] {
        assert!(is_dmarc(text.as_bytes()), "{text}");
    }
    for text in [
        "",
        "v=dmarc1;",
        " v=DMARC1",
        "p=none; v=DMARC1",
        "v=DMARC1 p=none",
        "v=DMARC12;",
        "v",
        "v=DMARC1, p=none",
    ] {
        assert!(!is_dmarc(text.as_bytes()), "{text}");
    }
}

#[test]
fn tags_and_mistakes_have_places() {
    let text = "v=DMARC1; p=Reject ; sp = none;adkim=x; reject;; p=none; fo=1; =; rua=mailto:a@contoso.example;";
    let record = record(text);
    let at = |extent: crate::dns::spf::Extent| &text[extent.start..extent.end];
    let tags: Vec<(&str, &str)> = record
        .tags
        .iter()
        .map(|tag| (tag.name.as_str(), at(tag.value)))
        .collect();
    assert_eq!(
        tags,
        [
            ("v", "DMARC1"),
            ("p", "Reject"),
            ("sp", "none"),
            ("adkim", "x"),
            ("fo", "1"),
            ("rua", "mailto:a@contoso.example")
        ]
    );
    let mistakes: Vec<(&str, bool)> = record
        .mistakes
        .iter()
        .map(|mistake| (at(mistake.extent), matches!(mistake.slip, Slip::Duplicate(_))))
        .collect();
    assert_eq!(
        mistakes,
        [("x", false), ("reject", false), ("p=none", true), ("=", false)]
    );
    assert_eq!(record.written(PolicyTag::Own), Some(Policy::Reject));
    assert_eq!(record.dkim_mode(), Mode::Relaxed);
    assert_eq!(record.text(), text);
    let bytes = DmarcRecord::parse(b"v=DMARC1;\xff\x00=a;p=\xff".to_vec());
    assert_eq!((bytes.mistakes.len(), bytes.written(PolicyTag::Own)), (2, None));
}

#[test]
fn what_a_record_wants() {
    let of = |text: &str, asked, method| record(text).policy_for(asked, method);
    let own = |text| of(text, PolicyTag::Own, WALK);
    assert_eq!(own("v=DMARC1; p=reject"), Some((Policy::Reject, Some(PolicyTag::Own))));
    assert_eq!(own("v=DMARC1"), None);
    assert_eq!(own("v=DMARC1; p=block"), None);
    assert_eq!(
        own("v=DMARC1; p=block; rua=mailto:a@contoso.example"),
        Some((Policy::None, None))
    );
    assert_eq!(own("v=DMARC1; rua=contoso.example"), None);
    assert_eq!(own("v=DMARC1; p=reject; sp=block"), None);
    // RFC 7489 has no `np`, so it cannot be wrong there.
    let text = "v=DMARC1; p=reject; np=block";
    assert_eq!(own(text), None);
    assert_eq!(
        of(text, PolicyTag::Missing, LIST),
        Some((Policy::Reject, Some(PolicyTag::Own)))
    );
    let text = "v=DMARC1; p=reject; np=none";
    assert_eq!(
        of(text, PolicyTag::Below, WALK),
        Some((Policy::Reject, Some(PolicyTag::Own)))
    );
    assert_eq!(
        of(text, PolicyTag::Missing, WALK),
        Some((Policy::None, Some(PolicyTag::Missing)))
    );
    let other = record("v=DMARC1; p=none; aspf=S; psd=n; t=y");
    assert_eq!(
        (other.spf_mode(), other.suffix_mark(), other.is_test()),
        (Mode::Strict, Some(SuffixMark::Organization), true)
    );
}

#[test]
fn a_walk_asks_at_most_eight_names() {
    let zone = Zone::new("_dmarc.contoso.example TXT v=DMARC1; p=reject");
    let heard = Heard(&zone, Mutex::default());
    assert_eq!(
        told(&heard, "a.b.c.d.e.f.g.h.mail.contoso.example", WALK),
        "reject of contoso.example by p"
    );
    let expected = [
        "_dmarc.a.b.c.d.e.f.g.h.mail.contoso.example",
        "_dmarc.e.f.g.h.mail.contoso.example",
        "_dmarc.f.g.h.mail.contoso.example",
        "_dmarc.g.h.mail.contoso.example",
        "_dmarc.h.mail.contoso.example",
        "_dmarc.mail.contoso.example",
        "_dmarc.contoso.example",
        "_dmarc.example",
    ];
    assert_eq!(*heard.1.lock().unwrap(), expected);
    for (name, n) in [
        ("a.b.c.d.e.f.contoso.example", 8),
        ("a.b.c.d.e.contoso.example", 7),
        ("example", 1),
    ] {
        let heard = Heard(&zone, Mutex::default());
        let _ = organization(&heard, &domain(name), WALK);
        assert_eq!(heard.1.lock().unwrap().len(), n, "{name}");
    }
    // The record of the domain itself is enough for the policy.
    let heard = Heard(&zone, Mutex::default());
    assert_eq!(told(&heard, "contoso.example", WALK), "reject of contoso.example by p");
    assert_eq!(heard.1.lock().unwrap().len(), 1);
}

#[test]
fn policies_by_where_the_record_is() {
    let zone = Zone::new(
        "_dmarc.contoso.example TXT v=DMARC1; p=reject; sp=quarantine; np=none
         mail.contoso.example TXT anything
         _dmarc.own.contoso.example TXT v=DMARC1; p=none",
    );
    for (name, walk, list) in [
        (
            "contoso.example",
            "reject of contoso.example by p",
            "reject of contoso.example by p",
        ),
        (
            "mail.contoso.example",
            "quarantine of contoso.example by sp",
            "quarantine of contoso.example by sp",
        ),
        // RFC 7489 does not ask whether the name exists.
        (
            "no.contoso.example",
            "none of contoso.example by np",
            "quarantine of contoso.example by sp",
        ),
        (
            "own.contoso.example",
            "none of own.contoso.example by p",
            "none of own.contoso.example by p",
        ),
        (
            "a.own.contoso.example",
            "none of contoso.example by np",
            "quarantine of contoso.example by sp",
        ),
        ("fabrikam.example", "nothing", "nothing"),
    ] {
        assert_eq!(
            [told(&zone, name, WALK), told(&zone, name, LIST)],
            [walk, list],
            "{name}"
        );
    }
}

#[test]
fn marks_end_the_walk() {
    let zone = Zone::new(
        "_dmarc.example TXT v=DMARC1; p=reject; psd=y
         _dmarc.unit.contoso.example TXT v=DMARC1; p=none; psd=n
         _dmarc.contoso.example TXT v=DMARC1; p=quarantine",
    );
    assert_eq!(
        organizations(&zone, "a.unit.contoso.example"),
        ["unit.contoso.example", "contoso.example"]
    );
    assert_eq!(
        organizations(&zone, "a.contoso.example"),
        ["contoso.example", "contoso.example"]
    );
    assert_eq!(
        organizations(&zone, "a.fabrikam.example"),
        ["fabrikam.example", "fabrikam.example"]
    );
    assert_eq!(organizations(&zone, "example"), ["example", "example"]);
    assert_eq!(
        told(&zone, "a.unit.contoso.example", WALK),
        "none of unit.contoso.example by p"
    );
    assert_eq!(
        told(&zone, "a.contoso.example", WALK),
        "quarantine of contoso.example by p"
    );
    // A suffix speaks for those who say nothing.
    assert_eq!(told(&zone, "a.fabrikam.example", WALK), "reject of example by p");
    assert_eq!(told(&zone, "a.fabrikam.example", LIST), "nothing");
}

#[test]
fn without_records_a_name_is_an_organization_of_its_own() {
    let zone = Zone::new("_dmarc.a.test TXT v=DMARC1; p=none");
    assert_eq!(
        organizations(&zone, "mail.contoso.example"),
        ["mail.contoso.example", "contoso.example"]
    );
    assert_eq!(
        organizations(&zone, "mail.contoso.co.uk"),
        ["mail.contoso.co.uk", "contoso.co.uk"]
    );
    assert_eq!(organizations(&zone, "co.uk"), ["co.uk", "co.uk"]);
}

#[test]
fn several_records_at_a_name_are_none() {
    let zone = Zone::new(
        "_dmarc.mail.contoso.example TXT v=DMARC1; p=reject
         _dmarc.mail.contoso.example TXT v=DMARC1; p=reject
         _dmarc.contoso.example TXT v=DMARC1; p=quarantine
         _dmarc.contoso.example TXT v=spf1 -all",
    );
    // RFC 9989 walks on, RFC 7489 does not.
    assert_eq!(
        told(&zone, "mail.contoso.example", WALK),
        "quarantine of contoso.example by p"
    );
    assert_eq!(told(&zone, "mail.contoso.example", LIST), "nothing");
    let found = discover(&zone, &domain("mail.contoso.example"), LIST).unwrap();
    assert!(matches!(found.passed_over[..], [PassedOver::Several(_, 2)]));
    let zone = Zone::new(
        "_dmarc.contoso.example TXT v=DMARC1
         _dmarc.example TXT v=DMARC1; p=none",
    );
    let found = discover(&zone, &domain("contoso.example"), WALK).unwrap();
    assert!(found.applied.is_none() && matches!(found.passed_over[..], [PassedOver::Unusable(_)]));
}

#[test]
fn no_answer_is_never_no_record() {
    let zone = Zone::new(
        "_dmarc.contoso.example TXT !timeout
         _dmarc.fabrikam.example TXT !unknown
         _dmarc.known.fabrikam.example TXT v=DMARC1; p=reject
         _dmarc.np.example TXT v=DMARC1; p=reject; np=none
         a.np.example TXT !failed",
    );
    for method in Method::ALL {
        assert_eq!(
            told(&zone, "mail.contoso.example", method),
            "unanswered _dmarc.contoso.example TXT"
        );
        assert_eq!(
            told(&zone, "mail.fabrikam.example", method),
            "unanswered _dmarc.fabrikam.example TXT"
        );
        assert_eq!(
            told(&zone, "known.fabrikam.example", method),
            "reject of known.fabrikam.example by p"
        );
    }
    assert_eq!(told(&zone, "a.np.example", WALK), "unanswered a.np.example TXT");
    assert_eq!(told(&zone, "a.np.example", LIST), "reject of np.example by p");
    let failure = |name| discover(&zone, &domain(name), WALK).unwrap_err().failure;
    assert_eq!(failure("contoso.example"), Some(Failure::Timeout));
    assert_eq!(failure("fabrikam.example"), None);
    assert!(organization(&zone, &domain("known.fabrikam.example"), WALK).is_err());
}

#[test]
fn alignment() {
    let zone = Zone::new("_dmarc.contoso.example TXT v=DMARC1; p=reject");
    let of = |a, b, mode, method| aligned(&zone, &domain(a), &domain(b), mode, method).unwrap();
    for method in Method::ALL {
        assert!(of("mail.contoso.example", "a.contoso.example", Mode::Relaxed, method));
        assert!(!of("mail.contoso.example", "contoso.example", Mode::Strict, method));
        assert!(of("mail.contoso.example", "mail.contoso.example", Mode::Strict, method));
        assert!(!of("contoso.example", "fabrikam.example", Mode::Relaxed, method));
        assert!(!of("contoso.example", "contoso.test", Mode::Relaxed, method));
    }
    // Where nothing is published, the walk knows no organisation above the name.
    assert!(!of("a.fabrikam.example", "fabrikam.example", Mode::Relaxed, WALK));
    assert!(of("a.fabrikam.example", "fabrikam.example", Mode::Relaxed, LIST));
}

#[test]
fn judgments() {
    let zone = Zone::new(
        "_dmarc.contoso.example TXT v=DMARC1; p=reject; aspf=s
         _dmarc.unit.contoso.example TXT v=DMARC1; p=none; psd=n
         _dmarc.dark.test TXT !timeout",
    );
    let header = domain("contoso.example");
    let judged = |spf: Option<(Verdict, &str)>, dkim: &[&str], method| {
        let spf = spf.map(|(verdict, name)| (verdict, domain(name)));
        let dkim: Vec<Domain> = dkim.iter().map(|name| domain(name)).collect();
        let message = Message {
            header_from: &header,
            spf: spf.as_ref().map(|(verdict, name)| (*verdict, name)),
            dkim: &dkim,
        };
        judge(&zone, message, method)
    };
    for method in Method::ALL {
        let pass = judged(
            Some((Verdict::Pass, "contoso.example")),
            &["a.contoso.example", "fabrikam.test"],
            method,
        );
        let proofs = vec![
            Proof::Spf(domain("contoso.example")),
            Proof::Dkim(domain("a.contoso.example")),
        ];
        assert!(matches!(&pass, Judgment::Pass { by, .. } if *by == proofs), "{pass:?}");
        let strict = judged(Some((Verdict::Pass, "a.contoso.example")), &[], method);
        assert!(matches!(&strict, Judgment::Fail { applied } if applied.policy == Policy::Reject));
        assert!(matches!(
            judged(Some((Verdict::Fail, "contoso.example")), &[], method),
            Judgment::Fail { .. }
        ));
        // Doubt counts only where it could decide.
        let undecided = Some((Verdict::Undecided, "contoso.example"));
        assert_eq!(judged(undecided, &[], method), Judgment::Unknown(Doubt::Spf));
        assert!(matches!(
            judged(undecided, &["contoso.example"], method),
            Judgment::Pass { .. }
        ));
        let elsewhere = judged(Some((Verdict::TempError, "fabrikam.test")), &[], method);
        assert!(matches!(elsewhere, Judgment::Fail { .. }));
    }
    let by = Method::ALL.map(|method| judged(None, &["unit.contoso.example"], method));
    assert!(matches!(by, [Judgment::Fail { .. }, Judgment::Pass { .. }]));
    assert!(!by[0].is_like(&by[1]) && by[0].is_like(&by[0]));
    let of = |name: &str| {
        let name = domain(name);
        let message = Message {
            header_from: &name,
            spf: Some((Verdict::Pass, &name)),
            dkim: &[],
        };
        judge(&zone, message, WALK)
    };
    assert_eq!(of("fabrikam.test"), Judgment::NotApplied);
    assert!(matches!(of("a.dark.test"), Judgment::Unknown(Doubt::Dns(_))));
}
