//! `allowaudit explain`: the pages of the checks.

use std::fmt::Write as _;

use clap::Args;

use super::table::{aligned, folded};
use super::{Outcome, World};
use crate::check::{Check, Group};
use crate::checks::{CHECKS, RESERVED};
use crate::problem::did_you_mean;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A check, or a group of them; without one, all are listed.
    #[arg(value_name = "CHECK")]
    check: Option<String>,
}

/// Runs it.
pub fn run(args: &ExplainArgs, world: World) -> Outcome {
    let Some(name) = args.check.as_deref().map(str::trim) else {
        return Outcome::printed(list(&Group::ALL, world.width));
    };
    if let Some(check) = CHECKS.iter().find(|check| check.id == name) {
        return Outcome::printed(page(check));
    }
    if let Some(group) = Group::ALL.into_iter().find(|group| group.as_str() == name) {
        return Outcome::printed(list(&[group], world.width));
    }
    if RESERVED.contains(&name) {
        return Outcome::refused(&format!(
            "`{name}` is a check of a later version; this one does not have it yet"
        ));
    }
    let groups = Group::ALL.iter().map(|group| group.as_str());
    let known = CHECKS.iter().map(|check| check.id).chain(RESERVED.iter().copied());
    let help = did_you_mean(name, known.chain(groups)).map_or_else(
        || "`allowaudit explain` lists all".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Outcome::refused(&format!("there is no check `{name}`; {help}"))
}

fn page(check: &Check) -> String {
    let mut text = check.page.trim_end().to_owned();
    let _ = writeln!(
        text,
        "\n\n{}: group {}, {} by default, since {}",
        check.id,
        check.group.as_str(),
        check.level.as_str(),
        check.since
    );
    text
}

fn list(groups: &[Group], width: usize) -> String {
    let widest = CHECKS.iter().map(|check| check.id.len()).max().unwrap_or(0);
    let room = width.saturating_sub(widest + 10).max(30);
    let mut text = String::new();
    for group in groups {
        let mut rows = Vec::new();
        for check in CHECKS.iter().filter(|check| check.group == *group) {
            let mut lines = folded(check.summary, room).into_iter();
            let first = lines.next().unwrap_or_default();
            let id = format!("{:widest$}", check.id);
            rows.push(vec![id, check.level.as_str().to_owned(), first]);
            rows.extend(lines.map(|line| vec![String::new(), String::new(), line]));
        }
        if rows.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(group.as_str());
        text.push('\n');
        text.push_str(&aligned(&rows, 2));
    }
    text
}
