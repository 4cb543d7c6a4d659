//! What sets of texts decide, and what they say they cannot.

use super::*;
use crate::allow::header::Pattern;

fn word(text: &str) -> TextSet {
    TextSet::matching(Matcher::Word(text.to_owned()))
}

fn pattern(text: &str) -> TextSet {
    TextSet::matching(Matcher::Pattern(Pattern::parse(text).unwrap()))
}

fn only(text: &str) -> TextSet {
    TextSet::only([text.to_owned()])
}

#[test]
fn decided() {
    assert_eq!(word("fox").minus(&word("FOX")).emptiness(), Emptiness::Empty);
    assert_eq!(word("red fox").minus(&word("fox")).emptiness(), Emptiness::Empty);
    assert_eq!(only("Red Fox").minus(&word("fox")).emptiness(), Emptiness::Empty);
    assert_eq!(TextSet::all().complement().emptiness(), Emptiness::Empty);
    assert_eq!(TextSet::empty().complement(), TextSet::all());
    assert_eq!(word("fox").covers(&only("a fox")), Some(true));
    assert_eq!(only("a fox").covers(&word("fox")), Some(false));
    assert_eq!(pattern("^a").overlaps(&pattern("z$")), Some(true));
    assert_eq!(pattern("^a").overlaps(&only("za")), Some(false));
    let named = ["witness", "a", "0", "", " ", "witness-0", "witness-1"].map(str::to_owned);
    assert_eq!(TextSet::all().covers(&TextSet::only(named.clone())), Some(true));
    let rest = TextSet::only(named).complement().emptiness();
    assert_eq!(rest, Emptiness::Inhabited("witness-2".to_owned()));
}

#[test]
fn a_long_union_is_exact() {
    let words = || (0..200).map(|n| Matcher::Word(format!("word-{n}")));
    let set = TextSet::any_of(words());
    assert_eq!(set.cubes().len(), 200);
    assert_eq!(set.union(&TextSet::any_of(words())), set);
    assert_eq!(set.covers(&word("word-199")), Some(true));
    assert_eq!(set.complement().overlaps(&set), Some(false));
    let named = TextSet::any_of([Matcher::Word("fox".to_owned()), Matcher::Equals("A Fox".to_owned())]);
    assert_eq!(named, word("fox"));
}

#[test]
fn the_undecided_is_said_to_be() {
    let set = pattern("^a+$").minus(&pattern("^[a]+$"));
    assert_eq!(set.emptiness(), Emptiness::Unknown);
}

#[test]
fn texts_are_kept_as_given() {
    let set = only("Red Fox").union(&only("red fox"));
    assert_eq!(set.texts().collect::<Vec<_>>(), ["Red Fox"]);
    assert!(set.contains("RED FOX"));
    assert_eq!(set, only("RED FOX"));
    assert_eq!(word("fox").union(&set), word("fox"));
}
