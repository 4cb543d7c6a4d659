//! What all drafts about a fault share.

use crate::check::Draft;
use crate::evidence::diagnosis::Fault;
use crate::evidence::{Evidence, words};

/// A draft about a fault, with everything but the words and labels.
pub(super) fn of(evidence: &Evidence<'_>, fault: &Fault) -> Draft {
    let (vendor, stream) = words::owner(evidence, &fault.streams);
    Draft {
        vendor,
        stream,
        stage: Some(evidence.stage_id(fault.first.stage)),
        witness: words::witness(evidence, &fault.streams, &fault.first.part),
        ..Draft::default()
    }
}
