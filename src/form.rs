//! What files of our own may hold: one table of keys for each kind of table in them.
//!
//! Packs, policies and tenant files are read through these tables, and `allowaudit schema` prints them, so that neither
//! can say what the other does not. Every mistake is noted and reading goes on.
//! This module knows nothing of what the keys mean.

mod fields;
mod keys;
mod log;
mod schema;
mod shape;

pub use fields::Fields;
pub use keys::{Form, Key, optional, required};
pub use log::{Log, bad};
pub use schema::schema;
pub use shape::Shape;

/// Makes an enumeration whose members are words of a file, with the list of those words.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$about:meta])* $member:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$about])* $member,)+
        }

        impl $name {
            /// The words, in the order of the members.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word used in files.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$member => $word,)+
                }
            }

            /// Reads a word.
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$member),)+
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use words;

#[cfg(test)]
pub(crate) mod asked;
#[cfg(test)]
mod tests;
