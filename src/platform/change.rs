//! A change to the settings of a platform: what a fix proposes, before anybody has written it as a command.
//!
//! A change names one object and says what happens to its settings, in the words of the product and in no language.
//! The same change is applied to an export, so that its effect can be proved, and written for whoever carries it out;
//! what undoes it is a change again.

use crate::document::patch::Operation;

/// A change to one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Report word of the kind of object, such as `transport-rule`.
    pub kind: &'static str,
    /// The object's name as the product knows it. Comes from an export and is not to be trusted.
    pub name: String,
    /// What happens to it.
    pub deed: Deed,
}

/// What happens to an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Settings of it change.
    Edit(Vec<Edit>),
    /// It is made, with these settings.
    Create(Vec<(&'static str, Value)>),
    /// It goes. The settings are what it takes to make it again, as far as the export shows them.
    Delete(Vec<(&'static str, Value)>),
}

/// A change to one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Values come into a list; the others stay.
    Add {
        /// As the product spells the setting.
        setting: &'static str,
        /// The new values, in order.
        values: Vec<String>,
    },
    /// Values leave a list; the others stay.
    Remove {
        /// As the product spells the setting.
        setting: &'static str,
        /// The values as the export writes them.
        values: Vec<String>,
    },
    /// A setting gets another value.
    Set {
        /// As the product spells the setting.
        setting: &'static str,
        /// The value so far.
        before: Value,
        /// The value to be.
        after: Value,
    },
}

/// The value of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// No value: a written null.
    Nothing,
    /// On or off.
    Flag(bool),
    /// A number.
    Number(i64),
    /// A text or a word of an enumeration.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
}

impl Change {
    /// What undoes this change.
    #[must_use]
    pub fn undone(&self) -> Self {
        let deed = match &self.deed {
            Deed::Edit(edits) => Deed::Edit(edits.iter().rev().map(Edit::undone).collect()),
            Deed::Create(settings) => Deed::Delete(settings.clone()),
            Deed::Delete(settings) => Deed::Create(settings.clone()),
        };
        Self {
            kind: self.kind,
            name: self.name.clone(),
            deed,
        }
    }

    /// `<kind>/<name>`, as reports write objects.
    pub fn object(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }
}

impl Edit {
    /// What undoes this edit.
    #[must_use]
    pub fn undone(&self) -> Self {
        match self {
            Self::Add { setting, values } => Self::Remove {
                setting,
                values: values.clone(),
            },
            Self::Remove { setting, values } => Self::Add {
                setting,
                values: values.clone(),
            },
            Self::Set { setting, before, after } => Self::Set {
                setting,
                before: after.clone(),
                after: before.clone(),
            },
        }
    }

    /// Whether it changes nothing.
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Add { values, .. } | Self::Remove { values, .. } => values.is_empty(),
            Self::Set { before, after, .. } => before == after,
        }
    }

    /// The setting it is about.
    pub const fn setting(&self) -> &'static str {
        match self {
            Self::Add { setting, .. } | Self::Remove { setting, .. } | Self::Set { setting, .. } => setting,
        }
    }
}

/// Exports as they would be after changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Applied {
    /// The files that change, in the order of the input.
    pub files: Vec<AppliedFile>,
    /// Changes that were not applied. Nothing of them is in the files.
    pub refused: Vec<Refused>,
}

/// One export as it would be.
#[derive(Debug, Clone, PartialEq)]
pub struct AppliedFile {
    /// Index into [`ReadInput::files`](super::ReadInput::files).
    pub file: usize,
    /// Its text.
    pub text: String,
    /// What turns the old values into the new ones, to be done one after another.
    pub operations: Vec<Operation>,
}

/// A change that cannot be applied to the exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Index of the change.
    pub change: usize,
    /// Why.
    pub reason: String,
}

/// One change, written for whoever carries it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// Shows what would happen and changes nothing, where the target has such a way.
    pub preview: Option<String>,
    /// Does it.
    pub run: String,
    /// Undoes it.
    pub undo: String,
    /// The same by hand, in the product's console: one step a line.
    pub clicks: Vec<String>,
    /// What whoever carries it out must know first.
    pub caution: Option<String>,
}

/// Writes changes in one language: a shell's, an API's, a configuration file's, a table's to import.
pub struct Writer {
    /// The word for `--format` and for file names.
    pub id: &'static str,
    /// Extension of the file, without the dot.
    pub extension: &'static str,
    /// What a file of this kind starts with, so that it can be run or imported as it is; given the changes.
    pub head: fn(&[Change]) -> String,
    /// One change; none where this language cannot say it.
    pub write: fn(&Change) -> Option<Snippet>,
}
