//! Changes put together: those of one object become one, in the order in which they were asked for.
//!
//! Two changes of one list are both made, two values for one setting are not: that is a conflict, and the later one has
//! to wait until the first is in place.

use crate::platform::change::{Change, Deed, Edit, Value};

/// Two changes that cannot both be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The object, as reports write it.
    pub object: String,
    /// The setting.
    pub setting: &'static str,
}

/// Puts changes together.
///
/// # Errors
/// The first two that cannot both be made.
pub fn together<'c>(changes: impl IntoIterator<Item = &'c Change>) -> Result<Vec<Change>, Conflict> {
    let mut all: Vec<Change> = Vec::new();
    for change in changes {
        let same = |known: &&mut Change| known.kind == change.kind && known.name == change.name;
        match all.iter_mut().find(same) {
            Some(known) => join(known, change)?,
            None => all.push(change.clone()),
        }
    }
    all.retain(|change| !matches!(&change.deed, Deed::Edit(edits) if edits.is_empty()));
    Ok(all)
}

fn join(known: &mut Change, more: &Change) -> Result<(), Conflict> {
    let object = known.object();
    let conflict = |setting| Conflict {
        object: object.clone(),
        setting,
    };
    match (&mut known.deed, &more.deed) {
        (Deed::Edit(edits), Deed::Edit(more)) => {
            for edit in more {
                append(edits, edit).ok_or_else(|| conflict(edit.setting()))?;
            }
            edits.retain(|edit| !edit.is_nothing());
            Ok(())
        }
        (Deed::Create(settings), Deed::Create(more)) => {
            for (setting, value) in more {
                unite(settings, setting, value).ok_or_else(|| conflict(setting))?;
            }
            Ok(())
        }
        (Deed::Create(settings), Deed::Edit(edits)) => {
            for edit in edits {
                apply(settings, edit).ok_or_else(|| conflict(edit.setting()))?;
            }
            Ok(())
        }
        (Deed::Delete(_), Deed::Delete(_)) => Ok(()),
        _ => Err(conflict("")),
    }
}

/// One more edit of an object; none if it does not go with those before.
fn append(edits: &mut Vec<Edit>, more: &Edit) -> Option<()> {
    let on_same = |edit: &Edit| edit.setting() == more.setting();
    match more {
        Edit::Set { setting, before, after } => {
            let Some(at) = edits.iter().position(on_same) else {
                edits.push(more.clone());
                return Some(());
            };
            let known = edits.get_mut(at)?;
            let Edit::Set {
                before: first,
                after: last,
                ..
            } = known
            else {
                return None;
            };
            *known = Edit::Set {
                setting,
                before: first.clone(),
                after: followed(first, last, before, after)?,
            };
            Some(())
        }
        Edit::Add { setting, values } => {
            if edits
                .iter()
                .any(|edit| on_same(edit) && matches!(edit, Edit::Set { .. }))
            {
                return None;
            }
            let mut values = values.clone();
            // What was to go and comes again stays.
            for edit in edits.iter_mut().filter(|edit| on_same(edit)) {
                if let Edit::Remove { values: gone, .. } = edit {
                    let back: Vec<String> = gone.iter().filter(|value| values.contains(value)).cloned().collect();
                    gone.retain(|value| !back.contains(value));
                    values.retain(|value| !back.contains(value));
                }
            }
            for edit in edits.iter_mut().filter(|edit| on_same(edit)) {
                if let Edit::Add { values: known, .. } = edit {
                    merge(known, &values);
                    return Some(());
                }
            }
            edits.push(Edit::Add { setting, values });
            Some(())
        }
        Edit::Remove { setting, values } => {
            if edits
                .iter()
                .any(|edit| on_same(edit) && matches!(edit, Edit::Set { .. }))
            {
                return None;
            }
            let mut values = values.clone();
            for edit in edits.iter_mut().filter(|edit| on_same(edit)) {
                if let Edit::Add { values: new, .. } = edit {
                    let back: Vec<String> = new.iter().filter(|value| values.contains(value)).cloned().collect();
                    new.retain(|value| !back.contains(value));
                    values.retain(|value| !back.contains(value));
                }
            }
            for edit in edits.iter_mut().filter(|edit| on_same(edit)) {
                if let Edit::Remove { values: known, .. } = edit {
                    // A value that stands twice goes twice.
                    known.extend(values);
                    return Some(());
                }
            }
            edits.push(Edit::Remove { setting, values });
            Some(())
        }
    }
}

/// The value after two changes: one after the other, or both of the same list.
fn followed(first: &Value, last: &Value, before: &Value, after: &Value) -> Option<Value> {
    if last == before || last == after {
        return Some(after.clone());
    }
    if first != before {
        return None;
    }
    let texts = |value: &Value| match value {
        Value::Texts(texts) => Some(texts.clone()),
        Value::Nothing => Some(Vec::new()),
        _ => None,
    };
    let (start, mut end, other) = (texts(before)?, texts(last)?, texts(after)?);
    end.retain(|text| other.contains(text) || !start.contains(text));
    let new: Vec<String> = other.into_iter().filter(|text| !start.contains(text)).collect();
    merge(&mut end, &new);
    Some(Value::Texts(end))
}

/// A setting of an object that is made twice.
fn unite(settings: &mut Vec<(&'static str, Value)>, setting: &'static str, value: &Value) -> Option<()> {
    let Some((_, known)) = settings.iter_mut().find(|(name, _)| *name == setting) else {
        settings.push((setting, value.clone()));
        return Some(());
    };
    match (&mut *known, value) {
        (Value::Texts(known), Value::Texts(more)) => merge(known, more),
        (known, value) if known == value => {}
        _ => return None,
    }
    Some(())
}

/// An edit of an object that is yet to be made.
fn apply(settings: &mut Vec<(&'static str, Value)>, edit: &Edit) -> Option<()> {
    match edit {
        Edit::Add { setting, values } => unite(settings, setting, &Value::Texts(values.clone())),
        Edit::Remove { setting, values } => {
            let (_, known) = settings.iter_mut().find(|(name, _)| name == setting)?;
            let Value::Texts(known) = known else { return None };
            known.retain(|text| !values.contains(text));
            Some(())
        }
        Edit::Set { setting, after, .. } => {
            match settings.iter_mut().find(|(name, _)| name == setting) {
                Some((_, known)) => *known = after.clone(),
                None => settings.push((setting, after.clone())),
            }
            Some(())
        }
    }
}

fn merge(known: &mut Vec<String>, more: &[String]) {
    for text in more {
        if !known.contains(text) {
            known.push(text.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn edit(edit: Edit) -> Change {
        Change {
            kind: "transport-rule",
            name: "one".to_owned(),
            deed: Deed::Edit(vec![edit]),
        }
    }

    fn add(texts: &[&str]) -> Change {
        edit(Edit::Add {
            setting: "IPAllowList",
            values: list(texts),
        })
    }

    fn remove(texts: &[&str]) -> Change {
        edit(Edit::Remove {
            setting: "IPAllowList",
            values: list(texts),
        })
    }

    fn set(before: &[&str], after: &[&str]) -> Change {
        edit(Edit::Set {
            setting: "SenderIpRanges",
            before: Value::Texts(list(before)),
            after: Value::Texts(list(after)),
        })
    }

    #[test]
    fn changes_of_one_object_are_one() {
        let both = together(&[add(&["a", "b"]), add(&["b", "c"]), remove(&["d"])]).unwrap();
        assert_eq!(both.len(), 1);
        assert_eq!(
            both[0].deed,
            Deed::Edit(vec![
                Edit::Add {
                    setting: "IPAllowList",
                    values: list(&["a", "b", "c"])
                },
                Edit::Remove {
                    setting: "IPAllowList",
                    values: list(&["d"])
                },
            ])
        );
    }

    #[test]
    fn what_goes_and_comes_again_stays() {
        assert_eq!(together(&[remove(&["a"]), add(&["a"])]).unwrap(), []);
        assert_eq!(together(&[add(&["a"]), remove(&["a"])]).unwrap(), []);
    }

    #[test]
    fn whole_lists_take_both_changes() {
        for (one, other, all) in [
            (set(&["a"], &["a", "b"]), set(&["a"], &["a", "c"]), &["a", "b", "c"][..]),
            (set(&["a", "b"], &["b"]), set(&["a", "b"], &["a"]), &[]),
            (set(&["a"], &["a", "b"]), set(&["a", "b"], &["b"]), &["b"]),
        ] {
            let both = together(&[one, other]).unwrap();
            let Deed::Edit(edits) = &both[0].deed else { panic!() };
            let [Edit::Set { before, after, .. }] = edits.as_slice() else {
                panic!()
            };
            assert_eq!(after, &Value::Texts(list(all)));
            assert!(matches!(before, Value::Texts(_)));
        }
    }

    #[test]
    fn two_values_for_one_setting_are_a_conflict() {
        let priority = |after: i64| {
            edit(Edit::Set {
                setting: "Priority",
                before: Value::Number(5),
                after: Value::Number(after),
            })
        };
        let conflict = together(&[priority(0), priority(1)]).unwrap_err();
        assert_eq!(
            (conflict.object.as_str(), conflict.setting),
            ("transport-rule/one", "Priority")
        );
        assert!(together(&[priority(0), priority(0)]).is_ok());
    }

    #[test]
    fn an_object_is_made_once_with_all_that_goes_into_it() {
        let make = |texts: &[&str]| Change {
            kind: "advanced-delivery-rule",
            name: "new".to_owned(),
            deed: Deed::Create(vec![("Domains", Value::Texts(list(texts)))]),
        };
        let both = together(&[make(&["a"]), make(&["b", "a"])]).unwrap();
        assert_eq!(
            both[0].deed,
            Deed::Create(vec![("Domains", Value::Texts(list(&["a", "b"])))])
        );
    }

    #[test]
    fn undoing_twice_is_doing() {
        for change in [add(&["a"]), remove(&["b"]), set(&["a"], &["b"])] {
            assert_eq!(change.undone().undone(), change);
        }
    }
}
