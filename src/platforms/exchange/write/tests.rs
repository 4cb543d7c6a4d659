//! Commands as the references name them, and names that are chosen to break quoting.

use proptest::prelude::*;
use tree_sitter::{Node, Parser};

use super::*;

fn change(kind: &'static str, name: &str, deed: Deed) -> Change {
    Change {
        kind,
        name: name.to_owned(),
        deed,
    }
}

fn strings(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn add(setting: &'static str, values: &[&str]) -> Edit {
    Edit::Add {
        setting,
        values: strings(values),
    }
}

fn remove(setting: &'static str, values: &[&str]) -> Edit {
    Edit::Remove {
        setting,
        values: strings(values),
    }
}

fn set(setting: &'static str, before: Value, after: Value) -> Edit {
    Edit::Set { setting, before, after }
}

fn word(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn texts(values: &[&str]) -> Value {
    Value::Texts(strings(values))
}

#[test]
fn commands_are_those_of_the_references() {
    let cases: Vec<(Change, &str, &str)> = vec![
        (
            change(
                "advanced-delivery-rule",
                "_Exe:PhishSimOverr:6fed4b63",
                Deed::Edit(vec![
                    add("Domains", &["a.example", "b.example"]),
                    remove("SenderIpRanges", &["192.0.2.1"]),
                ]),
            ),
            "Set-ExoPhishSimOverrideRule -Identity '_Exe:PhishSimOverr:6fed4b63' -AddDomains 'a.example','b.example' -RemoveSenderIpRanges '192.0.2.1'\n",
            "Set-ExoPhishSimOverrideRule -Identity '_Exe:PhishSimOverr:6fed4b63' -AddSenderIpRanges '192.0.2.1' -RemoveDomains 'a.example','b.example'\n",
        ),
        (
            change(
                "advanced-delivery-rule",
                "PhishSimOverrideRule",
                Deed::Create(vec![
                    ("Policy", word("PhishSimOverridePolicy")),
                    ("Domains", texts(&["a.example"])),
                    ("SenderIpRanges", texts(&["192.0.2.1"])),
                ]),
            ),
            "New-ExoPhishSimOverrideRule -Policy 'PhishSimOverridePolicy' -Domains 'a.example' -SenderIpRanges '192.0.2.1'\n",
            "Get-ExoPhishSimOverrideRule | Remove-ExoPhishSimOverrideRule\n",
        ),
        (
            change(
                "advanced-delivery-policy",
                "PhishSimOverridePolicy",
                Deed::Edit(vec![set("Enabled", Value::Flag(false), Value::Flag(true))]),
            ),
            "Set-PhishSimOverridePolicy -Identity 'PhishSimOverridePolicy' -Enabled $true\n",
            "Set-PhishSimOverridePolicy -Identity 'PhishSimOverridePolicy' -Enabled $false\n",
        ),
        (
            change(
                "transport-rule",
                "it's",
                Deed::Edit(vec![
                    set("State", word("Disabled"), word("Enabled")),
                    set("Mode", word("Audit"), word("Enforce")),
                    set("SenderIpRanges", Value::Nothing, texts(&["192.0.2.1", "192.0.2.2"])),
                    set("ExpiryDate", word("/Date(1777880642000)/"), Value::Nothing),
                ]),
            ),
            "Set-TransportRule -Identity 'it''s' -Mode 'Enforce' -SenderIpRanges '192.0.2.1','192.0.2.2' -ExpiryDate $null\n\
             Enable-TransportRule -Identity 'it''s'\n",
            "Disable-TransportRule -Identity 'it''s'\n\
             Set-TransportRule -Identity 'it''s' -ExpiryDate '2026-05-04T07:44:02Z' -SenderIpRanges $null -Mode 'Audit'\n",
        ),
        (
            change(
                "transport-rule",
                "new",
                Deed::Create(vec![
                    ("SenderIpRanges", texts(&["192.0.2.1"])),
                    ("SetSCL", Value::Number(-1)),
                    ("Priority", Value::Number(0)),
                ]),
            ),
            "New-TransportRule -Name 'new' -SenderIpRanges '192.0.2.1' -SetSCL -1 -Priority 0\n",
            "Remove-TransportRule -Identity 'new'\n",
        ),
        (
            change(
                "connection-filter",
                "",
                Deed::Edit(vec![
                    remove("IPAllowList", &["192.0.2.0/24"]),
                    add("IPAllowList", &["192.0.2.1"]),
                    set("EnableSafeList", Value::Flag(true), Value::Flag(false)),
                ]),
            ),
            "Set-HostedConnectionFilterPolicy -Identity 'Default' -IPAllowList @{Add='192.0.2.1'; Remove='192.0.2.0/24'} -EnableSafeList $false\n",
            "Set-HostedConnectionFilterPolicy -Identity 'Default' -EnableSafeList $true -IPAllowList @{Add='192.0.2.0/24'; Remove='192.0.2.1'}\n",
        ),
        (
            change(
                "tenant-list",
                "a.example",
                Deed::Delete(vec![
                    ("ListType", word("Sender")),
                    ("Value", word("a.example")),
                    ("Action", word("Block")),
                ]),
            ),
            "Remove-TenantAllowBlockListItems -ListType Sender -Entries 'a.example'\n",
            "New-TenantAllowBlockListItems -ListType Sender -Block -Entries 'a.example' -NoExpiration\n",
        ),
        (
            change(
                "tenant-list",
                "a.example",
                Deed::Delete(vec![
                    ("ListType", word("Url")),
                    ("Action", word("Allow")),
                    ("ExpirationDate", word("2026-12-01T10:00:00Z")),
                    ("Notes", word("o'clock")),
                ]),
            ),
            "Remove-TenantAllowBlockListItems -ListType Url -Entries 'a.example'\n",
            "New-TenantAllowBlockListItems -ListType Url -Allow -Entries 'a.example' -ExpirationDate '2026-12-01 10:00:00z' -Notes 'o''clock'\n",
        ),
        (
            change(
                "tenant-list-spoof",
                "375e76f1-eefb-1626-c8bc-5efefd057488",
                Deed::Delete(vec![
                    ("Identity", word("375e76f1-eefb-1626-c8bc-5efefd057488")),
                    ("SpoofedUser", word("a.example")),
                    ("SendingInfrastructure", word("192.0.2.0/24")),
                    ("SpoofType", word("External")),
                    ("Action", word("Block")),
                ]),
            ),
            "Remove-TenantAllowBlockListSpoofItems -Identity 'domain.com\\Default' -Ids '375e76f1-eefb-1626-c8bc-5efefd057488'\n",
            "New-TenantAllowBlockListSpoofItems -Identity 'Default' -Action Block -SpoofedUser 'a.example' -SendingInfrastructure '192.0.2.0/24' -SpoofType External\n",
        ),
        (
            change(
                "advanced-delivery-url",
                "~a.example~",
                Deed::Create(vec![("Action", word("Allow"))]),
            ),
            "New-TenantAllowBlockListItems -ListType Url -ListSubType AdvancedDelivery -Allow -Entries '~a.example~' -NoExpiration\n",
            "Remove-TenantAllowBlockListItems -ListType Url -ListSubType AdvancedDelivery -Entries '~a.example~'\n",
        ),
        (
            change(
                "inbound-connector",
                "gateway",
                Deed::Edit(vec![
                    set("TreatMessagesAsInternal", Value::Flag(true), Value::Flag(false)),
                    add("SenderIPAddresses", &["192.0.2.1"]),
                ]),
            ),
            "Set-InboundConnector -Identity 'gateway' -TreatMessagesAsInternal $false -SenderIPAddresses @{Add='192.0.2.1'}\n",
            "Set-InboundConnector -Identity 'gateway' -SenderIPAddresses @{Remove='192.0.2.1'} -TreatMessagesAsInternal $true\n",
        ),
    ];
    for (change, run, undo) in &cases {
        let snippet = write(change).unwrap_or_else(|| panic!("{}", change.object()));
        assert_eq!(snippet.run, *run);
        assert_eq!(snippet.undo, *undo);
        if let Some(preview) = &snippet.preview {
            assert!(preview.lines().all(|line| line.ends_with(" -WhatIf")), "{preview}");
        }
    }
}

#[test]
fn what_no_source_confirms_is_not_written() {
    for change in [
        change(
            "anti-phish-policy",
            "p",
            Deed::Edit(vec![set("Enabled", Value::Flag(false), Value::Flag(true))]),
        ),
        change(
            "transport-rule",
            "r",
            Deed::Edit(vec![add("SenderDomainIs", &["a.example"])]),
        ),
        change(
            "transport-rule",
            "r",
            Deed::Edit(vec![set("Description", word("a"), word("b"))]),
        ),
        change("transport-rule", " ", Deed::Delete(Vec::new())),
        change("connection-filter", "Default", Deed::Create(Vec::new())),
        change(
            "advanced-delivery-rule",
            "r",
            Deed::Edit(vec![set("Mode", word("Audit"), word("Enforce"))]),
        ),
        change("tenant-list", "a.example", Deed::Delete(Vec::new())),
        change("tenant-list-spoof", "a.example", Deed::Delete(Vec::new())),
        change("remote-domain", "r", Deed::Edit(vec![])),
        change("nonsense", "r", Deed::Delete(Vec::new())),
    ] {
        assert_eq!(write(&change), None, "{change:?}");
    }
    let listed = Deed::Delete(vec![("ListType", word("Sender")), ("Action", word("Allow"))]);
    let snippet = write(&change("tenant-list", "a.example", listed)).unwrap();
    assert_eq!(snippet.preview, None);
    assert!(snippet.undo.starts_with("# The entry had no end;"), "{}", snippet.undo);
    assert!(snippet.caution.is_some());
}

/// What `PowerShell` would take for a string, each with what it stands for.
fn literals(script: &str) -> Vec<String> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    let tree = parser.parse(script, None).unwrap();
    let root = tree.root_node();
    assert!(!root.has_error(), "{script}\n{}", root.to_sexp());
    let mut found = Vec::new();
    collect(root, script, &mut found);
    found
}

fn collect(node: Node<'_>, script: &str, found: &mut Vec<String>) {
    let text = &script[node.byte_range()];
    match node.kind() {
        "parenthesized_expression" => {
            let mut parts = Vec::new();
            units(node, script, &mut parts);
            found.push(String::from_utf16(&parts).unwrap());
        }
        "string_literal" => found.push(text[1..text.len() - 1].replace("''", "'")),
        // Nothing of another kind may hold anything that came from an export.
        _ => {
            let mut cursor = node.walk();
            for child in node.children(&mut cursor) {
                collect(child, script, found);
            }
        }
    }
}

/// The terms of a sum of strings and characters.
fn units(node: Node<'_>, script: &str, parts: &mut Vec<u16>) {
    let text = &script[node.byte_range()];
    match node.kind() {
        "string_literal" => parts.extend(text[1..text.len() - 1].replace("''", "'").encode_utf16()),
        "cast_expression" => {
            let code = text.strip_prefix("[char]0x").unwrap_or_else(|| panic!("{text}"));
            parts.push(u16::from_str_radix(code, 16).unwrap());
        }
        _ => {
            let mut cursor = node.walk();
            for child in node.children(&mut cursor) {
                units(child, script, parts);
            }
        }
    }
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("'; Remove-Mailbox *".to_owned()),
        Just("a\nRemove-Mailbox *".to_owned()),
        Just("$(Remove-Mailbox *)".to_owned()),
        Just("`'; x".to_owned()),
        Just("\u{2019}; Remove-Mailbox *; \u{2018}".to_owned()),
        Just("\u{202e}evil\u{2069}\u{200b}".to_owned()),
        Just("-Force".to_owned()),
        Just("@{Add='x'}".to_owned()),
        Just("<# #> ; #".to_owned()),
        Just("--% & calc".to_owned()),
        Just("{ } | ForEach-Object { }".to_owned()),
        Just("x".repeat(10_000)),
        Just("'".repeat(40)),
        Just("Über 漢字 😀\0".to_owned()),
        "[ -~]{1,12}",
        any::<String>().prop_filter("a name", |name| !name.trim().is_empty()),
    ]
    .prop_filter("a name", |name| !name.trim().is_empty())
}

/// A change of every kind with the texts in every place.
fn changes(name: &str, values: &[String]) -> Vec<Change> {
    let all = || Value::Texts(values.to_vec());
    let first = || Value::Text(values[0].clone());
    let add = |setting| Edit::Add {
        setting,
        values: values.to_vec(),
    };
    let remove = |setting| Edit::Remove {
        setting,
        values: values.to_vec(),
    };
    let edit = |kind, edits| change(kind, name, Deed::Edit(edits));
    let row = || {
        vec![
            ("ListType", word("Sender")),
            ("Action", word("Block")),
            ("Notes", first()),
        ]
    };
    let pair = || {
        vec![
            ("SpoofedUser", first()),
            ("SendingInfrastructure", first()),
            ("SpoofType", word("External")),
            ("Action", word("Allow")),
        ]
    };
    vec![
        edit("advanced-delivery-rule", vec![add("Domains"), remove("SenderIpRanges")]),
        change(
            "advanced-delivery-rule",
            name,
            Deed::Create(vec![("Domains", all()), ("SenderIpRanges", all())]),
        ),
        edit(
            "advanced-delivery-policy",
            vec![set("Enabled", Value::Flag(false), Value::Flag(true))],
        ),
        edit("connection-filter", vec![add("IPAllowList"), remove("IPBlockList")]),
        edit(
            "content-filter-policy",
            vec![remove("AllowedSenders"), remove("BlockedSenderDomains")],
        ),
        edit("anti-phish-policy", vec![add("ExcludedDomains")]),
        edit("safe-links-policy", vec![remove("DoNotRewriteUrls")]),
        edit("inbound-connector", vec![add("SenderIPAddresses")]),
        edit(
            "transport-rule",
            vec![
                set("State", word("Disabled"), word("Enabled")),
                set("SenderIpRanges", all(), Value::Nothing),
                set("FromAddressMatchesPatterns", Value::Nothing, all()),
                set("HeaderContainsMessageHeader", Value::Nothing, first()),
                add("ExceptIfSenderIpRanges"),
            ],
        ),
        change(
            "transport-rule",
            name,
            Deed::Create(vec![
                ("SenderDomainIs", all()),
                ("SetHeaderValue", first()),
                ("SetSCL", Value::Number(-1)),
            ]),
        ),
        change("transport-rule", name, Deed::Delete(Vec::new())),
        change("tenant-list", name, Deed::Create(row())),
        change("tenant-list", name, Deed::Delete(row())),
        change("tenant-list-spoof", name, Deed::Create(pair())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hostile_names_stay_inside_strings(name in hostile(), values in proptest::collection::vec(hostile(), 1..3)) {
        for change in changes(&name, &values) {
            let snippet = write(&change).unwrap_or_else(|| panic!("{}", change.kind));
            let harmless = write(&changes("n", &vec!["v".to_owned(); values.len()])
                .into_iter()
                .find(|other| other.kind == change.kind && std::mem::discriminant(&other.deed) == std::mem::discriminant(&change.deed))
                .unwrap())
            .unwrap();
            let pairs = [
                (Some(&snippet.run), Some(&harmless.run)),
                (Some(&snippet.undo), Some(&harmless.undo)),
                (snippet.preview.as_ref(), harmless.preview.as_ref()),
            ];
            for (script, like) in pairs {
                let (Some(script), Some(like)) = (script, like) else {
                    prop_assert_eq!(script.is_some(), like.is_some());
                    continue;
                };
                let (found, expected) = (literals(script), literals(like));
                let unlike = |text: &String| {
                    let number = |wanted: &str| usize::from(text == wanted);
                    (number("n"), number("v"))
                };
                // As many strings as with harmless names, each of them one of the texts to the letter.
                prop_assert_eq!(found.len(), expected.len(), "{}", script);
                for (text, like) in found.iter().zip(&expected) {
                    match unlike(like) {
                        (1, _) => prop_assert_eq!(text, &name),
                        (_, 1) => prop_assert!(values.contains(text), "{:?}", text),
                        _ => prop_assert_eq!(text, like),
                    }
                }
                // The commands around the strings are the same.
                prop_assert_eq!(script.lines().count(), like.lines().count());
                prop_assert!(script.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)));
            }
        }
    }
}

#[test]
fn heads_are_comments_and_what_cannot_be_undone_is_said() {
    let gone = change(
        "transport-rule",
        "x\nRemove-Mailbox *",
        Deed::Delete(vec![("Unknown", Value::Nothing)]),
    );
    let head = (POWERSHELL.head)(std::slice::from_ref(&gone));
    assert!(head.lines().all(|line| line.starts_with("# ")), "{head}");
    let snippet = write(&gone).unwrap();
    assert_eq!(literals(&(head + &snippet.run)), ["x\nRemove-Mailbox *"]);
    let said = literals(&snippet.undo);
    assert!(
        snippet.undo.starts_with("Write-Warning ") && said.len() == 1,
        "{}",
        snippet.undo
    );
    assert!(said[0].contains("transport-rule/x\nRemove-Mailbox *"));
}
