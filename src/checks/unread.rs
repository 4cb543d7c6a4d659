//! How the checks about keys that nobody reads tell: one finding per file and key.

use crate::check::Draft;
use crate::evidence::Evidence;
use crate::problem::Label;

/// Drafts for the unread keys that are conditions of rules, or those that are not.
pub(super) fn drafts(evidence: &Evidence<'_>, conditions: bool) -> Vec<Draft> {
    let wanted = evidence
        .facts
        .unread
        .iter()
        .filter(|unread| unread.condition == conditions);
    wanted
        .map(|unread| {
            let objects = if unread.count == 1 {
                "object has"
            } else {
                "objects have"
            };
            Draft {
                message: if conditions {
                    format!(
                        "`{}` of {} is no condition or action this version models; {} {objects} it",
                        unread.key, unread.kind, unread.count
                    )
                } else {
                    format!(
                        "`{}` of {} is not read by this version; {} {objects} it",
                        unread.key, unread.kind, unread.count
                    )
                },
                help: if conditions {
                    "check by hand what rules with it do to the vendors' mail".to_owned()
                } else {
                    "nothing, unless the setting decides about mail; then check it by hand".to_owned()
                },
                value: format!("{}/{}", unread.kind, unread.key.to_ascii_lowercase()),
                labels: vec![Label::new(unread.span, "first here")],
                ..Draft::default()
            }
        })
        .collect()
}
