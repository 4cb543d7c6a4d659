//! Holds findings against the other evaluator: the witness of a finding, walked as one message, must show the fault.

use std::collections::{BTreeMap, BTreeSet};

use allowaudit::allow::address::{Address, Sender};
use allowaudit::allow::domain::Domain;
use allowaudit::allow::header::HeaderName;
use allowaudit::check::{Finding, Group, Witness};
use allowaudit::message::{Concern, Concerns, Message, auth};
use allowaudit::path::walk::{Journey, Standing};
use allowaudit::path::{Effect, MailPath, Verdict};

/// Concerns that a stream may need cleared.
const ASKED: Concerns = Concerns::of(&[
    Concern::DmarcAction,
    Concern::Spoof,
    Concern::Impersonation,
    Concern::Bulk,
    Concern::Spam,
    Concern::HighConfidenceSpam,
    Concern::Phish,
    Concern::HighConfidencePhish,
    Concern::AttachmentDetonation,
    Concern::LinkScan,
    Concern::LinkClick,
]);

/// Says how the walk of a finding's witness contradicts the finding, if it does.
pub fn contradiction(path: &MailPath, finding: &Finding) -> Option<String> {
    let witness = finding.witness.as_ref()?;
    let message = match message(witness) {
        Ok(message) => message,
        Err(error) => return Some(format!("the witness is no message: {error}")),
    };
    let journey = match witness.entry {
        Some("smtp-direct") => path.walk_from(path.entry_past_hops(), &message),
        Some("api") => path.walk_from(path.entry_into_mailbox(), &message),
        _ => path.walk(&path.masked_message(&message)),
    };
    let standings = || {
        journey
            .stages
            .iter()
            .flat_map(|stage| &stage.concerns)
            .filter(|(concern, _)| ASKED.has(*concern))
    };
    let raised = standings().any(|(_, standing)| *standing == Standing::Raised);
    let open = standings().any(|(_, standing)| matches!(standing, Standing::Unknown(..)));
    let ended = ends(path, &journey);
    let (shown, claim) = match (finding.check, finding.group) {
        ("mail-blocked" | "mail-rejected-at-edge", _) => (
            // A witness does not say what it links to, so a block by its links is undecided for it.
            ended.is_some_and(|(stage, _)| Some(stage) == finding.stage)
                || journey
                    .stages
                    .iter()
                    .any(|result| result.verdict.is_none() && Some(path.stages[result.stage].id) == finding.stage),
            "its way does not end at the stage of the finding",
        ),
        // Mail that nobody said is sent, since the pack leaves a field open, may be judged for sure.
        ("cannot-tell", _) => (
            open || ended.is_some()
                || raised && stopped(path, &journey)
                || journey.stages.iter().any(|stage| stage.verdict.is_none()),
            "nothing about it is undecided",
        ),
        // What is only taken back, or only lost behind another MX, is undecided rather than left.
        ("rule-shadowed" | "allow-too-weak", _) => (raised || open, "every concern is cleared"),
        // It may be the tenant's own wish that something is cleared, or that it is not.
        ("expectation-broken", _) => (true, ""),
        (_, Group::Delivery) => (raised, "no concern is held against it"),
        (_, Group::Safety) => (
            journey.skips_spam_filter == Some(true)
                || standings().any(|(_, standing)| matches!(standing, Standing::Cleared(_))),
            "nothing is cleared for it",
        ),
        _ => (true, ""),
    };
    (!shown).then(|| format!("walked, {claim}: {witness:?}"))
}

/// Where the way ends before the mailbox.
fn ends(path: &MailPath, journey: &Journey) -> Option<(&'static str, Verdict)> {
    let last = journey.stages.last()?;
    let verdict = last.verdict.filter(|verdict| *verdict > Verdict::Delivered)?;
    (last.stage + 1 < path.stages.len()).then(|| (path.stages[last.stage].id, verdict))
}

fn message(witness: &Witness) -> Result<Message, String> {
    let text = |slot: &Option<String>, what: &str| slot.clone().ok_or(format!("it has no {what}"));
    let ip = text(&witness.ip, "address")?
        .parse()
        .map_err(|error| format!("{error}"))?;
    let sender = |slot: &Option<String>, what: &str| {
        Sender::parse(&text(slot, what)?).map_err(|error| format!("{what}: {error}"))
    };
    let mut message = Message {
        ip,
        auth_ip: ip,
        mail_from: sender(&witness.mail_from, "envelope sender")?,
        from: sender(&witness.from, "header sender")?,
        dkim: BTreeSet::new(),
        dmarc: auth::DMARC.all(),
        spf: auth::SPF.all(),
        compauth: auth::COMPAUTH.all(),
        headers: BTreeMap::new(),
        to: Address::parse(&text(&witness.to, "recipient")?).map_err(|error| error.to_string())?,
        links: None,
        attachments: Some(false),
    };
    for domain in &witness.dkim {
        message
            .dkim
            .insert(Domain::parse(domain).map_err(|error| error.to_string())?);
    }
    for (name, value) in &witness.headers {
        let name = HeaderName::parse(name).map_err(|error| error.to_string())?;
        message.headers.insert(name, value.clone());
    }
    for result in &witness.auth {
        let (method, word) = result.split_once('=').ok_or("no result of authentication")?;
        let (slot, words) = match method {
            "dmarc" => (&mut message.dmarc, auth::DMARC),
            "spf" => (&mut message.spf, auth::SPF),
            _ => (&mut message.compauth, auth::COMPAUTH),
        };
        *slot = words.bit(word).ok_or("no result of authentication")?;
    }
    Ok(message)
}

/// Whether a rule kept the rules after it from a message.
fn stopped(path: &MailPath, journey: &Journey) -> bool {
    let steps = journey.stages.iter().flat_map(|stage| &stage.steps);
    let mut rules = steps.filter_map(|step| path.rule(step.at));
    rules.any(|rule| rule.effects.contains(&Effect::Stops))
}
