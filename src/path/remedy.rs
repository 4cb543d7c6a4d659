//! What would mend a fault, said of the path and of no product.
//!
//! Checks ask for remedies; which settings bring them about is the platform's business, and whether they may be
//! printed is decided by auditing again with them in place.

use super::{MailPath, RuleAt};

/// What a check asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remedy {
    /// All mail of a stream is to pass, by the control that the platform recommends.
    Admit {
        /// Vendor pack id.
        vendor: String,
        /// Stream id.
        stream: String,
    },
    /// A rule that ends the way is to let a stream pass.
    Spare {
        /// The rule that ends the way.
        rule: RuleAt,
        /// Vendor pack id.
        vendor: String,
        /// Stream id.
        stream: String,
    },
    /// An entry is to leave its list.
    Withdraw {
        /// The rule.
        rule: RuleAt,
        /// Index of its list.
        list: usize,
        /// Index of the entry.
        entry: usize,
    },
    /// A rule is to ask for the hosts of those who need it, too.
    Confine {
        /// The rule.
        rule: RuleAt,
    },
    /// A rule that takes no part is to take part.
    Enforce {
        /// The rule.
        rule: RuleAt,
    },
    /// A rule is to be asked before another one.
    Precede {
        /// The rule.
        rule: RuleAt,
        /// The other.
        before: RuleAt,
    },
    /// A setting that grants more than an allow does is to be switched off. An index into [`MailPath::grants`].
    Revoke {
        /// The grant.
        grant: usize,
    },
}

impl Remedy {
    /// Its name in reports: the same for the same wish in another run over the same exports.
    pub fn id(&self, path: &MailPath) -> String {
        let object = |at: RuleAt| path.rule(at).map_or("", |rule| rule.object.as_str());
        match self {
            Self::Admit { vendor, stream } => format!("admit {vendor}/{stream}"),
            Self::Spare { rule, vendor, stream } => format!("spare {vendor}/{stream} from {}", object(*rule)),
            Self::Withdraw { rule, list, entry } => {
                let listed = path.rule(*rule).and_then(|rule| rule.lists.get(*list));
                let name = listed.map_or("", |list| list.name);
                let text = listed
                    .and_then(|list| list.entries.get(*entry))
                    .map_or("", |entry| entry.text.as_str());
                format!("withdraw {text} from {} {name}", object(*rule))
            }
            Self::Confine { rule } => format!("confine {}", object(*rule)),
            Self::Enforce { rule } => format!("enforce {}", object(*rule)),
            Self::Precede { rule, before } => format!("{} before {}", object(*rule), object(*before)),
            Self::Revoke { grant } => {
                let object = path.grants.get(*grant).map_or("", |grant| grant.object.as_str());
                format!("revoke {object}")
            }
        }
    }
}
