//! Our tape against `serde_json::Value` on one synthetic export of transport rules, indented and compact.
//!
//! Both are measured in one run, so that only the ratio counts. Dropping the result is left out.

use std::sync::LazyLock;

use allowaudit::document;
use allowaudit::source::{SourceId, Sources};
use divan::Bencher;
use divan::counter::BytesCount;
use serde_json::{Value, json};

/// As `ConvertTo-Json` of PowerShell 7 indents.
static PRETTY: LazyLock<String> = LazyLock::new(|| serde_json::to_string_pretty(&export()).unwrap_or_default());
static COMPACT: LazyLock<String> = LazyLock::new(|| serde_json::to_string(&export()).unwrap_or_default());
static SOURCE: LazyLock<SourceId> = LazyLock::new(|| Sources::new().add_text("export.json", ""));

#[expect(clippy::print_stdout, reason = "the sizes belong to the figures")]
fn main() {
    for (name, text) in [("pretty", &*PRETTY), ("compact", &*COMPACT)] {
        let (document, problems) = document::json::parse(*SOURCE, text);
        assert!(problems.is_empty());
        println!(
            "{name}: {} bytes of text, {} bytes of tape",
            text.len(),
            document.size()
        );
    }
    divan::main();
}

fn text_of(name: &str) -> &'static str {
    if name == "pretty" { &PRETTY } else { &COMPACT }
}

#[divan::bench(args = ["pretty", "compact"], sample_count = 30)]
fn tape(bencher: Bencher<'_, '_>, name: &str) {
    let text = text_of(name);
    bencher
        .counter(BytesCount::of_str(text))
        .bench_local(|| document::json::parse(*SOURCE, divan::black_box(text)));
}

#[divan::bench(args = ["pretty", "compact"], sample_count = 30)]
fn serde_value(bencher: Bencher<'_, '_>, name: &str) {
    let text = text_of(name);
    bencher
        .counter(BytesCount::of_str(text))
        .bench_local(|| serde_json::from_str::<Value>(divan::black_box(text)));
}

/// A list of rules shaped like real ones: nearly two hundred keys, most of them null, some lists, some prose.
fn export() -> Value {
    (0..2_500).map(rule).collect()
}

fn rule(n: usize) -> Value {
    let mut rule = json!({
        "Name": format!("Phishing simulation {n}"),
        "Identity": format!("Phishing simulation {n}"),
        "DistinguishedName": format!("CN=Phishing simulation {n},CN=TransportVersioned,CN=Rules,CN=Transport Settings"),
        "Guid": format!("{n:08x}-0000-4000-8000-{n:012x}"),
        "State": "Enabled",
        "Mode": "Enforce",
        "Priority": n,
        "WhenChanged": "\\/Date(1777880642000)\\/",
        "Description": "If the message:\r\n\tIs received from 'Outside the organization'\r\nTake the following actions:\r\n\t\
            Set the spam confidence level (SCL) to '-1'\r\n",
        "Conditions": ["Microsoft.Exchange.MessagingPolicies.Rules.Tasks.SenderIpRangesPredicate"],
        "Exceptions": null,
        "Actions": ["Microsoft.Exchange.MessagingPolicies.Rules.Tasks.SetSclAction"],
        "RuleVersion": {"Major": 14, "Minor": 0, "Build": 0, "Revision": 0, "MajorRevision": 0, "MinorRevision": 0},
        "SenderIpRanges": [format!("198.51.100.{}", n % 256), format!("203.0.113.{}/32", n % 256)],
        "HeaderContainsMessageHeader": "X-PHISHTEST",
        "HeaderContainsWords": ["example", "simulation"],
        "SetSCL": -1,
        "StopRuleProcessing": false,
    });
    if let Some(members) = rule.as_object_mut() {
        for key in CONDITIONS.split_whitespace() {
            members.entry(key).or_insert(Value::Null);
            members.insert(format!("ExceptIf{key}"), Value::Null);
        }
        for key in ACTIONS.split_whitespace() {
            members.entry(key).or_insert(Value::Null);
        }
    }
    rule
}

const CONDITIONS: &str = "From FromMemberOf FromScope SentTo SentToMemberOf SentToScope BetweenMemberOf1 BetweenMemberOf2 \
    ManagerAddresses ManagerForEvaluatedUser SenderManagementRelationship ADComparisonAttribute ADComparisonOperator \
    SenderADAttributeContainsWords SenderADAttributeMatchesPatterns RecipientADAttributeContainsWords \
    RecipientADAttributeMatchesPatterns AnyOfToHeader AnyOfToHeaderMemberOf AnyOfCcHeader AnyOfCcHeaderMemberOf \
    AnyOfToCcHeader AnyOfToCcHeaderMemberOf HasClassification HasNoClassification SubjectContainsWords \
    SubjectOrBodyContainsWords HeaderContainsMessageHeader HeaderContainsWords FromAddressContainsWords SenderDomainIs \
    RecipientDomainIs SubjectMatchesPatterns SubjectOrBodyMatchesPatterns HeaderMatchesMessageHeader \
    HeaderMatchesPatterns FromAddressMatchesPatterns AttachmentNameMatchesPatterns AttachmentExtensionMatchesWords \
    AttachmentPropertyContainsWords ContentCharacterSetContainsWords HasSenderOverride \
    MessageContainsDataClassifications SenderIpRanges SCLOver AttachmentSizeOver MessageSizeOver WithImportance \
    MessageTypeMatches RecipientAddressContainsWords RecipientAddressMatchesPatterns SenderInRecipientList \
    RecipientInSenderList AttachmentContainsWords AttachmentMatchesPatterns AttachmentIsUnsupported \
    AttachmentProcessingLimitExceeded AttachmentHasExecutableContent AttachmentIsPasswordProtected";

const ACTIONS: &str = "PrependSubject SetAuditSeverity ApplyClassification ApplyHtmlDisclaimerLocation \
    ApplyHtmlDisclaimerText ApplyHtmlDisclaimerFallbackAction ApplyRightsProtectionTemplate SetHeaderName \
    SetHeaderValue RemoveHeader AddToRecipients CopyTo BlindCopyTo AddManagerAsRecipientType ModerateMessageByUser \
    ModerateMessageByManager RedirectMessageTo RejectMessageEnhancedStatusCode RejectMessageReasonText DeleteMessage \
    Disconnect Quarantine SmtpRejectMessageRejectText LogEventText SenderNotificationType GenerateIncidentReport \
    IncidentReportContent RouteMessageOutboundConnector RouteMessageOutboundRequireTls ApplyOME RemoveOME RemoveOMEv2 \
    GenerateNotification";
