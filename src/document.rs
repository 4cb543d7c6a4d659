//! One spanned tree over every format an export, a pack or a tenant file is written in.
//!
//! A reader in a folder of this name turns text into a [`Document`]: a flat tape that owns nothing of the text and
//! gives every key and value its [`Span`](crate::source::Span). [`Node`] walks it, [`Cursor`] reads one table and
//! remembers what was taken. Reading never fails: what cannot be read is a problem beside whatever could be.
//! This module knows nothing of mail, of platforms or of what keys mean.

mod escape;
mod tape;

mod builder;
mod cursor;
mod duplicates;
mod node;

pub mod json;
pub mod patch;
pub mod toml;

pub use cursor::Cursor;
pub use node::{Document, Entries, Items, Key, Node};
pub use tape::Kind;
