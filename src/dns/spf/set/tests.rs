//! Sets, bounds and counts over small zones.

use super::*;
use crate::dns::Off;
use crate::dns::spf::Limits;
use crate::dns::spf::zone::Zone;

fn gather(zone: &str) -> Tree {
    Tree::gather(&Zone::new(zone), &Name::parse(b"a.test").unwrap())
}

fn sets(zone: &str) -> Sets {
    gather(zone).sets(Limits::default())
}

/// A set that is known exactly.
fn exact(bounds: &Bounds) -> String {
    assert!(bounds.is_exact(), "{bounds:?}");
    bounds.must.to_string()
}

fn written(tree: &Tree, extent: Extent) -> String {
    let text = tree.record().unwrap().text();
    text[extent.start..extent.end].to_owned()
}

#[test]
fn the_first_match_takes_its_part() {
    let sets =
        sets("a.test TXT v=spf1 -ip4:192.0.2.1 ip4:192.0.2.0/30 ~ip4:192.0.2.0/29 ?ip6:2001:db8::1 -ip4:0.0.0.0/0");
    assert_eq!(exact(&sets.pass), "192.0.2.0, 192.0.2.2/31");
    assert_eq!(exact(&sets.softfail), "192.0.2.4/30");
    assert!(sets.fail.must.contains([192, 0, 2, 1].into()));
    assert_eq!(exact(&sets.neutral), IpSet::all().v6_only().to_string());
    assert!(sets.permerror.may.is_empty() && sets.temperror.may.is_empty() && sets.none.may.is_empty());
}

#[test]
fn include_gives_its_pass_and_redirect_everything() {
    let zone = "
        a.test TXT v=spf1 ?include:b.test redirect=c.test
        b.test TXT v=spf1 ip4:192.0.2.0/31 -all
        c.test TXT v=spf1 mx a:h.test//126 ~all
        c.test MX 1 h.test
        h.test A 192.0.2.1
        h.test A 192.0.2.3
        h.test AAAA 2001:db8::5
    ";
    let sets = sets(zone);
    assert_eq!(exact(&sets.neutral), "192.0.2.0/31");
    assert_eq!(exact(&sets.pass), "192.0.2.3, 2001:db8::4/126");
    assert!(sets.softfail.is_exact() && sets.fail.may.is_empty());
    let tree = gather(zone);
    let counts = tree.counts();
    assert_eq!((counts.worst, counts.v4, counts.v6, counts.is_exact), (4, 4, 4, true));
    let limits = Limits::default();
    assert_eq!(tree.lookups_of([192, 0, 2, 0].into(), limits), (1, 1));
    assert_eq!(tree.lookups_of([192, 0, 2, 3].into(), limits), (3, 3));
    // Branches are told on their own: two terms ask behind the redirect.
    let (entry, child) = tree.children().nth(1).unwrap();
    assert_eq!((entry.lookups, entry.ordinal, child.lookups()), (3, 2, 2));
    assert_eq!(child.sets(limits).pass.must.count(), 6);
}

#[test]
fn counts_differ_by_family() {
    let zone = "
        a.test TXT v=spf1 ip6:::/0 a:h.test include:b.test -all
        b.test TXT v=spf1 a:h.test
        h.test A 192.0.2.1
    ";
    let counts = gather(zone).counts();
    assert_eq!((counts.worst, counts.v4, counts.v6), (3, 3, 0));
}

#[test]
fn opaque_terms_widen_what_may_be() {
    let zone = "a.test TXT v=spf1 ip4:192.0.2.1 include:%{ir}.b.test -exists:%{l}.c.test ip4:192.0.2.2 ~all";
    let tree = gather(zone);
    let sets = tree.sets(Limits::default());
    assert_eq!(sets.pass.must.to_string(), "192.0.2.1");
    assert!(sets.pass.may.is_all());
    assert!(sets.fail.must.is_empty() && !sets.fail.may.contains([192, 0, 2, 1].into()));
    assert!(sets.softfail.must.is_empty() && !sets.softfail.may.contains([192, 0, 2, 2].into()));
    assert!(sets.permerror.must.is_empty() && !sets.permerror.may.is_empty());
    let unclear: Vec<String> = tree.unclear().iter().map(|one| written(one.tree, one.extent)).collect();
    assert_eq!(unclear, ["include:%{ir}.b.test", "-exists:%{l}.c.test"]);
    assert!(!tree.counts().is_exact);
    assert_eq!(tree.lookups_of([192, 0, 2, 1].into(), Limits::default()), (0, 0));
    assert_eq!(tree.lookups_of([192, 0, 2, 2].into(), Limits::default()), (1, 11));
}

#[test]
fn macros_of_the_domain_are_spelled_out() {
    let zone = "
        a.test TXT v=spf1 include:b.%{d} -all
        b.a.test TXT v=spf1 a:%{o} exists:%{d} ip4:192.0.2.9
        a.test A 192.0.2.1
    ";
    assert_eq!(exact(&sets(zone).pass), "192.0.2.1, 192.0.2.9");
}

#[test]
fn what_is_not_known_is_not_certain() {
    for said in ["!unknown", "!timeout"] {
        let zone = format!("a.test TXT v=spf1 ip4:192.0.2.1 a:h.test -all\nh.test A {said}\nh.test AAAA 2001:db8::1");
        let tree = gather(&zone);
        let sets = tree.sets(Limits::default());
        assert_eq!(sets.pass.must.to_string(), "192.0.2.1, 2001:db8::1");
        assert!(sets.pass.may.covers(&IpSet::all().v4_only()));
        assert_eq!(sets.fail.must, IpSet::all().v6_only().minus(&sets.pass.must));
        assert!(tree.counts().is_exact);
        let unclear = tree.unclear();
        assert!(matches!(unclear[0].why, UnclearWhy::Unanswered(question) if question.to_string() == "h.test A"));
        let zone = format!("a.test TXT v=spf1 ip4:192.0.2.1 include:b.test\nb.test TXT {said}");
        assert_eq!(gather(&zone).sets(Limits::default()).pass.must.to_string(), "192.0.2.1");
    }
    let nothing = Tree::gather(&Off, &Name::parse(b"a.test").unwrap()).sets(Limits::default());
    for verdict in Verdict::ALL {
        let Some(bounds) = nothing.of(verdict) else { continue };
        assert!(bounds.must.is_empty() && bounds.may.is_all(), "{verdict:?}");
    }
}

#[test]
fn the_limit_takes_its_part() {
    let terms = ["a:h.test"; 9].join(" ");
    let zone = format!(
        "a.test TXT v=spf1 include:b.test include:c.test -all
         b.test TXT v=spf1 {terms}
         c.test TXT v=spf1 ip4:192.0.2.5
         h.test A 192.0.2.1"
    );
    let tree = gather(&zone);
    let sets = tree.sets(Limits::default());
    assert_eq!(exact(&sets.pass), "192.0.2.1");
    assert!(sets.permerror.must.contains([192, 0, 2, 5].into()) && sets.fail.may.is_empty());
    let more = Limits {
        lookups: 11,
        ..Limits::default()
    };
    // NOTE: the host has no IPv6 address, so that the third term ends the check of every IPv6 client.
    assert_eq!(exact(&tree.sets(more).pass), "192.0.2.1, 192.0.2.5");
    assert_eq!(exact(&tree.sets(more).permerror), IpSet::all().v6_only().to_string());
    let breaking = tree.breaking(Limits::default()).unwrap();
    assert_eq!(written(breaking.tree, breaking.extent), "include:c.test");
    assert!(breaking.path.is_empty() && tree.breaking(more).is_none());
    let inner = Limits {
        lookups: 5,
        ..Limits::default()
    };
    let breaking = tree.breaking(inner).unwrap();
    assert_eq!(breaking.tree.domain, b"b.test");
    assert_eq!(written(breaking.path[0].0, breaking.path[0].1), "include:b.test");
    assert_eq!(tree.lookups_of([192, 0, 2, 5].into(), Limits::default()), (11, 11));
    assert_eq!(tree.counts().worst, 11);
}

#[test]
fn errors_are_sets_too() {
    for zone in [
        "a.test TXT v=spf1 ip4:192.0.2.1 foo",
        "a.test TXT v=spf1\na.test TXT v=spf1",
        "a.test TXT v=spf1 include:b.test",
        "a.test TXT v=spf1 redirect=b.test",
        "a.test TXT v=spf1 include:a.test",
        "a.test TXT v=spf1 include:b.test\nb.test TXT v=spf1 redirect=a.test",
        "a.test TXT v=spf1 a:x.test a:y.test a:z.test",
    ] {
        let sets = sets(zone);
        assert!(sets.permerror.must.is_all() && sets.permerror.is_exact(), "{zone}");
        assert!(sets.pass.may.is_empty(), "{zone}");
    }
    assert!(sets("b.test TXT v=spf1").none.must.is_all());
}

#[test]
fn terms_that_are_never_evaluated() {
    let zone = "a.test TXT v=spf1 ip4:192.0.2.1 -all redirect=b.test include:c.test";
    let tree = gather(zone);
    let idle: Vec<String> = tree.idle.iter().map(|extent| written(&tree, *extent)).collect();
    assert_eq!(idle, ["include:c.test", "redirect=b.test"]);
    assert_eq!((tree.entries.len(), tree.lookups()), (2, 0));
}

#[test]
fn mapped_networks_have_no_addresses() {
    let sets = sets("a.test TXT v=spf1 ip6:::ffff:192.0.2.0/120 ip6:::/0 -all");
    assert_eq!(exact(&sets.pass), IpSet::all().v6_only().to_string());
}

#[test]
fn a_tree_that_grows_without_end_is_cut() {
    let wide: Vec<String> = (0..40)
        .map(|number| {
            let next = number + 1;
            format!("d{number}.test TXT v=spf1 include:d{next}.test include:d{next}.test")
        })
        .collect();
    let tree = gather(&format!("a.test TXT v=spf1 include:d0.test\n{}", wide.join("\n")));
    let is_cut = |one: &Unclear<'_>| matches!(one.why, UnclearWhy::Opaque(Opaque::Cut));
    assert!(tree.unclear().iter().any(is_cut) && !tree.counts().is_exact);
    assert!(tree.sets(Limits::default()).pass.may.is_empty());
}
