//! Reads the members of one table and remembers which were taken, so that a new setting is seen and not swallowed.

use super::node::{Key, Node};
use super::tape::{name_hash, same_name};

/// The members of one table and which of them were taken.
#[derive(Debug)]
pub struct Cursor<'a> {
    node: Node<'a>,
    /// Apart from the members, because a look-up for an absent key reads all of them.
    hashes: Vec<u32>,
    members: Vec<Member<'a>>,
    /// After the last one found: files keep the order of keys and readers follow it.
    next: usize,
}

#[derive(Debug)]
struct Member<'a> {
    key: Key<'a>,
    node: Node<'a>,
    taken: bool,
}

impl<'a> Cursor<'a> {
    /// A cursor over a table; one over anything else finds nothing.
    pub fn new(node: Node<'a>) -> Self {
        let mut hashes = Vec::new();
        let mut members = Vec::new();
        let mut entries = node.entries();
        while let Some((hash, key, node)) = entries.next_hashed() {
            hashes.push(hash);
            members.push(Member {
                key,
                node,
                taken: false,
            });
        }
        Self {
            node,
            hashes,
            members,
            next: 0,
        }
    }

    /// The table.
    pub fn node(&self) -> Node<'a> {
        self.node
    }

    /// The value of a name, found as by [`Node::get`]. It counts as taken, and so do other spellings of its name.
    pub fn take(&mut self, name: &str) -> Option<Node<'a>> {
        self.find(name).map(|member| member.node)
    }

    /// The key and the value of a name, as by [`Cursor::take`].
    pub fn take_entry(&mut self, name: &str) -> Option<(Key<'a>, Node<'a>)> {
        self.find(name).map(|member| (member.key.clone(), member.node))
    }

    /// Marks a name as known, whether the table has it or not.
    pub fn ignore(&mut self, name: &str) {
        self.find(name);
    }

    /// What was never taken, in the order of the file.
    pub fn leftovers(&self) -> impl Iterator<Item = (&Key<'a>, Node<'a>)> {
        let left = self.members.iter().filter(|member| !member.taken);
        left.map(|member| (&member.key, member.node))
    }

    fn find(&mut self, name: &str) -> Option<&Member<'a>> {
        let hash = name_hash(name);
        let index = if self.node.is_doubled() {
            self.choose(name, hash)?
        } else {
            self.search(name, hash, self.next, self.hashes.len())
                .or_else(|| self.search(name, hash, 0, self.next))?
        };
        self.next = index + 1;
        let member = self.members.get_mut(index)?;
        member.taken = true;
        Some(member)
    }

    fn search(&self, name: &str, hash: u32, from: usize, to: usize) -> Option<usize> {
        let hashes = self.hashes.get(from..to)?;
        let candidates = hashes.iter().enumerate().filter(|&(_, &at)| at == hash);
        let mut places = candidates.map(|(index, _)| from + index);
        places.find(|&index| {
            self.members
                .get(index)
                .is_some_and(|member| same_name(&member.key.name, name))
        })
    }

    /// Where keys are doubled the order of look-ups must not decide which one is found.
    #[cold]
    fn choose(&mut self, name: &str, hash: u32) -> Option<usize> {
        let mut chosen = None;
        let mut exact = false;
        for (index, member) in self.members.iter_mut().enumerate() {
            if self.hashes.get(index) != Some(&hash) || !same_name(&member.key.name, name) {
                continue;
            }
            member.taken = true;
            if chosen.is_none() || (!exact && member.key.name == name) {
                chosen = Some(index);
                exact = member.key.name == name;
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use crate::document::json;
    use crate::source::Sources;

    use super::*;

    fn with_cursor(text: &str, test: impl FnOnce(Cursor<'_>)) {
        let (document, _) = json::parse(Sources::new().add_text("x", ""), text);
        test(Cursor::new(document.root(text)));
    }

    fn left(cursor: &Cursor<'_>) -> Vec<String> {
        cursor.leftovers().map(|(key, _)| key.name.to_string()).collect()
    }

    #[test]
    fn what_was_taken_is_not_left() {
        with_cursor(
            r#"{"a": 1, "Enabled ": true, "UseMXRecord": false, "b": null}"#,
            |mut cursor| {
                assert_eq!(cursor.take("useMxRecord").and_then(Node::as_bool), Some(false));
                assert_eq!(cursor.take("enabled").and_then(Node::as_bool), Some(true));
                assert_eq!(cursor.take("Enabled").and_then(Node::as_bool), Some(true));
                assert!(cursor.take("nothing").is_none());
                cursor.ignore("B");
                cursor.ignore("nothing");
                assert_eq!(left(&cursor), ["a"]);
                let (key, node) = cursor.take_entry("A").unwrap();
                assert_eq!((&*key.name, key.span.start, key.span.end), ("a", 1, 4));
                assert_eq!(node.as_i64(), Some(1));
                assert!(left(&cursor).is_empty());
            },
        );
    }

    #[test]
    fn of_doubled_keys_the_same_is_found_in_any_order_of_look_ups() {
        let text = r#"{"name": 1, "x": 2, "Name": 3, "Name": 4}"#;
        for before in [None, Some("x"), Some("Name")] {
            with_cursor(text, |mut cursor| {
                if let Some(before) = before {
                    cursor.ignore(before);
                }
                for (name, value) in [("Name", 3), ("name", 1), ("NAME", 1)] {
                    assert_eq!(cursor.take(name).and_then(Node::as_i64), Some(value));
                    assert_eq!(cursor.node().get(name).and_then(Node::as_i64), Some(value));
                }
                cursor.ignore("x");
                assert!(left(&cursor).is_empty());
            });
        }
    }

    #[test]
    fn other_values_have_no_members() {
        with_cursor("[1]", |mut cursor| {
            assert!(cursor.take("a").is_none());
            assert!(left(&cursor).is_empty());
        });
    }
}
