//! Questions to a real server over real sockets, and every answer and failure there is.
//!
//! Nothing leaves the loopback interface. Bounds of time are far from what is expected; the order in which a server
//! is asked is not looked at.

use std::net::UdpSocket;
use std::sync::Arc;
use std::time::{Duration, Instant};

use allowaudit::dns::live::Settings;
use allowaudit::dns::recorded::{read, write};
use allowaudit::dns::spf::set::Tree;
use allowaudit::dns::{
    Answer, Failure, Live, Name, Outcome, Question, Record, RecordType, Recorder, Resolver, in_rounds,
};
use allowaudit::source::Sources;
use hickory_server::net::xfer::Protocol;

use crate::dns_server::{Chains, Fault, Server, Zone, name, question, settings};

fn v4(last: u8) -> Record {
    Record::A([192, 0, 2, last].into())
}

fn txt(text: &str) -> Record {
    Record::Txt(vec![text.as_bytes().to_vec()])
}

fn mx(preference: u16, host: &str) -> Record {
    let exchange = name(host);
    Record::Mx { preference, exchange }
}

fn found(records: impl Into<Vec<Record>>) -> Outcome {
    Outcome::Found(records.into())
}

fn failed(why: &str) -> Outcome {
    Outcome::Failed(Failure::Other(why.to_owned()))
}

fn over(server: &Server, protocol: Protocol) -> usize {
    server.asked().iter().filter(|(_, over)| *over == protocol).count()
}

#[test]
fn records_of_every_type() {
    let mut zone = Zone::new();
    zone.add("example.test", v4(2)).add("example.test", v4(1));
    zone.add("example.test", Record::Aaaa("2001:db8::1".parse().unwrap()));
    zone.add("example.test", mx(20, "b.test"))
        .add("example.test", mx(10, "c.test"));
    zone.add("null.test", mx(0, "."));
    zone.add("1.2.0.192.in-addr.arpa", Record::Ptr(name("Mail.example.test")));
    let strings = Record::Txt(vec![b"v=spf1 ".to_vec(), Vec::new(), b"\xff\0\"-all".to_vec()]);
    zone.add("example.test", strings.clone())
        .text("example.test", "two")
        .text("example.test", "two");
    let server = Server::start(zone);
    let resolver = server.resolver();
    let ask = |name: &str, kind| resolver.ask(&question(name, kind));
    let addresses = ask("Example.Test.", RecordType::A);
    assert_eq!(addresses.outcome, found([v4(1), v4(2)]));
    assert_eq!((addresses.ttl, addresses.aliases.len()), (Some(300), 0));
    let v6 = Record::Aaaa("2001:db8::1".parse().unwrap());
    assert_eq!(ask("example.test", RecordType::Aaaa).outcome, found([v6]));
    assert_eq!(
        ask("example.test", RecordType::Mx).outcome,
        found([mx(10, "c.test"), mx(20, "b.test")])
    );
    assert_eq!(ask("null.test", RecordType::Mx).outcome, found([mx(0, ".")]));
    let host = Record::Ptr(name("mail.example.test"));
    assert_eq!(ask("1.2.0.192.in-addr.arpa", RecordType::Ptr).outcome, found([host]));
    // Two records that say the same stay two: for SPF that is an error.
    assert_eq!(
        ask("example.test", RecordType::Txt).outcome,
        found([txt("two"), txt("two"), strings])
    );
}

#[test]
fn what_is_not_there() {
    let mut zone = Zone::new();
    zone.text("example.test", "x");
    let server = Server::start(zone.clone());
    let ask = |name: &str, kind| server.resolver().ask(&question(name, kind));
    assert_eq!(*ask("example.test", RecordType::Mx), Answer::new(Outcome::NoData));
    assert_eq!(*ask("none.test", RecordType::Mx), Answer::new(Outcome::NoName));
    // Names that resolvers may answer by themselves are asked for like any other.
    assert_eq!(ask("x.invalid", RecordType::A).outcome, Outcome::NoName);
    assert_eq!(ask("localhost", RecordType::A).outcome, Outcome::NoName);
    zone.negative_ttl = Some(40);
    server.serve(zone);
    assert_eq!(ask("example.test", RecordType::Mx).ttl, Some(40));
    let none = ask("none.test", RecordType::Mx);
    assert_eq!((&none.outcome, none.ttl), (&Outcome::NoName, Some(40)));
}

#[test]
fn every_failure_is_told_apart() {
    let mut zone = Zone::new();
    for (name, fault) in [
        ("silent.test", Fault::Silence),
        ("servfail.test", Fault::Code(2)),
        ("refused.test", Fault::Code(5)),
        ("notimp.test", Fault::Code(4)),
        ("notauth.test", Fault::Code(9)),
        ("referral.test", Fault::Referral),
    ] {
        zone.text(name, "x").fault(name, RecordType::Txt, fault);
    }
    zone.faults_else.insert(name("half.test"), Fault::Code(2));
    zone.text("half.test", "x");
    let server = Server::start(zone);
    let resolver = server.resolver();
    let ask = |name: &str| resolver.ask(&question(name, RecordType::Txt)).outcome.clone();
    let silent = server.hasty().ask(&question("silent.test", RecordType::Txt));
    assert_eq!(silent.outcome, Outcome::Failed(Failure::Timeout));
    assert_eq!(ask("servfail.test"), Outcome::Failed(Failure::ServerFailed));
    assert_eq!(ask("refused.test"), Outcome::Failed(Failure::Refused));
    assert_eq!(ask("notimp.test"), failed("the server answered with code 4"));
    assert_eq!(ask("notauth.test"), failed("the server answered with code 9"));
    assert_eq!(ask("referral.test"), failed("the server only names other servers"));
    assert_eq!(ask("half.test"), found([txt("x")]));
    let other = resolver.ask(&question("half.test", RecordType::A));
    assert_eq!(other.outcome, Outcome::Failed(Failure::ServerFailed));
    assert!(!resolver.ran_out());
}

#[test]
fn aliases_however_servers_tell_them() {
    for chains in [Chains::Followed, Chains::FirstOnly] {
        let mut zone = Zone::new();
        zone.chains = chains;
        zone.alias("a.test", "b.test")
            .alias("b.test", "C.test")
            .add("c.test", v4(1));
        zone.alias("dangling.test", "gone.test");
        zone.alias("loop.test", "pool.test").alias("pool.test", "loop.test");
        zone.alias("self.test", "self.test");
        zone.alias("into.test", "loop.test");
        for n in 0..40 {
            zone.alias(&format!("{n}.test"), &format!("{}.test", n + 1));
        }
        zone.alias("broken.test", "silent.test")
            .fault("silent.test", RecordType::A, Fault::Code(2));
        let server = Server::start(zone);
        let resolver = server.resolver();
        let ask = |name: &str, kind| (*resolver.ask(&question(name, kind))).clone();
        let names = |names: &[&str]| -> Vec<Name> { names.iter().map(|text| name(text)).collect() };
        let answer = ask("a.test", RecordType::A);
        assert_eq!(
            (answer.outcome, answer.aliases),
            (found([v4(1)]), names(&["b.test", "c.test"])),
            "{chains:?}"
        );
        // The aliases of one name are none of the other.
        assert_eq!(ask("c.test", RecordType::A).aliases, []);
        let answer = ask("a.test", RecordType::Txt);
        assert_eq!(
            (answer.outcome, answer.aliases),
            (Outcome::NoData, names(&["b.test", "c.test"])),
            "{chains:?}"
        );
        let answer = ask("dangling.test", RecordType::A);
        assert_eq!(
            (answer.outcome, answer.aliases),
            (Outcome::NoName, names(&["gone.test"])),
            "{chains:?}"
        );
        for endless in ["loop.test", "self.test", "into.test", "0.test"] {
            let answer = ask(endless, RecordType::A);
            assert_eq!(
                answer.outcome,
                Outcome::Failed(Failure::AliasLoop),
                "{endless} {chains:?}"
            );
            assert!(!answer.aliases.is_empty());
        }
        if chains == Chains::FirstOnly {
            let answer = ask("broken.test", RecordType::A);
            assert_eq!(answer.outcome, Outcome::Failed(Failure::ServerFailed));
            assert_eq!(answer.aliases, names(&["silent.test"]));
        }
    }
}

#[test]
fn what_is_cut_off_comes_over_tcp() {
    let string = |octet: u8| vec![octet; 255];
    let small = Record::Txt((0..3).map(|_| string(b'a')).collect());
    let large = Record::Txt((0..240).map(string).collect());
    let mut zone = Zone::new();
    zone.add("small.test", small.clone()).add("large.test", large.clone());
    zone.text("cut.test", "x")
        .fault("cut.test", RecordType::Txt, Fault::CutOff);
    for n in 0..6000_u16 {
        let [high, low] = n.to_be_bytes();
        let name = if n < 2000 { "many.test" } else { "more.test" };
        zone.add(name, Record::A([198, 51, high, low].into()));
    }
    let server = Server::start(zone);
    let resolver = server.resolver();
    // More than 512 octets pass over UDP, thanks to EDNS.
    assert_eq!(
        resolver.ask(&question("small.test", RecordType::Txt)).outcome,
        found([small])
    );
    assert_eq!((over(&server, Protocol::Udp), over(&server, Protocol::Tcp)), (1, 0));
    assert_eq!(
        resolver.ask(&question("cut.test", RecordType::Txt)).outcome,
        found([txt("x")])
    );
    assert_eq!((over(&server, Protocol::Udp), over(&server, Protocol::Tcp)), (2, 1));
    assert_eq!(
        resolver.ask(&question("large.test", RecordType::Txt)).outcome,
        found([large])
    );
    let many = resolver.ask(&question("many.test", RecordType::A));
    assert_eq!(many.records().len(), 2000, "{:?}", many.outcome);
    assert_eq!(over(&server, Protocol::Tcp), 3);
    // No message holds that many, and a part of an answer is none.
    let more = resolver.ask(&question("more.test", RecordType::A));
    assert_eq!(more.outcome, failed("the answer is cut off"));
}

#[test]
fn names_of_any_octets() {
    let odd = [
        "a b.test",
        "%{i}.test",
        "a:b/c.test",
        "-x-.test",
        "*.test",
        "UPPER.test",
        "\"q\"\\.test",
        "ü.test",
    ];
    let mut zone = Zone::new();
    for name in odd {
        zone.text(name, name);
    }
    let dotted = Name::of_labels([b"a.b\xff\0".as_slice().into(), b"test".as_slice().into()]);
    zone.records.insert(dotted.clone(), vec![txt("dotted")]);
    zone.alias("to.test", "a b.test");
    let server = Server::start(zone);
    let resolver = server.resolver();
    for name in odd {
        assert_eq!(
            resolver.ask(&question(name, RecordType::Txt)).outcome,
            found([txt(name)])
        );
    }
    let asked = Question::new(dotted, RecordType::Txt);
    assert_eq!(resolver.ask(&asked).outcome, found([txt("dotted")]));
    assert_eq!(
        resolver.ask(&question("to.test", RecordType::Txt)).aliases,
        [name("a b.test")]
    );
    let long = vec![b"x".repeat(63).into_boxed_slice(); 5];
    let long = Question::new(Name::of_labels(long), RecordType::Txt);
    assert_eq!(
        resolver.ask(&long).outcome,
        failed("the name is too long to be asked for")
    );
}

#[test]
fn each_question_is_asked_once() {
    let mut zone = Zone::new();
    zone.chains = Chains::FirstOnly;
    zone.text("a.test", "a")
        .fault("a.test", RecordType::Txt, Fault::Slow(Duration::from_millis(100)));
    zone.alias("to.test", "a.test")
        .fault("fail.test", RecordType::Txt, Fault::Code(2));
    let server = Server::start(zone);
    let resolver = server.resolver();
    let names = ["a.test", "to.test", "none.test", "fail.test", "A.test"];
    let questions = names.map(|name| question(name, RecordType::Txt));
    let all: Vec<Vec<Arc<Answer>>> = std::thread::scope(|scope| {
        let tasks: Vec<_> = (0..6).map(|_| scope.spawn(|| resolver.ask_all(&questions))).collect();
        tasks.into_iter().map(|task| task.join().unwrap()).collect()
    });
    assert!(all.iter().all(|answers| answers == &all[0]));
    for question in &questions {
        resolver.ask(question);
        let times = server.asked().iter().filter(|(asked, _)| asked == question).count();
        assert_eq!(times, 1, "{question}");
    }
}

#[test]
fn answers_stand_in_the_order_of_the_questions_and_are_bounded() {
    let mut zone = Zone::new();
    for n in 0..24_u8 {
        let name = format!("{n}.test");
        let time = Duration::from_millis(u64::from(24 - n) * 4);
        zone.add(&name, v4(n)).fault(&name, RecordType::A, Fault::Slow(time));
    }
    let server = Server::start(zone);
    let resolver = Live::new(Settings {
        side_by_side: 3,
        ..settings(&[&server])
    });
    let resolver = resolver.unwrap();
    let questions: Vec<Question> = (0..24).map(|n| question(&format!("{n}.test"), RecordType::A)).collect();
    let answers = resolver.ask_all(&questions);
    let outcomes: Vec<Outcome> = answers.iter().map(|answer| answer.outcome.clone()).collect();
    let expected: Vec<Outcome> = (0..24).map(|n| found([v4(n)])).collect();
    assert_eq!(outcomes, expected);
    assert!((1..=3).contains(&server.most()), "{}", server.most());
    assert!(resolver.ask_all(&[]).is_empty());
}

#[test]
fn all_questions_together_have_a_limit() {
    let mut zone = Zone::new();
    zone.text("early.test", "x");
    for n in 0..200 {
        zone.fault(&format!("{n}.test"), RecordType::Txt, Fault::Silence);
    }
    let server = Server::start(zone);
    let resolver = Live::new(Settings {
        limit: Duration::from_secs(2),
        side_by_side: 4,
        attempts: 100,
        ..settings(&[&server])
    });
    let resolver = resolver.unwrap();
    let ask = |name: &str| resolver.ask(&question(name, RecordType::Txt)).outcome.clone();
    assert_eq!(ask("early.test"), found([txt("x")]));
    assert!(!resolver.ran_out());
    let questions: Vec<Question> = (0..200)
        .map(|n| question(&format!("{n}.test"), RecordType::Txt))
        .collect();
    let start = now();
    let answers = resolver.ask_all(&questions);
    assert!(
        answers
            .iter()
            .all(|answer| answer.outcome == Outcome::Failed(Failure::Timeout))
    );
    assert!(resolver.ran_out());
    // What is known stays known; what is not, is given up without waiting.
    assert_eq!(ask("early.test"), found([txt("x")]));
    assert_eq!(ask("late.test"), Outcome::Failed(Failure::Timeout));
    assert!(now() - start < Duration::from_secs(20));
}

#[test]
fn another_server_helps_out() {
    let zone = |fault: Option<Fault>| {
        let mut zone = Zone::new();
        for n in 0..20 {
            zone.text(&format!("{n}.test"), "x");
            if let Some(fault) = fault.clone() {
                zone.fault(&format!("{n}.test"), RecordType::Txt, fault);
            }
        }
        Server::start(zone)
    };
    let well = zone(None);
    let questions: Vec<Question> = (0..20)
        .map(|n| question(&format!("{n}.test"), RecordType::Txt))
        .collect();
    for fault in [Fault::Silence, Fault::Code(2), Fault::Code(5), Fault::Referral] {
        let ill = zone(Some(fault.clone()));
        let resolver = Live::new(Settings {
            timeout: Duration::from_secs(2),
            ..settings(&[&ill, &well])
        });
        let resolver = resolver.unwrap();
        let answers = resolver.ask_all(&questions);
        assert!(
            answers.iter().all(|answer| answer.outcome == found([txt("x")])),
            "{fault:?}"
        );
        // Once another has answered, the silent one is no longer waited for.
        let before = ill.asked().len();
        let again = Live::ask(&resolver, &question("other.test", RecordType::Txt));
        assert_eq!(
            (&again.outcome, ill.asked().len()),
            (&Outcome::NoName, before),
            "{fault:?}"
        );
    }
    // What one says of its failure counts for more than the silence of the other.
    let (silent, failing) = (zone(Some(Fault::Silence)), zone(Some(Fault::Code(2))));
    let resolver = Live::new(Settings {
        timeout: Duration::from_secs(2),
        ..settings(&[&failing, &silent])
    });
    let resolver = resolver.unwrap();
    assert_eq!(
        resolver.ask(&questions[0]).outcome,
        Outcome::Failed(Failure::ServerFailed)
    );
}

#[test]
fn a_server_is_tried_again() {
    let mut zone = Zone::new();
    zone.fault("x.test", RecordType::Txt, Fault::Code(2));
    let server = Server::start(zone);
    let resolver = Live::new(Settings {
        attempts: 3,
        ..settings(&[&server])
    });
    resolver.unwrap().ask(&question("x.test", RecordType::Txt));
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn a_server_that_does_not_know_edns() {
    let mut zone = Zone::new();
    zone.text("old.test", "x")
        .fault("old.test", RecordType::Txt, Fault::OldTimer);
    let server = Server::start(zone);
    assert_eq!(
        server.resolver().ask(&question("old.test", RecordType::Txt)).outcome,
        found([txt("x")])
    );
}

#[test]
fn what_answers_no_question_counts_for_nothing() {
    let forge = |make: fn(&[u8]) -> Vec<u8>| {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let question = question("x.test", RecordType::A);
        std::thread::spawn(move || {
            let mut packet = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut packet) {
                socket.send_to(&make(&packet[..length]), from).ok();
            }
        });
        let settings = Settings {
            servers: vec![address],
            timeout: Duration::from_millis(400),
            attempts: 1,
            ..Settings::default()
        };
        Live::new(settings).unwrap().ask(&question).outcome.clone()
    };
    // An answer to another number, or to another question, is somebody else's: the wait goes on.
    let other_number = forge(|packet| [&[!packet[0], packet[1], 0x80, 0], &packet[4..]].concat());
    assert_eq!(other_number, Outcome::Failed(Failure::Timeout));
    let other_question = forge(|packet| {
        let mut packet = [&packet[..2], &[0x80, 0], &packet[4..]].concat();
        packet[13] = b'y';
        packet
    });
    assert_eq!(other_question, Outcome::Failed(Failure::Timeout));
    // One that names itself as its own end, and one that is nonsense, are failures and no missing names.
    let nonsense = forge(|packet| [&packet[..2], &[0xff; 40]].concat());
    assert!(matches!(nonsense, Outcome::Failed(_)), "{nonsense:?}");
    let circle = forge(|packet| {
        let head = [packet[0], packet[1], 0x80, 0, 0, 1, 0, 1, 0, 0, 0, 0];
        let question = &packet[12..12 + 8 + 4];
        [&head, question, &[0xc0, 24, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4]].concat()
    });
    assert!(matches!(circle, Outcome::Failed(_)), "{circle:?}");
}

#[test]
fn a_server_that_goes_away_takes_no_answer_along() {
    let mut zone = Zone::new();
    zone.text("known.test", "x").text("late.test", "x");
    let large = Record::Txt((0..8).map(|n| vec![n; 255]).collect());
    zone.add("large.test", large.clone()).add("lost.test", large.clone());
    let server = Server::start(zone);
    let resolver = server.hasty();
    let ask = |name: &str| resolver.ask(&question(name, RecordType::Txt)).outcome.clone();
    assert_eq!(ask("known.test"), found([txt("x")]));
    assert_eq!(ask("large.test"), found([large.clone()]));
    drop(server);
    assert_eq!(ask("known.test"), found([txt("x")]));
    assert_eq!(ask("large.test"), found([large]));
    let others = ["late.test", "lost.test", "none.test"].map(|name| question(name, RecordType::Txt));
    for answer in resolver.ask_all(&others) {
        assert!(matches!(answer.outcome, Outcome::Failed(_)), "{answer:?}");
    }
}

#[test]
fn settings_beyond_reason() {
    let mut zone = Zone::new();
    zone.text("x.test", "x");
    let server = Server::start(zone);
    for (long, many) in [(Duration::MAX, usize::MAX), (Duration::from_secs(9), 0)] {
        let resolver = Live::new(Settings {
            timeout: long,
            limit: long,
            side_by_side: many,
            attempts: 0,
            servers: vec![server.address],
        });
        let answer = resolver.unwrap().ask(&question("x.test", RecordType::Txt));
        assert_eq!(answer.outcome, found([txt("x")]));
    }
}

#[test]
fn where_nobody_listens() {
    let nobody = {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.local_addr().unwrap()
    };
    let settings = Settings {
        servers: vec![nobody],
        timeout: Duration::from_millis(300),
        ..Settings::default()
    };
    let outcome = Live::new(settings)
        .unwrap()
        .ask(&question("x.test", RecordType::A))
        .outcome
        .clone();
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
}

#[test]
fn a_recording_of_what_was_asked_answers_the_same() {
    let mut zone = Zone::new();
    zone.negative_ttl = Some(30);
    zone.text("a b.test", "v=spf1 'x' \"y\" \\ -all")
        .alias("to.test", "a b.test");
    zone.fault("fail.test", RecordType::Txt, Fault::Code(9))
        .text("more.test", "x");
    let server = Server::start(zone);
    let live = server.resolver();
    let recorder = Recorder::new(Arc::new(live));
    let names = ["a b.test", "to.test", "none.test", "fail.test"];
    let questions = names.map(|name| question(name, RecordType::Txt));
    let answers = recorder.ask_all(&questions);
    let text = write("2026-11-22".parse().unwrap(), &recorder.answers());
    let mut sources = Sources::new();
    let id = sources.add_text("dns.toml", text.clone());
    let (recorded, problems) = read(&sources, id);
    assert_eq!(problems, [], "{text}");
    assert_eq!(recorded.ask_all(&questions), answers, "{text}");
    let before = server.asked().len();
    assert_eq!(
        recorded.ask(&question("more.test", RecordType::Txt)).outcome,
        Outcome::Unknown
    );
    assert_eq!(server.asked().len(), before);
}

#[test]
fn a_thousand_names_side_by_side() {
    let mut zone = Zone::new();
    for n in 0..1000 {
        let name = format!("{n}.test");
        zone.text(&name, &name)
            .fault(&name, RecordType::Txt, Fault::Slow(Duration::from_millis(5)));
    }
    let server = Server::start(zone);
    let resolver = server.resolver();
    let questions: Vec<Question> = (0..1000)
        .map(|n| question(&format!("{n}.test"), RecordType::Txt))
        .collect();
    let start = now();
    let answers = resolver.ask_all(&questions);
    let took = now() - start;
    println!("1,000 answers of 5 ms: {took:?}");
    assert!(
        answers
            .iter()
            .zip(0..)
            .all(|(answer, n)| answer.outcome == found([txt(&format!("{n}.test"))]))
    );
    assert!(took < Duration::from_secs(30), "{took:?}");
}

#[test]
fn a_thousand_trees_in_rounds() {
    let mut zone = Zone::new();
    let slow = || Fault::Slow(Duration::from_millis(5));
    for n in 0..1000 {
        let (name, below) = (format!("{n}.test"), format!("_spf.{n}.test"));
        zone.text(&name, &format!("v=spf1 include:{below} -all"))
            .text(&below, "v=spf1 ip4:192.0.2.1 -all")
            .fault(&name, RecordType::Txt, slow())
            .fault(&below, RecordType::Txt, slow());
    }
    let server = Server::start(zone);
    let resolver = server.resolver();
    let start = now();
    let trees: Vec<Tree> = in_rounds(&resolver, |resolver| {
        let names = (0..1000).map(|n| name(&format!("{n}.test")));
        names.map(|name| Tree::gather(resolver, &name)).collect()
    });
    let took = now() - start;
    println!("1,000 domains with two records each, answers of 5 ms: {took:?}");
    assert!(
        trees
            .iter()
            .all(|tree| tree.lookups() == 1 && tree.unclear().is_empty())
    );
    assert!(took < Duration::from_secs(30), "{took:?}");
}

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a test of how long is waited")]
    Instant::now()
}
