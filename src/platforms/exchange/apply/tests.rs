//! Changes applied to exports in the forms exporters give them, and read again.

use jiff::civil::date;

use super::super::read;
use super::*;
use crate::document::json;
use crate::path::{Force, Rule};
use crate::platform::{Declared, File, Reading};
use crate::source::Sources;

/// Files by stem and text, and what becomes of them.
pub(super) struct Tenant {
    files: Vec<(&'static str, String)>,
}

impl Tenant {
    pub(super) fn new(files: &[(&'static str, &str)]) -> Self {
        Self {
            files: files.iter().map(|(stem, text)| (*stem, (*text).to_owned())).collect(),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&ReadInput<'_>) -> T) -> T {
        let mut sources = Sources::new();
        let ids: Vec<_> = self
            .files
            .iter()
            .map(|(stem, text)| sources.add_text(*stem, text.clone()))
            .collect();
        let documents: Vec<_> = ids
            .iter()
            .map(|id| json::parse(*id, sources.get(*id).text()).0)
            .collect();
        let files: Vec<File<'_>> = self
            .files
            .iter()
            .zip(ids.iter().zip(&documents))
            .map(|((stem, _), (id, document))| File {
                source: *id,
                stem,
                path: stem,
                text: sources.get(*id).text(),
                document,
            })
            .collect();
        act(&ReadInput {
            files: &files,
            declared: &[] as &[Declared],
            domains: &[],
            hops: &[],
            now: date(2026, 11, 22),
            assume_empty: true,
        })
    }

    /// Applies changes, holds that the operations agree, and gives the reasons of those that were refused.
    pub(super) fn apply(&mut self, changes: &[Change]) -> Vec<String> {
        let applied = self.with(|input| apply(input, changes));
        for file in applied.files {
            assert!(!file.operations.is_empty());
            self.files[file.file].1 = file.text;
        }
        let reasons = applied.refused.into_iter();
        reasons
            .map(|refused| format!("{} {}", refused.change, refused.reason))
            .collect()
    }

    pub(super) fn text(&self, stem: &str) -> &str {
        &self.files.iter().find(|(known, _)| *known == stem).unwrap().1
    }

    fn read(&self) -> Reading {
        self.with(read)
    }

    /// The rules of the path with this object, in their order.
    fn rules(&self, object: &str) -> Vec<Rule> {
        let path = self.read().path;
        let rules = path.stages.into_iter().flat_map(|stage| stage.rules);
        rules.filter(|rule| rule.object == object).collect()
    }

    /// The entries of a list of the only rule with this object.
    fn entries(&self, object: &str, list: &str) -> Vec<String> {
        let rules = self.rules(object);
        let lists = rules[0].lists.iter().filter(|known| known.name == list);
        lists
            .flat_map(|list| list.entries.iter().map(|entry| entry.text.clone()))
            .collect()
    }
}

fn change(kind: &'static str, name: &str, deed: Deed) -> Change {
    Change {
        kind,
        name: name.to_owned(),
        deed,
    }
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn add(setting: &'static str, values: &[&str]) -> Edit {
    Edit::Add {
        setting,
        values: texts(values),
    }
}

fn remove(setting: &'static str, values: &[&str]) -> Edit {
    Edit::Remove {
        setting,
        values: texts(values),
    }
}

fn set(setting: &'static str, after: Value) -> Edit {
    Edit::Set {
        setting,
        before: Value::Nothing,
        after,
    }
}

fn word(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn in_force(rule: &Rule) -> bool {
    matches!(rule.force, Force::InForce)
}

const SIMULATION: &str = "_Exe:PhishSimOverr:1";

#[test]
fn entries_come_and_go_in_the_form_they_have() {
    for (old, new) in [
        (
            r#"[{"Name": "_Exe:PhishSimOverr:1", "Domains": ["a.example"], "SenderIpRanges": "192.0.2.1"}]"#,
            r#"[{"Name": "_Exe:PhishSimOverr:1", "Domains": ["a.example", "b.example"], "SenderIpRanges": ["192.0.2.1", "192.0.2.2"]}]"#,
        ),
        (
            r#"{"Name":"_Exe:PhishSimOverr:1","Policy":"p","SenderDomainIs":"a.example","SenderIpRanges":null}"#,
            r#"{"Name":"_Exe:PhishSimOverr:1","Policy":"p","SenderDomainIs":["a.example","b.example"],"SenderIpRanges":["192.0.2.2"]}"#,
        ),
        (
            r#"[{"Name":"_Exe:PhishSimOverr:1","domains":{"value":["A.example"],"Count":1},"SenderIpRanges":[]}]"#,
            r#"[{"Name":"_Exe:PhishSimOverr:1","domains":{"value":["A.example","b.example"],"Count":2},"SenderIpRanges":["192.0.2.2"]}]"#,
        ),
    ] {
        let mut tenant = Tenant::new(&[("Get-ExoPhishSimOverrideRule", old)]);
        let edits = vec![
            add("Domains", &["a.example", "b.example"]),
            add("SenderIpRanges", &["192.0.2.2"]),
        ];
        let refused = tenant.apply(&[change("advanced-delivery-rule", SIMULATION, Deed::Edit(edits))]);
        assert_eq!(refused, [""; 0]);
        assert_eq!(tenant.text("Get-ExoPhishSimOverrideRule"), new);
        let object = format!("advanced-delivery-rule/{SIMULATION}");
        assert_eq!(tenant.entries(&object, "Domains").len(), 2);
        let edits = vec![
            remove("Domains", &["A.EXAMPLE"]),
            remove("SenderIpRanges", &["192.0.2.2"]),
        ];
        assert_eq!(
            tenant.apply(&[change("advanced-delivery-rule", SIMULATION, Deed::Edit(edits))]),
            [""; 0]
        );
        assert_eq!(tenant.entries(&object, "Domains"), ["b.example"]);
    }
}

#[test]
fn objects_in_lists_stay_objects() {
    let old = r#"[{"Name": "Default", "AllowedSenderDomains": [{"Domain": "a.example"}], "AllowedSenders": [{"Sender": {"Address": "x@a.example"}}], "SpamAction": "MoveToJmf"}]"#;
    let mut tenant = Tenant::new(&[("Get-HostedContentFilterPolicy", old)]);
    let edits = vec![
        add("AllowedSenderDomains", &["b.example"]),
        add("AllowedSenders", &["y@b.example"]),
        remove("AllowedSenders", &["x@a.example"]),
    ];
    assert_eq!(
        tenant.apply(&[change("content-filter-policy", "Default", Deed::Edit(edits))]),
        [""; 0]
    );
    assert_eq!(
        tenant.text("Get-HostedContentFilterPolicy"),
        r#"[{"Name": "Default", "AllowedSenderDomains": [{"Domain": "a.example"}, {"Domain": "b.example"}], "AllowedSenders": [{"Sender": {"Address": "y@b.example"}}], "SpamAction": "MoveToJmf"}]"#
    );
}

const RULES: &str = r#"[
  {
    "Priority": 0,
    "State": "Enabled",
    "Mode": "Enforce",
    "Conditions": ["Tasks.SenderIpRangesPredicate", "Tasks.SenderDomainIsPredicate"],
    "SenderIpRanges": ["192.0.2.1"],
    "SenderDomainIs": ["a.example"],
    "SetSCL": "-1",
    "Name": "first"
  },
  {
    "Priority": "1",
    "State": "Disabled",
    "Mode": { "value": 1, "Value": "Audit" },
    "SenderIpRanges": null,
    "SetSCL": -1,
    "Name": "second"
  },
  {
    "Priority": 2,
    "State": "Enabled",
    "Mode": "Enforce",
    "FromScope": "NotInOrganization",
    "DeleteMessage": true,
    "SenderIpRanges": null,
    "Name": "third"
  }
]"#;

fn rules() -> Tenant {
    Tenant::new(&[("Get-TransportRule", RULES)])
}

/// The names of rules in the order of their priority, with the priority.
fn order(tenant: &Tenant) -> Vec<String> {
    let value: serde_json::Value = serde_json::from_str(tenant.text("Get-TransportRule")).unwrap();
    let number = |rule: &serde_json::Value| match &rule["Priority"] {
        serde_json::Value::String(text) => text.parse().unwrap(),
        other => other.as_i64().unwrap(),
    };
    let mut rules: Vec<_> = value
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| (number(rule), rule["Name"].clone()))
        .collect();
    rules.sort_by_key(|(priority, _)| *priority);
    rules
        .iter()
        .map(|(priority, name)| format!("{priority} {}", name.as_str().unwrap()))
        .collect()
}

#[test]
fn a_rule_is_switched_on_and_enforced() {
    let mut tenant = rules();
    assert!(!in_force(&tenant.rules("transport-rule/second")[0]));
    let edits = vec![set("State", word("Enabled")), set("Mode", word("Enforce"))];
    assert_eq!(
        tenant.apply(&[change("transport-rule", "second", Deed::Edit(edits))]),
        [""; 0]
    );
    assert!(in_force(&tenant.rules("transport-rule/second")[0]));
    let old = r#"{"resources":[{"resourceType":"microsoft.exchange.transportrule","properties":{"Name":"r","Enabled":false,"SenderIpRanges":["192.0.2.1"],"SetSCL":"-1"}}]}"#;
    let mut tenant = Tenant::new(&[("snapshot", old)]);
    let edits = vec![set("State", word("Enabled"))];
    assert_eq!(
        tenant.apply(&[change("transport-rule", "r", Deed::Edit(edits))]),
        [""; 0]
    );
    assert_eq!(tenant.text("snapshot"), old.replace("false", "true"));
}

#[test]
fn rules_that_move_push_the_others() {
    let priority = |number| Deed::Edit(vec![set("Priority", Value::Number(number))]);
    let mut tenant = rules();
    assert_eq!(tenant.apply(&[change("transport-rule", "third", priority(0))]), [""; 0]);
    assert_eq!(order(&tenant), ["0 third", "1 first", "2 second"]);
    assert!(tenant.text("Get-TransportRule").contains("\"Priority\": \"2\""));
    let moves = [
        change("transport-rule", "third", priority(2)),
        change("transport-rule", "second", priority(0)),
    ];
    assert_eq!(tenant.apply(&moves), [""; 0]);
    assert_eq!(order(&tenant), ["0 second", "1 first", "2 third"]);
    let gone = [change("transport-rule", "first", Deed::Delete(Vec::new()))];
    assert_eq!(tenant.apply(&gone), [""; 0]);
    assert_eq!(order(&tenant), ["0 second", "1 third"]);
    let new = |name, settings| change("transport-rule", name, Deed::Create(settings));
    let ranges = || ("SenderIpRanges", Value::Texts(texts(&["192.0.2.9"])));
    let changes = [
        new("last", vec![ranges(), ("SetSCL", Value::Number(-1))]),
        new(
            "top",
            vec![("Priority", Value::Number(0)), ranges(), ("SetSCL", Value::Number(-1))],
        ),
    ];
    assert_eq!(tenant.apply(&changes), [""; 0]);
    assert_eq!(order(&tenant), ["0 top", "1 second", "2 third", "3 last"]);
    assert!(in_force(&tenant.rules("transport-rule/top")[0]));
    assert_eq!(tenant.entries("transport-rule/last", "SenderIpRanges"), ["192.0.2.9"]);
}

#[test]
fn what_a_rule_no_longer_asks_is_no_longer_listed() {
    let mut tenant = rules();
    let edits = vec![
        remove("SenderDomainIs", &["a.example"]),
        add("SenderIpRanges", &["192.0.2.2"]),
    ];
    assert_eq!(
        tenant.apply(&[change("transport-rule", "first", Deed::Edit(edits))]),
        [""; 0]
    );
    let text = tenant.text("Get-TransportRule");
    assert!(text.contains("\"SenderDomainIs\": null"), "{text}");
    assert!(
        text.contains("\"Conditions\": [\"Tasks.SenderIpRangesPredicate\"]"),
        "{text}"
    );
    assert!(
        !tenant
            .read()
            .path
            .needs
            .iter()
            .any(|need| need.key.contains("senderdomain"))
    );
    // The first condition of a rule that had none.
    let edits = vec![add("ExceptIfSenderIpRanges", &["192.0.2.3"])];
    assert_eq!(
        tenant.apply(&[change("transport-rule", "third", Deed::Edit(edits))]),
        [""; 0]
    );
    assert_eq!(tenant.entries("transport-rule/third", "SenderIpRanges"), ["192.0.2.3"]);
}

#[test]
fn rows_are_objects_of_their_own() {
    let old = r#"[{"Value":"a.example","Action":"Block","ListSubType":"Tenant","SubmissionID":"Non-Submission","ExpirationDate":null,"RemoveAfter":null}]"#;
    let stem = "Get-TenantAllowBlockListItems.Sender";
    let mut tenant = Tenant::new(&[(stem, old), ("Get-TenantAllowBlockListSpoofItems", "[]")]);
    let row = vec![("ListType", word("Sender")), ("Action", word("Block"))];
    assert_eq!(
        tenant.apply(&[change("tenant-list", "a.example", Deed::Delete(row.clone()))]),
        [""; 0]
    );
    assert_eq!(tenant.text(stem), "[]");
    let pair = vec![("SpoofType", word("External")), ("Action", word("Allow"))];
    let changes = [
        change("tenant-list", "b.example", Deed::Create(row)),
        change("tenant-list-spoof", "c.example, 192.0.2.0/24", Deed::Create(pair)),
    ];
    assert_eq!(tenant.apply(&changes), [""; 0]);
    assert_eq!(tenant.rules("tenant-list").len(), 1);
    assert!(tenant.text(stem).contains("\"RemoveAfter\": null"));
    assert_eq!(tenant.rules("tenant-list-spoof/c.example, 192.0.2.0/24").len(), 1);
    let gone = [change(
        "tenant-list-spoof",
        "c.example, 192.0.2.0/24",
        Deed::Delete(Vec::new()),
    )];
    assert_eq!(tenant.apply(&gone), [""; 0]);
    assert_eq!(tenant.text("Get-TenantAllowBlockListSpoofItems"), "[]");
}

#[test]
fn objects_are_made_where_the_export_is_empty() {
    for empty in ["[]", "[null]", "null", "[\r\n\r\n]"] {
        let mut tenant = Tenant::new(&[
            ("Get-ExoPhishSimOverrideRule", empty),
            ("Get-PhishSimOverridePolicy", empty),
            ("Get-TransportRule", empty),
            ("Get-InboundConnector", empty),
        ]);
        let changes = [
            change(
                "advanced-delivery-policy",
                "PhishSimOverridePolicy",
                Deed::Create(Vec::new()),
            ),
            change(
                "advanced-delivery-rule",
                SIMULATION,
                Deed::Create(vec![
                    ("Domains", Value::Texts(texts(&["a.example"]))),
                    ("SenderIpRanges", Value::Texts(texts(&["192.0.2.1"]))),
                ]),
            ),
            change(
                "transport-rule",
                "skip '; $(x)\n\u{202e}",
                Deed::Create(vec![("SetSCL", Value::Number(-1))]),
            ),
            change(
                "inbound-connector",
                "c",
                Deed::Create(vec![
                    ("ConnectorType", word("Partner")),
                    ("SenderIPAddresses", Value::Texts(texts(&["192.0.2.1"]))),
                ]),
            ),
        ];
        assert_eq!(tenant.apply(&changes), [""; 0], "{empty}");
        assert!(in_force(
            &tenant.rules(&format!("advanced-delivery-rule/{SIMULATION}"))[0]
        ));
        assert!(in_force(&tenant.rules("transport-rule/skip '; $(x)\n\u{202e}")[0]));
        let reading = tenant.read();
        assert_eq!(reading.problems, []);
        assert!(
            reading.reads.iter().all(|read| read.objects == 1),
            "{:?}",
            reading.reads
        );
    }
}

#[test]
fn sections_stay_sections() {
    let old = r#"{"module_version":"1","exo_successful_commands":[],"transport_rule":[{"Name":"r","SetSCL":-1,"SenderIpRanges":["192.0.2.1"],"FromScope":null,"StopRuleProcessing":false}]}"#;
    let mut tenant = Tenant::new(&[("ProviderSettingsExport", old)]);
    assert_eq!(
        tenant.apply(&[change("transport-rule", "r", Deed::Delete(Vec::new()))]),
        [""; 0]
    );
    assert!(
        tenant
            .text("ProviderSettingsExport")
            .ends_with(r#""transport_rule":[null]}"#)
    );
    assert_eq!(tenant.read().reads[0].objects, 0);
    let new = vec![
        ("SetSCL", Value::Number(-1)),
        ("SenderIpRanges", Value::Texts(texts(&["192.0.2.1"]))),
    ];
    assert_eq!(
        tenant.apply(&[change("transport-rule", "s", Deed::Create(new))]),
        [""; 0]
    );
    assert_eq!(tenant.rules("transport-rule/s").len(), 1);
    let old = r#"{"resources":[{"displayName":"x","resourceType":"microsoft.exchange.transportrule","properties":{"Name":"r","SetSCL":"-1","SenderIpRanges":["192.0.2.1"]}},{"resourceType":"microsoft.exchange.organizationconfig","properties":{"Name":"o","RejectDirectSend":false}}]}"#;
    let mut tenant = Tenant::new(&[("snapshot", old)]);
    let new = vec![("SetSCL", Value::Number(-1))];
    let changes = [
        change("transport-rule", "r", Deed::Delete(Vec::new())),
        change("transport-rule", "s", Deed::Create(new)),
        change(
            "organization-config",
            "o",
            Deed::Edit(vec![set("RejectDirectSend", Value::Flag(true))]),
        ),
    ];
    assert_eq!(tenant.apply(&changes), [""; 0]);
    assert_eq!(tenant.rules("transport-rule/r").len(), 0);
    assert_eq!(tenant.rules("transport-rule/s").len(), 1);
}

#[test]
fn what_cannot_be_applied_is_refused_alone() {
    let mut tenant = rules();
    let edit = |name, edits| change("transport-rule", name, Deed::Edit(edits));
    let changes = [
        edit("nobody", vec![set("Mode", word("Enforce"))]),
        edit("second", vec![set("Mode", word("Enforce"))]),
        edit(
            "second",
            vec![set("State", word("Enabled")), set("Mode", word("Audit"))],
        ),
        edit("first", vec![remove("SenderIpRanges", &["192.0.2.77"])]),
        change("transport-rule", "third", Deed::Delete(Vec::new())),
        edit("third", vec![set("Mode", word("Audit"))]),
        change("remote-domain", "x", Deed::Create(Vec::new())),
    ];
    assert_eq!(
        tenant.apply(&changes),
        [
            "0 the exports have no object of this name",
            "2 another change gives the same setting another value",
            "3 `SenderIpRanges` has no entry `192.0.2.77`",
            "5 another change removes the object",
            "6 there is no export of `Get-RemoteDomain` to put it into",
        ]
    );
    assert!(
        tenant
            .text("Get-TransportRule")
            .contains("\"State\": \"Disabled\",\n    \"Mode\": \"Enforce\"")
    );
    let twice = r#"[{"Name":"r","SetSCL":-1,"Mode":"Audit","mode":"Audit","SenderIpRanges":[],"FromScope":null}]"#;
    let mut tenant = Tenant::new(&[("Get-TransportRule", twice)]);
    assert_eq!(
        tenant.apply(&[edit("r", vec![set("Mode", word("Enforce"))])]),
        ["0 `Mode` stands twice in the object"]
    );
    let broken = r#"[{"Name":"r","SetSCL":-1,"Mode":"Audit","SenderIpRanges":[],"FromScope":null},]"#;
    let mut tenant = Tenant::new(&[("Get-TransportRule", broken)]);
    assert_eq!(
        tenant.apply(&[edit("r", vec![set("Mode", word("Enforce"))])]),
        ["0 the file is not JSON throughout"]
    );
}

#[test]
fn what_is_undone_is_as_it_was() {
    let mut tenant = rules();
    let before = tenant.read().path;
    let priority = Edit::Set {
        setting: "Priority",
        before: Value::Number(2),
        after: Value::Number(0),
    };
    let mode = Edit::Set {
        setting: "Mode",
        before: word("Audit"),
        after: word("Enforce"),
    };
    let changes = [
        change("transport-rule", "third", Deed::Edit(vec![priority])),
        change("transport-rule", "second", Deed::Edit(vec![mode])),
        change(
            "transport-rule",
            "first",
            Deed::Edit(vec![
                add("SenderIpRanges", &["192.0.2.2"]),
                remove("SenderDomainIs", &["a.example"]),
            ]),
        ),
    ];
    assert_eq!(tenant.apply(&changes), [""; 0]);
    let undone: Vec<Change> = changes.iter().rev().map(Change::undone).collect();
    assert_eq!(tenant.apply(&undone), [""; 0]);
    let after = tenant.read().path;
    let shape = |path: &crate::path::MailPath| {
        let rules = path.stages.iter().flat_map(|stage| &stage.rules);
        rules
            .map(|rule| {
                let entries = rule
                    .lists
                    .iter()
                    .flat_map(|list| &list.entries)
                    .map(|entry| entry.text.clone());
                (rule.object.clone(), in_force(rule), entries.collect::<Vec<_>>())
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(shape(&before), shape(&after));
}
