//! New objects: what they carry, and where they go.

use std::borrow::Cow;

use crate::document::Node;
use crate::document::patch::{Conflict, Json, Patch, pointer};
use crate::platform::change::Value;

use super::super::bundle::{Bundle, Home};
use super::super::kind::{Kind, TenantList};
use super::setting::json;

/// An object that is made.
#[derive(Clone)]
pub(super) struct Created {
    /// Index of the change.
    pub(super) by: usize,
    /// Where it goes.
    pub(super) home: Home,
    kind: Kind,
    name: String,
    members: Vec<(String, Json)>,
}

impl Created {
    pub(super) fn new(
        by: usize,
        kind: Kind,
        name: &str,
        settings: &[(&'static str, Value)],
        bundle: &Bundle<'_>,
    ) -> Result<Self, String> {
        let list = match kind {
            Kind::TenantList => {
                let word = text(settings, "ListType").unwrap_or_default();
                let list = TenantList::parse(word);
                Some(list.ok_or_else(|| "it does not say of which tenant list it is".to_owned())?)
            }
            _ => None,
        };
        let home = bundle.homes(kind, list).first().copied();
        let home = home.ok_or_else(|| format!("there is no export of `{}` to put it into", kind.cmdlet()))?;
        Ok(Self {
            by,
            home,
            kind,
            name: name.to_owned(),
            members: members(kind, name, settings)?,
        })
    }

    pub(super) fn write<'a>(
        &self,
        patch: &mut Patch<'a>,
        root: Node<'a>,
        priority: Option<i64>,
    ) -> Result<(), Conflict> {
        let home = pointer::at(root, self.home.span).ok_or(Conflict::Shape)?;
        let mut members = self.members.clone();
        if let Some(priority) = priority {
            members.retain(|(key, _)| !key.eq_ignore_ascii_case("Priority"));
            members.insert(0, ("Priority".to_owned(), Json::Number(priority)));
        }
        let record = Json::Table(members);
        // A null in a list is what a cmdlet that returned nothing leaves there (export-formats T1).
        for null in home.items().filter(|item| item.is_null()) {
            patch.remove(null)?;
        }
        patch.append(home, self.in_place(home, record))
    }

    /// The record as things stand in that list: a snapshot has resources with their type (export-formats C6).
    fn in_place(&self, home: Node<'_>, record: Json) -> Json {
        let types = home.items().filter_map(|item| item.get("resourceType")?.as_str());
        let mut typed = types.peekable();
        if typed.peek().is_none() {
            return record;
        }
        let own = typed.find(|word| Kind::of_resource(word) == Some(self.kind));
        let noun = self.kind.cmdlet().trim_start_matches("Get-").to_ascii_lowercase();
        let word = own.map_or_else(|| format!("microsoft.exchange.{noun}"), Cow::into_owned);
        Json::Table(vec![
            ("displayName".to_owned(), Json::string(&self.name)),
            ("resourceType".to_owned(), Json::String(word)),
            ("properties".to_owned(), record),
        ])
    }
}

fn text<'s>(settings: &'s [(&'static str, Value)], wanted: &str) -> Option<&'s str> {
    settings.iter().find_map(|(setting, value)| match value {
        Value::Text(text) if setting.eq_ignore_ascii_case(wanted) => Some(text.as_str()),
        _ => None,
    })
}

/// The settings that are given, and what it takes beside them to be in force: the product's own defaults.
fn members(kind: Kind, name: &str, settings: &[(&'static str, Value)]) -> Result<Vec<(String, Json)>, String> {
    let mut members: Vec<(String, Json)> = Vec::new();
    for (setting, value) in settings {
        match (kind, *setting, value) {
            // The parameter makes what the object shows as its state (exchange-semantics 2.2).
            (Kind::TransportRule, "Enabled", Value::Flag(on)) => {
                let word = if *on { "Enabled" } else { "Disabled" };
                members.push(("State".to_owned(), Json::string(word)));
            }
            // A parameter that leaves no trace but the lack of an end.
            (_, "NoExpiration", _) => {}
            _ => members.push(((*setting).to_owned(), json(value))),
        }
    }
    let mut or = |key: &str, value: Json| {
        if !members.iter().any(|(known, _)| known.eq_ignore_ascii_case(key)) {
            members.push((key.to_owned(), value));
        }
    };
    match kind {
        Kind::TransportRule => {
            or("State", Json::string("Enabled"));
            or("Mode", Json::string("Enforce"));
        }
        Kind::AdvancedDeliveryRule => or("Mode", Json::string("Enforce")),
        Kind::AdvancedDeliveryPolicy | Kind::InboundConnector => or("Enabled", Json::Bool(true)),
        Kind::TenantList | Kind::AdvancedDeliveryUrl => {
            let action = text(settings, "Action").ok_or("it says neither allow nor block")?;
            let is_url = kind == Kind::AdvancedDeliveryUrl;
            or("Value", Json::string(name));
            or(
                "ListSubType",
                Json::string(if is_url { "AdvancedDelivery" } else { "Tenant" }),
            );
            or("SubmissionID", Json::string("Non-Submission"));
            or("ExpirationDate", Json::Null);
            or("RemoveAfter", lapse(action, settings, is_url));
        }
        Kind::TenantListSpoof => {
            text(settings, "Action").ok_or("it says neither allow nor block")?;
            let given = |setting| text(settings, setting).is_some();
            if !(given("SpoofedUser") && given("SendingInfrastructure")) {
                let (user, from_where) = name.split_once(", ").ok_or("it names no pair")?;
                or("SpoofedUser", Json::string(user));
                or("SendingInfrastructure", Json::string(from_where));
            }
        }
        _ => {}
    }
    if !matches!(
        kind,
        Kind::TenantList | Kind::TenantListSpoof | Kind::AdvancedDeliveryUrl
    ) {
        or("Identity", Json::string(name));
        or("Name", Json::string(name));
    }
    Ok(members)
}

/// Whether an entry lapses by itself: an allow does, 45 days after its last use, where nothing else is said; allows for
/// addresses of hosts and for simulation URLs do not (exchange-semantics 8). A block without an end has none.
fn lapse(action: &str, settings: &[(&'static str, Value)], is_url: bool) -> Json {
    let given = |wanted: &str| settings.iter().any(|(setting, _)| setting.eq_ignore_ascii_case(wanted));
    let is_ip = text(settings, "ListType").and_then(TenantList::parse) == Some(TenantList::Ip);
    let allows = action.eq_ignore_ascii_case("Allow");
    if !allows || is_ip || is_url || given("NoExpiration") || given("ExpirationDate") {
        Json::Null
    } else {
        Json::Number(45)
    }
}
