//! What would mend a fault, said of the path and of no product.
//!
//! Checks ask for remedies; which settings bring them about is the platform's business, and whether they may be
//! printed is decided by auditing again with them in place.

use crate::source::Span;

use super::RuleAt;

/// What a check asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remedy {
    /// All mail of a stream is to pass.
    Admit {
        /// Vendor pack id.
        vendor: String,
        /// Stream id.
        stream: String,
        /// The control that lets most of it pass already, where there is one.
        by: Option<RuleAt>,
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
        /// The entry, by its place.
        entry: Span,
    },
    /// A rule is to ask for the hosts of those who need it, too; or to go, where nobody needs it.
    Confine {
        /// The rule.
        rule: RuleAt,
        /// Whether it is about mail in the tenant's own name, so that hosts of the tenant may need it.
        own: bool,
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
    /// A setting that grants more than an allow does is to be switched off. An index into
    /// [`MailPath::grants`](super::MailPath::grants).
    Revoke {
        /// The grant.
        grant: usize,
    },
}
