//! Files that hold several exports and say of each which it is: `ScubaGear` provider exports and Graph snapshots.

use super::super::field;
use super::super::kind::{Kind, Named};
use super::{Claim, DEEPEST, Place, Reading};
use crate::document::{Kind as Shape, Node};

impl<'a> Reading<'a> {
    /// A `ScubaGear` provider export: one section a cmdlet, and lists of the commands that ran and that failed
    /// (export-formats C2, T1, T2).
    pub(super) fn bundle(&mut self, bundle: Node<'a>, place: Place) {
        let mut ran = Vec::new();
        let mut failed: Vec<Kind> = Vec::new();
        for (key, commands) in bundle.entries() {
            let name = key.name.trim();
            let unsuccessful = name.ends_with("_unsuccessful_commands");
            if !unsuccessful && !name.ends_with("_successful_commands") {
                continue;
            }
            for command in field::list(Some(commands)).items {
                let Some(kind) = Kind::of_cmdlet(&command.value) else {
                    continue;
                };
                if unsuccessful {
                    failed.push(kind);
                    self.claimed.failed_commands.push((kind, command.span));
                } else {
                    ran.push(kind);
                }
            }
        }
        for (key, value) in bundle.entries() {
            if key.name.ends_with("_commands") {
                continue;
            }
            let mut below = place.under(&key);
            if let Some(kind) = Kind::of_section(key.name.trim()) {
                below.named = Some(Named { kind, list: None });
                below.ran = if failed.contains(&kind) {
                    Some(false)
                } else {
                    ran.contains(&kind).then_some(true)
                };
                // A section is not looked into for more than its objects: its name says what it holds.
                below.depth = DEEPEST;
                below.complete &= below.ran != Some(false);
            } else if Kind::of_cmdlet(key.name.trim()).is_none() {
                // Other sections hold objects of other products, some with an `error` of their own.
                below.depth = DEEPEST;
                if value.kind() != Shape::List && self.recogniser.kind(value, true).is_none() {
                    continue;
                }
            }
            self.visit(value, below);
        }
    }

    /// A Graph configuration snapshot says of each object what it is (export-formats C6).
    pub(super) fn snapshot(&mut self, resources: Node<'a>, place: Place) -> bool {
        let mut groups: Vec<(Kind, Vec<Node<'a>>)> = Vec::new();
        for resource in resources.items() {
            let typed = resource.get("resourceType").and_then(Node::as_str);
            let Some(kind) = typed.and_then(|word| Kind::of_resource(&word)) else {
                continue;
            };
            let Some(properties) = resource.get("properties").filter(|node| node.kind() == Shape::Table) else {
                continue;
            };
            // The rows of the tenant lists share one type with the simulation URLs.
            let kind = match (kind, self.recogniser.kind(properties, false)) {
                (Kind::TenantList, Some(Kind::AdvancedDeliveryUrl)) => Kind::AdvancedDeliveryUrl,
                _ => kind,
            };
            match groups.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, records)) => records.push(properties),
                None => groups.push((kind, vec![properties])),
            }
        }
        let any = !groups.is_empty();
        for (kind, records) in groups {
            let claim = Claim {
                kind,
                list: None,
                records,
                span: resources.span(),
                key: place.key,
                complete: place.complete && !resources.is_cut(),
                by_name: false,

                implied: false,
            };
            self.add(claim, None);
        }
        any
    }
}

/// Whether a table is a provider export: it keeps book of the commands that ran.
pub(super) fn is_bundle(table: Node<'_>) -> bool {
    table.get("module_version").is_some()
        || table
            .entries()
            .any(|(key, _)| key.name.ends_with("successful_commands"))
}
