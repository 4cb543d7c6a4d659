//! Changes as commands of Exchange Online `PowerShell`.
//!
//! A command is written only where the cmdlet's reference names it with its parameters, and previewed only where the
//! reference has `-WhatIf` for it: `https://learn.microsoft.com/powershell/module/exchangepowershell/<cmdlet>`, all of
//! exchange-semantics sections 2 to 8. Lists change by `@{Add=…; Remove=…}` where that is documented for the cmdlet and
//! the parameter; the conditions of rules are written whole.
//! What changes and why is decided elsewhere.

mod clicks;
mod cmdlet;
mod rows;
mod settings;

use std::fmt::Write as _;

use crate::platform::change::{Change, Deed, Edit, Snippet, Value, Writer};
use crate::platform::quote;

use super::kind::Kind;

use cmdlet::{Argument, Command};

/// The writer.
pub(super) static POWERSHELL: Writer = Writer {
    id: "powershell",
    extension: "ps1",
    head,
    write,
};

fn head(changes: &[Change]) -> String {
    let count = match changes.len() {
        1 => "1 change".to_owned(),
        n => format!("{n} changes"),
    };
    [
        format!("{count} for Exchange Online, planned by allowaudit."),
        "Run it in Exchange Online PowerShell, after `Connect-ExchangeOnline`.".to_owned(),
        "Names and values are literal; what is not printable ASCII is written as [char] codes.".to_owned(),
        "Commands that remove or disable something ask first.".to_owned(),
    ]
    .map(|line| quote::comment(&line) + "\n")
    .concat()
}

fn write(change: &Change) -> Option<Snippet> {
    let kind = Kind::parse(change.kind)?;
    let run = commands(kind, change)?;
    let undo = commands(kind, &change.undone());
    let undo = if let Some(undo) = undo {
        let again = match &change.deed {
            Deed::Delete(values) if rows::would_lapse(kind, values) => {
                quote::comment("The entry had no end; made again, it lapses 45 days after its last use.") + "\n"
            }
            _ => String::new(),
        };
        again + &script(&undo, false)
    } else {
        // A script of comments alone is none, so that it is said by a command.
        let note = format!("No command undoes this: note what {} is before.", change.object());
        format!("Write-Warning {}\n", quote::powershell(&note))
    };
    let preview = script(&run, true);
    Some(Snippet {
        preview: (!preview.is_empty()).then_some(preview),
        run: script(&run, false),
        undo,
        clicks: clicks::clicks(kind, change),
        caution: caution(kind, change),
    })
}

/// Commands, one a line. A preview leaves out those that have none.
fn script(commands: &[Command], preview: bool) -> String {
    let mut out = String::new();
    for command in commands.iter().filter(|command| !preview || command.cmdlet.what_if) {
        let (before, behind) = command
            .around
            .as_ref()
            .map_or(("", ""), |(before, behind)| (before, *behind));
        out.push_str(before);
        out.push_str(command.cmdlet.name);
        for (parameter, argument) in &command.arguments {
            // Writing to a string cannot fail.
            let _ = write!(out, " -{parameter}");
            match argument {
                Argument::Switch => {}
                Argument::Word(word) => {
                    let _ = write!(out, " {word}");
                }
                Argument::Text(text) => {
                    let _ = write!(out, " {}", quote::powershell(text));
                }
                Argument::Texts(texts) => {
                    let _ = write!(out, " {}", list(texts));
                }
                Argument::Delta { add, remove } => {
                    let parts = [("Add", add), ("Remove", remove)];
                    let parts = parts.into_iter().filter(|(_, values)| !values.is_empty());
                    let parts: Vec<String> = parts.map(|(word, values)| format!("{word}={}", list(values))).collect();
                    let _ = write!(out, " @{{{}}}", parts.join("; "));
                }
            }
        }
        if preview {
            out.push_str(" -WhatIf");
        }
        out.push_str(behind);
        out.push('\n');
    }
    out
}

fn list(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| quote::powershell(value)).collect();
    values.join(",")
}

/// The commands of a change; none if no source says how it is made.
fn commands(kind: Kind, change: &Change) -> Option<Vec<Command>> {
    let name = change.name.as_str();
    match (kind, &change.deed) {
        (Kind::TenantList | Kind::AdvancedDeliveryUrl | Kind::TenantListSpoof, deed) => {
            rows::commands(kind, name, deed)
        }
        (_, Deed::Edit(edits)) => settings::edited(kind, identity(kind, name)?, edits),
        (_, Deed::Create(values)) => settings::created(kind, name, values),
        (_, Deed::Delete(_)) => settings::deleted(kind, identity(kind, name)?),
    }
}

/// What the object is called in a command. An empty name would mean every object to some cmdlets.
fn identity(kind: Kind, name: &str) -> Option<&str> {
    match kind {
        // There is one, and it is called so (Set-HostedConnectionFilterPolicy).
        Kind::ConnectionFilter if name.trim().is_empty() => Some("Default"),
        _ => Some(name).filter(|name| !name.trim().is_empty()),
    }
}

/// What whoever runs it must know.
fn caution(kind: Kind, change: &Change) -> Option<String> {
    let mut cautions: Vec<String> = Vec::new();
    if let Deed::Edit(edits) = &change.deed {
        for edit in edits {
            match (kind, edit) {
                (
                    Kind::TransportRule,
                    Edit::Set {
                        setting,
                        after: Value::Texts(_),
                        ..
                    },
                ) => cautions.push(format!(
                    "`{setting}` is written whole: a value that came into it since the export would be lost"
                )),
                (Kind::ConnectionFilter, edit) if edit.setting() == "EnableSafeList" => cautions.push(
                    "the page on connection filtering describes this setting, the reference of the cmdlet calls it reserved for Microsoft; \
                     look whether it is off afterwards"
                        .to_owned(),
                ),
                _ => {}
            }
        }
    }
    match (kind, &change.deed) {
        (Kind::AdvancedDeliveryRule, Deed::Create(_)) => cautions.push(
            "the preview needs the policy to be there, so preview it after the policy is made; the product gives the rule a name of its own"
                .to_owned(),
        ),
        (Kind::TenantList | Kind::AdvancedDeliveryUrl, _) | (Kind::TenantListSpoof, Deed::Delete(_)) => {
            cautions.push("there is no preview: `-WhatIf` is not documented for this cmdlet".to_owned());
        }
        _ => {}
    }
    (!cautions.is_empty()).then(|| cautions.join("; "))
}

#[cfg(test)]
mod tests;
