//! Tenant files, `allowaudit.toml`: what the exports cannot say.
//!
//! It knows packs and policies, and nothing of what an export holds.

mod answers;
mod forms;
mod model;
mod read;

pub use answers::{answers, fits, packs_of};
pub use model::{
    Answer, AnsweredBy, Deliveries, Exception, ExportNote, Hop, Mailbox, MailboxKind, Offboarded, Own, Tenant, Vendor,
};

use crate::document::toml;
use crate::form::{self, Fields, Log};
use crate::problem::Problem;
use crate::source::{SourceId, Sources};

/// Reads one tenant file. `checks` are the names an exception may have.
pub fn read(sources: &Sources, id: SourceId, checks: &[&str]) -> (Tenant, Vec<Problem>) {
    let text = sources.get(id).text();
    let (document, problems) = toml::parse(id, text);
    let mut log = Log::new(problems, document.is_complete());
    let fields = Fields::read(&forms::TENANT, document.root(text), &mut log);
    let tenant = read::tenant(&fields, id, checks, &mut log);
    (tenant, log.finish())
}

/// The keys of a tenant file as JSON Schema.
pub fn schema() -> String {
    form::schema(&forms::TENANT)
}

#[cfg(test)]
mod tests;
