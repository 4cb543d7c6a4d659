//! Changes applied to the exports, so that what they would do can be read and judged.
//!
//! Objects are found by the same code that reads them, and a value keeps the form the exporter gave it: a list of one
//! without its brackets, a switch as a text, an entry as an object. What cannot be applied is refused with its reason,
//! and nothing of it is in the files.

mod create;
mod order;
mod setting;

use std::collections::BTreeMap;

use crate::document::Node;
use crate::document::patch::{Conflict, Json, Patch, pointer};
use crate::platform::ReadInput;
use crate::platform::change::{Applied, AppliedFile, Change, Deed, Edit, Refused, Value};

use super::bundle::{Bundle, Home};
use super::field;
use super::kind::{Kind, TenantList};
use super::rules;

use create::Created;
use order::Order;
use setting::Setting;

/// Applies changes to the exports of a tenant.
pub(crate) fn apply(input: &ReadInput<'_>, changes: &[Change]) -> Applied {
    let bundle = Bundle::gather(input);
    let mut refused: BTreeMap<usize, String> = BTreeMap::new();
    loop {
        let mut desk = Desk {
            input,
            bundle: &bundle,
            plan: Plan {
                objects: Vec::new(),
                created: Vec::new(),
                order: Order::of(&bundle),
            },
            refused: BTreeMap::new(),
        };
        for (index, change) in changes.iter().enumerate() {
            if refused.contains_key(&index) {
                continue;
            }
            // What a refused change had planned is dropped with the copy.
            let mut plan = desk.plan.clone();
            match desk.change(index, change, &mut plan) {
                Ok(()) => desk.plan = plan,
                Err(reason) => drop(refused.insert(index, reason)),
            }
        }
        let files = desk.written_files();
        if desk.refused.is_empty() {
            let refused = refused.into_iter();
            return Applied {
                files,
                refused: refused.map(|(change, reason)| Refused { change, reason }).collect(),
            };
        }
        // What cannot be written is left out wholly, and the others are written without it.
        refused.append(&mut desk.refused);
    }
}

/// An object that changes.
#[derive(Clone)]
struct Object<'a> {
    file: usize,
    kind: Kind,
    record: Node<'a>,
    settings: Vec<Setting<'a>>,
    deleted: bool,
    /// Indices of the changes.
    by: Vec<usize>,
}

/// What the changes so far come to.
#[derive(Clone)]
struct Plan<'a> {
    objects: Vec<Object<'a>>,
    created: Vec<Created>,
    order: Order<'a>,
}

struct Desk<'i, 'a> {
    input: &'i ReadInput<'a>,
    bundle: &'i Bundle<'a>,
    plan: Plan<'a>,
    /// Changes that cannot be written.
    refused: BTreeMap<usize, String>,
}

impl<'a> Desk<'_, 'a> {
    fn change(&self, index: usize, change: &Change, plan: &mut Plan<'a>) -> Result<(), String> {
        let kind = Kind::parse(change.kind).ok_or_else(|| format!("`{}` is no kind of object", change.kind))?;
        match &change.deed {
            Deed::Create(settings) => {
                let created = Created::new(index, kind, &change.name, settings, self.bundle)?;
                if kind == Kind::TransportRule {
                    plan.order.create(index, plan.created.len(), order::wanted(settings));
                }
                plan.created.push(created);
            }
            Deed::Delete(settings) => {
                for record in self.found(kind, &change.name, settings)? {
                    let object = plan.object(self.file_of(record)?, kind, record, index)?;
                    if !object.settings.is_empty() {
                        return Err("another change is made to the same object".to_owned());
                    }
                    object.deleted = true;
                    plan.order.delete(index, record);
                }
            }
            Deed::Edit(edits) => {
                for record in self.found(kind, &change.name, &[])? {
                    let file = self.file_of(record)?;
                    for edit in edits {
                        let object = plan.object(file, kind, record, index)?;
                        if object.deleted {
                            return Err("another change removes the object".to_owned());
                        }
                        if kind == Kind::TransportRule
                            && let Edit::Set {
                                setting: "Priority",
                                after: Value::Number(priority),
                                ..
                            } = edit
                        {
                            plan.order.place(index, record, *priority);
                            continue;
                        }
                        setting::edit(object, index, edit)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The records of an object: one, or as many as the export says it again.
    fn found(&self, kind: Kind, name: &str, told: &[(&'static str, Value)]) -> Result<Vec<Node<'a>>, String> {
        let word = |setting: &str| {
            told.iter().find_map(|(known, value)| match value {
                Value::Text(text) if known.eq_ignore_ascii_case(setting) => Some(text.as_str()),
                _ => None,
            })
        };
        let records: Vec<Node<'a>> = match word("ListType").and_then(TenantList::parse) {
            Some(list) if kind == Kind::TenantList => self.bundle.list_records(kind, Some(list)).to_vec(),
            _ => self.bundle.all_records(kind).collect(),
        };
        let is_meant = |record: &Node<'a>| {
            let of_action = word("Action").is_none_or(|wanted| {
                field::text(record.get("Action"))
                    .into_value()
                    .is_none_or(|action| action.trim().eq_ignore_ascii_case(wanted))
            });
            of_action && names(kind, *record).iter().any(|known| known.trim() == name.trim())
        };
        let found: Vec<Node<'a>> = records.into_iter().filter(is_meant).collect();
        if found.is_empty() {
            return Err("the exports have no object of this name".to_owned());
        }
        Ok(found)
    }

    fn file_of(&self, record: Node<'a>) -> Result<usize, String> {
        let source = record.span().source;
        let place = self.input.files.iter().position(|file| file.source == source);
        place.ok_or_else(|| "the object is in no file".to_owned())
    }

    fn root(&self, file: usize) -> Option<(&'a str, Node<'a>)> {
        let file = self.input.files.get(file)?;
        Some((file.text, file.document.root(file.text)))
    }

    fn written_files(&mut self) -> Vec<AppliedFile> {
        let mut patches: BTreeMap<usize, Patch<'a>> = BTreeMap::new();
        let objects = std::mem::take(&mut self.plan.objects);
        for object in &objects {
            let written = self.written(&mut patches, object.file, |desk, patch| desk.write(object, patch));
            self.refuse(&object.by, written);
        }
        let order = self.plan.order.clone();
        let settled = order.settled();
        for (record, priority) in settled.moved {
            let Ok(file) = self.file_of(record) else { continue };
            let number = |_: &Self, patch: &mut Patch<'a>| setting::write_number(patch, record, "Priority", priority);
            let written = self.written(&mut patches, file, number);
            self.refuse(order.by(), written);
        }
        let mut filled: Vec<Home> = Vec::new();
        let all_created = std::mem::take(&mut self.plan.created);
        for (index, created) in all_created.iter().enumerate() {
            let mut numbers = settled.new.iter();
            let priority = numbers.find(|(known, _)| *known == index).map(|(_, number)| *number);
            let written = self.written(&mut patches, created.home.file, |desk, patch| {
                let (_, root) = desk.root(created.home.file).ok_or(Conflict::Shape)?;
                created.write(patch, root, priority)
            });
            self.refuse(&[created.by], written);
            filled.push(created.home);
        }
        self.mark_empty(&objects, &filled, &mut patches);
        let files = patches.into_iter().filter(|(_, patch)| !patch.is_empty());
        let files = files.map(|(file, patch)| {
            let patched = patch.finish();
            AppliedFile {
                file,
                text: patched.text,
                operations: patched.operations,
            }
        });
        files.collect()
    }

    fn refuse(&mut self, by: &[usize], written: Result<(), Conflict>) {
        if let Err(conflict) = written {
            let reason = conflict.as_str();
            self.refused
                .extend(by.iter().map(|change| (*change, reason.to_owned())));
        }
    }

    /// Writes to a copy of the edits of a file, which counts if nothing stood in the way.
    fn written(
        &self,
        patches: &mut BTreeMap<usize, Patch<'a>>,
        file: usize,
        write: impl FnOnce(&Self, &mut Patch<'a>) -> Result<(), Conflict>,
    ) -> Result<(), Conflict> {
        let known = patches.get(&file).cloned();
        let mut patch = match known {
            Some(patch) => patch,
            None => self
                .root(file)
                .ok_or(Conflict::Shape)
                .and_then(|(text, root)| Patch::new(text, root))?,
        };
        write(self, &mut patch)?;
        patches.insert(file, patch);
        Ok(())
    }

    fn write(&self, object: &Object<'a>, patch: &mut Patch<'a>) -> Result<(), Conflict> {
        let (_, root) = self.root(object.file).ok_or(Conflict::Shape)?;
        if object.deleted {
            return patch.remove(element(root, object.record));
        }
        for setting in &object.settings {
            setting.write(patch, object.record, object.kind)?;
        }
        if object.kind == Kind::TransportRule {
            let unset = object.settings.iter().filter(|setting| setting.is_unset());
            let unset: Vec<String> = unset.map(|setting| setting.key.to_ascii_lowercase()).collect();
            for class in rules::orphaned(object.record, &unset) {
                patch.remove(class)?;
            }
        }
        Ok(())
    }

    /// A section that lost all its objects says so with a null: that is what a cmdlet that returned nothing leaves there,
    /// and an empty list may also mean that it was never called (export-formats T1, T2).
    fn mark_empty(&self, objects: &[Object<'a>], filled: &[Home], patches: &mut BTreeMap<usize, Patch<'a>>) {
        let homes = objects.iter().filter(|object| object.deleted).flat_map(|object| {
            let lists = TenantList::ALL.map(Some);
            let keys = std::iter::once(None).chain(lists);
            keys.flat_map(|list| self.bundle.homes(object.kind, list))
        });
        let mut seen = Vec::new();
        for home in homes.filter(|home| home.is_section) {
            if seen.contains(&home.span) || filled.iter().any(|other| other.span == home.span) {
                continue;
            }
            seen.push(home.span);
            let Some(list) = self.root(home.file).and_then(|(_, root)| pointer::at(root, home.span)) else {
                continue;
            };
            let gone = |record: Node<'a>| {
                let mut objects = objects.iter().filter(|object| object.deleted);
                objects.any(|object| object.record.span() == record.span())
            };
            if field::elements(list).into_iter().all(gone) {
                let append = |_: &Self, patch: &mut Patch<'a>| patch.append(list, Json::Null);
                // What is refused here leaves the section as it is.
                let _ = self.written(patches, home.file, append);
            }
        }
    }
}

impl<'a> Plan<'a> {
    fn object(&mut self, file: usize, kind: Kind, record: Node<'a>, by: usize) -> Result<&mut Object<'a>, String> {
        let known = self
            .objects
            .iter()
            .position(|object| object.record.span() == record.span());
        let at = known.unwrap_or(self.objects.len());
        if known.is_none() {
            self.objects.push(Object {
                file,
                kind,
                record,
                settings: Vec::new(),
                deleted: false,
                by: Vec::new(),
            });
        }
        let object = self.objects.get_mut(at).ok_or("the object is not there")?;
        if !object.by.contains(&by) {
            object.by.push(by);
        }
        Ok(object)
    }
}

/// What an object may be called: its name, and for a spoof pair the pair, as findings write it.
fn names(kind: Kind, record: Node<'_>) -> Vec<String> {
    let mut names = vec![super::build::name(record).value];
    let text = |key: &str| field::text(record.get(key)).into_value().unwrap_or_default();
    if kind == Kind::TenantList {
        names.push(text("Value").into_owned());
    }
    if kind == Kind::TenantListSpoof {
        names.push(format!("{}, {}", text("SpoofedUser"), text("SendingInfrastructure")));
    }
    names
}

/// What holds a record in its list: the record, or the resource of a snapshot around it (export-formats C6).
fn element<'a>(root: Node<'a>, record: Node<'a>) -> Node<'a> {
    match pointer::parent(root, record) {
        Some((resource, pointer::At::Member(_))) if resource.get("resourceType").is_some() => resource,
        _ => record,
    }
}

#[cfg(test)]
mod laws;

#[cfg(test)]
mod tests;
