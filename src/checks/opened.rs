//! How the checks about allows that others can use tell: one finding per hole, the entry underlined.

use crate::check::{Draft, Witness};
use crate::evidence::holes::{Hole, Question};
use crate::evidence::{Evidence, words};
use crate::path::{Entry, List, Rule};
use crate::problem::{Label, Level};

/// A hole with what it is about.
pub(super) struct Opened<'a> {
    pub hole: &'a Hole,
    pub rule: &'a Rule,
    pub list: Option<&'a List>,
    pub entry: Option<&'a Entry>,
}

impl Opened<'_> {
    /// The entry as written, or the name of the rule.
    pub fn value(&self) -> &str {
        self.entry
            .map_or_else(|| words::bare(&self.rule.object), |entry| entry.text.as_str())
    }

    /// The object at fault: the entry where it is one.
    pub fn object(&self) -> String {
        let own = self
            .entry
            .and_then(|entry| entry.detail.as_ref())
            .map(|detail| detail.object.clone());
        own.unwrap_or_else(|| self.rule.object.clone())
    }

    /// A draft with everything but the words.
    pub fn draft(&self, evidence: &Evidence<'_>, message: String, help: String, text: &str) -> Draft {
        let mut labels = Vec::new();
        match self.entry {
            Some(entry) => {
                labels.push(Label::new(entry.span, text));
                // An entry that is an object of its own is in nothing.
                if entry.detail.is_none() && self.rule.origin != entry.span {
                    labels.push(Label::new(self.rule.origin, "in this"));
                }
            }
            None => labels.push(Label::new(self.rule.origin, text)),
        }
        labels.extend(
            self.hole
                .inside
                .map(|span| Label::new(span, "this is what the vendor needs")),
        );
        Draft {
            message,
            help,
            stage: Some(evidence.stage_id(self.hole.rule.stage)),
            object: Some(self.object()),
            value: self.value().to_ascii_lowercase(),
            labels,
            witness: (self.hole.witness.as_ref()).map(|message| Witness::of(message).straight(self.hole.straight)),
            ..Draft::default()
        }
    }
}

/// The holes that raise a question.
pub(super) fn holes<'a>(evidence: &'a Evidence<'_>, question: Question) -> Vec<Opened<'a>> {
    evidence
        .holes
        .iter()
        .filter(|hole| hole.question == question)
        .filter_map(|hole| {
            let rule = evidence.facts.path.rule(hole.rule)?;
            let list = hole.entry.and_then(|(list, _)| rule.lists.get(list));
            let entry = hole
                .entry
                .and_then(|(list, entry)| rule.lists.get(list)?.entries.get(entry));
            Some(Opened {
                hole,
                rule,
                list,
                entry,
            })
        })
        .collect()
}

/// What mail skips by an allow, for messages.
pub(super) fn skipped(rule: &Rule) -> String {
    use crate::message::Concern;
    let clears = rule.clears();
    if clears.has(Concern::HighConfidencePhish) {
        "every filter but malware".to_owned()
    } else if clears.has(Concern::Spam) {
        "the spam filter".to_owned()
    } else {
        words::filters(clears)
    }
}

/// What to do about an entry that others can meet as well.
pub(super) fn narrow(rule: &Rule) -> &'static str {
    match rule.control {
        "advanced-delivery" => {
            "ask the vendor for hosts or a domain that nobody else sends from; Advanced Delivery cannot ask for more"
        }
        "spoof-pairs" => "name the sending infrastructure more narrowly, or take the pair out",
        "transport-rule" => {
            "ask for something that nobody else has as well: the vendor's addresses, or its domain with a `dmarc=pass` result"
        }
        // Lists of values, which have no second condition.
        _ => {
            "take it out; let the mail through by Advanced Delivery, or by a mail flow rule that also asks for the vendor's addresses"
        }
    }
}

/// Anti-spam lists ask mail of the tenant's own domains to pass authentication, so a mistake there weighs less.
pub(super) fn own_level(rule: &Rule) -> Level {
    if rule.control == "anti-spam-allow" {
        Level::Warn
    } else {
        Level::Deny
    }
}
