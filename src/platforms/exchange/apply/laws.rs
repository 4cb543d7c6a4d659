//! Laws of applying changes: all at once is one after another, and what is undone is as it was.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::tests::Tenant;
use super::*;

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const HOSTS: [&str; 4] = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.0/24"];

/// A list in one of the forms exporters give it.
fn list() -> impl Strategy<Value = Json> {
    let values = proptest::sample::subsequence(HOSTS.to_vec(), 0..4);
    (values, 0..4u8).prop_map(|(values, form)| match (form, values.as_slice()) {
        (0, []) => Json::Null,
        (1, []) => json!(""),
        (_, []) => json!([]),
        (0, [only]) => json!(only),
        (1, [only]) => json!({ "value": [only], "Count": 1 }),
        (2, values) => json!(
            values
                .iter()
                .map(|value| json!({ "Address": value }))
                .collect::<Vec<_>>()
        ),
        (_, values) => json!(values),
    })
}

fn rules() -> impl Strategy<Value = Json> {
    let rule = (list(), list(), any::<bool>(), any::<bool>(), any::<bool>());
    proptest::collection::vec(rule, 0..4).prop_map(|rules| {
        let rules = rules
            .into_iter()
            .enumerate()
            .map(|(at, (hosts, others, on, enforced, as_text))| {
                json!({
                    "Priority": if as_text { json!(at.to_string()) } else { json!(at) },
                    "Name": NAMES[at],
                    "State": if on { "Enabled" } else { "Disabled" },
                    "Mode": if enforced { json!("Enforce") } else { json!({ "value": 1, "Value": "Audit" }) },
                    "SenderIpRanges": hosts,
                    "ExceptIfSenderIpRanges": others,
                    "SetSCL": -1,
                    "FromScope": null,
                })
            });
        rules.collect()
    })
}

fn values() -> impl Strategy<Value = Vec<String>> {
    proptest::sample::subsequence(HOSTS.to_vec(), 0..3)
        .prop_map(|values| values.into_iter().map(str::to_owned).collect())
}

fn edit() -> impl Strategy<Value = Edit> {
    let setting = prop_oneof![Just("SenderIpRanges"), Just("ExceptIfSenderIpRanges")];
    let word = |one: &'static str, other: &'static str| {
        prop_oneof![Just(one), Just(other)].prop_map(|word| Value::Text(word.to_owned()))
    };
    let set = |setting: &'static str, after: Value| Edit::Set {
        setting,
        before: Value::Nothing,
        after,
    };
    prop_oneof![
        (setting.clone(), values()).prop_map(|(setting, values)| Edit::Add { setting, values }),
        (setting.clone(), values()).prop_map(|(setting, values)| Edit::Remove { setting, values }),
        (setting, values()).prop_map(move |(setting, values)| set(setting, Value::Texts(values))),
        word("Enabled", "Disabled").prop_map(move |word| set("State", word)),
        word("Enforce", "Audit").prop_map(move |word| set("Mode", word)),
        (0..4i64).prop_map(move |priority| set("Priority", Value::Number(priority))),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let new = (values(), proptest::option::of(0..4i64)).prop_map(|(values, priority)| {
        let mut settings = vec![("SenderIpRanges", Value::Texts(values)), ("SetSCL", Value::Number(-1))];
        settings.extend(priority.map(|priority| ("Priority", Value::Number(priority))));
        Deed::Create(settings)
    });
    let old = proptest::sample::select(NAMES.to_vec());
    let deed = prop_oneof![
        6 => proptest::collection::vec(edit(), 1..3).prop_map(Deed::Edit),
        1 => Just(Deed::Delete(Vec::new())),
    ];
    let made = |name: &str, deed| Change {
        kind: "transport-rule",
        name: name.to_owned(),
        deed,
    };
    prop_oneof![
        7 => (old, deed).prop_map(move |(name, deed)| made(name, deed)),
        1 => ("[n-p]{3}", new).prop_map(move |(name, deed)| made(&name, deed)),
    ]
}

fn tenant(rules: &Json, pretty: bool) -> Tenant {
    let text = if pretty {
        serde_json::to_string_pretty(rules).unwrap()
    } else {
        rules.to_string()
    };
    Tenant::new(&[("Get-TransportRule", &text)])
}

fn parsed(tenant: &Tenant) -> Json {
    serde_json::from_str(tenant.text("Get-TransportRule")).unwrap()
}

/// What the rules say, whatever form it has.
fn said(rules: &Json) -> Vec<(Json, [String; 2], [Vec<String>; 2])> {
    let texts = |node: &Json| {
        let node = node.get("value").unwrap_or(node);
        let items = node.as_array().cloned().unwrap_or_else(|| vec![node.clone()]);
        let text = |item: &Json| item.get("Address").unwrap_or(item).as_str().map(str::to_owned);
        let texts = items.iter().filter_map(text).filter(|text| !text.is_empty());
        texts.collect::<Vec<_>>()
    };
    let word = |node: &Json| node.get("Value").unwrap_or(node).as_str().unwrap().to_owned();
    let rules = rules.as_array().unwrap().iter();
    rules
        .map(|rule| {
            (
                rule["Name"].clone(),
                ["State", "Mode"].map(|key| word(&rule[key])),
                ["SenderIpRanges", "ExceptIfSenderIpRanges"].map(|key| texts(&rule[key])),
            )
        })
        .collect()
}

fn number(rule: &Json) -> i64 {
    match &rule["Priority"] {
        Json::String(text) => text.parse().unwrap(),
        other => other.as_i64().unwrap(),
    }
}

proptest! {
    #[test]
    fn all_at_once_is_one_after_another(
        rules in rules(),
        changes in proptest::collection::vec(change(), 1..6),
        pretty in any::<bool>(),
    ) {
        let mut at_once = tenant(&rules, pretty);
        let refused = at_once.apply(&changes);
        let is_refused = |at: usize| refused.iter().any(|reason| reason.starts_with(&format!("{at} ")));
        let mut one_by_one = tenant(&rules, pretty);
        for (at, change) in changes.iter().enumerate() {
            // Taking out what goes already is no second change.
            let again = matches!(change.deed, Deed::Delete(_)) && changes[..at].contains(change);
            if !is_refused(at) && !again {
                prop_assert_eq!(one_by_one.apply(std::slice::from_ref(change)), Vec::<String>::new());
            }
        }
        let after = parsed(&at_once);
        let sequential = parsed(&one_by_one);
        prop_assert_eq!(said(&after), said(&sequential), "{:?}", refused);
        let numbers = |rules: &Json| -> Vec<i64> { rules.as_array().unwrap().iter().map(number).collect() };
        prop_assert_eq!(numbers(&after), numbers(&sequential));
        let count = after.as_array().unwrap().len();
        let expected: Vec<i64> = (0..i64::try_from(count).unwrap()).collect();
        let mut sorted = numbers(&after);
        sorted.sort_unstable();
        prop_assert_eq!(sorted, expected);
        if !pretty {
            prop_assert!(!at_once.text("Get-TransportRule").contains('\n') || rules.as_array().unwrap().is_empty());
        }
    }

    #[test]
    fn what_is_added_can_be_taken_out(rules in rules(), name in proptest::sample::select(NAMES.to_vec()), more in values()) {
        let mut tenant = tenant(&rules, false);
        let fresh: Vec<String> = more.into_iter().map(|value| format!("{value}-new")).collect();
        let change = Change {
            kind: "transport-rule",
            name: name.to_owned(),
            deed: Deed::Edit(vec![Edit::Add { setting: "SenderIpRanges", values: fresh }]),
        };
        if tenant.apply(std::slice::from_ref(&change)).is_empty() {
            prop_assert_eq!(tenant.apply(&[change.undone()]), Vec::<String>::new());
        }
        prop_assert_eq!(said(&rules), said(&parsed(&tenant)));
    }
}
