//! Rows of the Tenant Allow/Block List: they are made and they go, and nothing of them changes.

use crate::platform::change::{Deed, Value};
use crate::platform::quote;

use super::super::kind::{Kind, TenantList};
use super::cmdlet::{self, Argument, Command};
use super::settings::moment;

/// The commands of a row.
pub(super) fn commands(kind: Kind, name: &str, deed: &Deed) -> Option<Vec<Command>> {
    let command = match (kind, deed) {
        (Kind::TenantListSpoof, Deed::Create(values)) => pair(name, values),
        (Kind::TenantListSpoof, Deed::Delete(values)) => pair_gone(name, values),
        (_, Deed::Create(values)) => row(kind, name, values),
        (_, Deed::Delete(values)) => row_gone(kind, name, values),
        (_, Deed::Edit(_)) => None,
    };
    command.map(|command| vec![command])
}

fn text<'v>(values: &'v [(&'static str, Value)], wanted: &str) -> Option<&'v str> {
    values.iter().find_map(|(setting, value)| match value {
        Value::Text(text) if *setting == wanted => Some(text.as_str()),
        _ => None,
    })
}

fn word(word: &str) -> Argument {
    Argument::Word(word.to_owned())
}

/// The list of a row, with its sub-type where that is not the default.
fn listed(command: Command, kind: Kind, values: &[(&'static str, Value)]) -> Option<Command> {
    if kind == Kind::AdvancedDeliveryUrl {
        let command = command.with("ListType", word(TenantList::Url.as_str()));
        return Some(command.with("ListSubType", word("AdvancedDelivery")));
    }
    let list = TenantList::parse(text(values, "ListType")?)?;
    Some(command.with("ListType", word(list.as_str())))
}

/// A row is made. When it ends: exchange-semantics 8, and the reference of New-TenantAllowBlockListItems.
fn row(kind: Kind, name: &str, values: &[(&'static str, Value)]) -> Option<Command> {
    let command = listed(Command::new(cmdlet::NEW_LIST_ITEMS), kind, values)?;
    let allows = match text(values, "Action")? {
        "Allow" => true,
        "Block" => false,
        _ => return None,
    };
    let value = text(values, "Value").unwrap_or(name);
    let mut command = command
        .with(if allows { "Allow" } else { "Block" }, Argument::Switch)
        .with("Entries", Argument::Text(value.to_owned()));
    let is_url = kind == Kind::AdvancedDeliveryUrl;
    let is_ip = text(values, "ListType").and_then(TenantList::parse) == Some(TenantList::Ip);
    if let Some(end) = text(values, "ExpirationDate") {
        // `2021-05-06 14:30:00z` is the form the reference shows.
        let end = moment(end)?.strftime("%Y-%m-%d %H:%M:%Sz").to_string();
        command = command.with("ExpirationDate", Argument::Text(end));
    } else if values.contains(&("RemoveAfter", Value::Number(45))) {
        command = command.with("RemoveAfter", word("45"));
    } else if !allows || is_ip || is_url {
        command = command.with("NoExpiration", Argument::Switch);
    }
    if let Some(notes) = text(values, "Notes").filter(|notes| !notes.is_empty()) {
        command = command.with("Notes", Argument::Text(notes.to_owned()));
    }
    Some(command)
}

/// Whether making the row again would give it an end that it did not have.
pub(super) fn would_lapse(kind: Kind, values: &[(&'static str, Value)]) -> bool {
    let given = |wanted: &str| values.iter().any(|(setting, _)| *setting == wanted);
    kind == Kind::TenantList
        && text(values, "Action") == Some("Allow")
        && text(values, "ListType").and_then(TenantList::parse) != Some(TenantList::Ip)
        && !given("ExpirationDate")
        && !given("RemoveAfter")
}

fn row_gone(kind: Kind, name: &str, values: &[(&'static str, Value)]) -> Option<Command> {
    let command = listed(Command::new(cmdlet::REMOVE_LIST_ITEMS), kind, values)?;
    let value = text(values, "Value").unwrap_or(name);
    (!value.trim().is_empty()).then(|| command.with("Entries", Argument::Text(value.to_owned())))
}

fn pair(name: &str, values: &[(&'static str, Value)]) -> Option<Command> {
    let (user, from_where) = named(name, values)?;
    let choice = |setting: &str, words: [&'static str; 2]| {
        let given = text(values, setting)?;
        words.into_iter().find(|word| *word == given)
    };
    Some(
        Command::of(cmdlet::NEW_SPOOF_ITEMS, "Default")
            .with("Action", word(choice("Action", ["Allow", "Block"])?))
            .with("SpoofedUser", Argument::Text(user.to_owned()))
            .with("SendingInfrastructure", Argument::Text(from_where.to_owned()))
            .with("SpoofType", word(choice("SpoofType", ["External", "Internal"])?)),
    )
}

/// A pair goes by its id, which is that of its row or has to be looked up; `-Identity` takes the value that the reference
/// gives it.
fn pair_gone(name: &str, values: &[(&'static str, Value)]) -> Option<Command> {
    let is_id = |text: &&str| {
        let groups: Vec<&str> = text.split('-').collect();
        let hex = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
        groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(hex)
    };
    let command = Command::of(cmdlet::REMOVE_SPOOF_ITEMS, "domain.com\\Default");
    if let Some(id) = text(values, "Identity").filter(is_id).or(Some(name).filter(is_id)) {
        return Some(command.with("Ids", Argument::Text(id.to_owned())));
    }
    let (user, from_where) = named(name, values)?;
    let find = format!(
        "Get-TenantAllowBlockListSpoofItems | Where-Object {{ $_.SpoofedUser -eq {} -and $_.SendingInfrastructure -eq {} }} | ForEach-Object {{ ",
        quote::powershell(user),
        quote::powershell(from_where),
    );
    Some(Command {
        around: Some((find, " }")),
        ..command.with("Ids", Argument::Word("$_.Identity".to_owned()))
    })
}

/// Who is spoofed, and from where.
fn named<'v>(name: &'v str, values: &'v [(&'static str, Value)]) -> Option<(&'v str, &'v str)> {
    match (text(values, "SpoofedUser"), text(values, "SendingInfrastructure")) {
        (Some(user), Some(from_where)) => Some((user, from_where)),
        _ => name.split_once(", "),
    }
}
