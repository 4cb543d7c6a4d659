//! The tables of keys.

use super::shape::Shape;

/// One kind of table: what it is called and which keys it has.
#[derive(Debug)]
pub struct Form {
    /// As it is written, such as `[[value]]`; in problems and schemas.
    pub title: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Its keys, in the order a person would write them.
    pub keys: &'static [Key],
}

/// One key of a table.
#[derive(Debug)]
pub struct Key {
    /// The name.
    pub name: &'static str,
    /// What it takes.
    pub shape: Shape,
    /// Whether it may not be left out.
    pub required: bool,
    /// What it says, in one sentence or two.
    pub about: &'static str,
}

/// A key that may not be left out.
pub const fn required(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key {
        name,
        shape,
        required: true,
        about,
    }
}

/// A key that may be left out.
pub const fn optional(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key {
        name,
        shape,
        required: false,
        about,
    }
}
