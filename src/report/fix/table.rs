//! The changes as a table: one row a value, for spreadsheets and for tools that take rows.
//!
//! A list of what is to be done, and no file to import. Cells that a spreadsheet would take for formulas are guarded.

use crate::platform::change::{Deed, Edit, Value};
use crate::platform::quote;
use crate::report::{escape, fingerprint};

use super::{Fix, Step, words};

/// The columns.
const COLUMNS: [&str; 10] = [
    "tenant", "step", "platform", "object", "setting", "action", "value", "before", "checks", "findings",
];

/// The table with its heading.
pub fn render(fixes: &[Fix]) -> String {
    let mut out = quote::csv_row(COLUMNS);
    for fix in fixes {
        for (at, step) in fix.steps.iter().enumerate() {
            rows(fix, at + 1, step, &mut out);
        }
    }
    out
}

fn rows(fix: &Fix, number: usize, step: &Step, out: &mut String) {
    let mut checks: Vec<&str> = Vec::new();
    let mut prints: Vec<String> = Vec::new();
    for finding in fix.asking(step) {
        if !checks.contains(&finding.check) {
            checks.push(finding.check);
        }
        prints.push(fingerprint::of(&fix.before.name, finding));
    }
    let (number, object) = (number.to_string(), step.change.object());
    let (checks, prints) = (checks.join(" "), prints.join(" "));
    let mut row = |setting: &str, action: &str, value: &str, before: &str| {
        let cells = [
            fix.before.name.as_str(),
            &number,
            fix.platform,
            &object,
            setting,
            action,
            value,
            before,
            &checks,
            &prints,
        ]
        .map(escape::line);
        out.push_str(&quote::csv_row(cells.iter().map(AsRef::as_ref)));
    };
    match &step.change.deed {
        Deed::Edit(edits) => {
            for edit in edits {
                let action = words::verb(edit);
                match edit {
                    Edit::Add { setting, values } | Edit::Remove { setting, values } => {
                        for value in values {
                            row(setting, action, value, "");
                        }
                    }
                    Edit::Set { setting, before, after } => {
                        let before = joined(before);
                        for value in words::plain(after) {
                            row(setting, action, &value, &before);
                        }
                    }
                }
            }
        }
        Deed::Create(settings) => {
            row("", "create", "", "");
            for (setting, value) in settings {
                for value in words::plain(value) {
                    row(setting, "set", &value, "");
                }
            }
        }
        Deed::Delete(settings) => {
            row("", "delete", "", "");
            for (setting, value) in settings {
                row(setting, "gone", "", &joined(value));
            }
        }
    }
}

fn joined(value: &Value) -> String {
    words::plain(value).join("; ")
}
