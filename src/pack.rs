//! Vendor packs: what a vendor's mail looks like, with the source of every fact.
//!
//! Read from TOML, all mistakes at once. A pack knows nothing of tenants and of what a platform's settings mean.

mod answer;
mod consistency;
mod embedded;
mod forms;
mod merge;
mod model;
mod needs;
mod read;
mod values;
mod words;

pub use answer::parse as parse_answer;
pub use embedded::{PACKS, SIDE_FILES};
pub use merge::{attach, resolve};
pub use model::{
    Advice, Companion, Given, Grant, Needs, Pack, PackSource, Parameter, Parsed, Scope, SendLog, Stream, Value, When,
};
pub use words::{
    Clears, Delivery, Grade, GrantKind, LogColumn, LogStatus, ParameterType, Pick, Sharing, SmtpWhenApi, Status,
    StreamKind, Strength, Window,
};

use consistency::Declared;

use crate::document::{Node, toml};
use crate::form::{self, Fields, Log};
use crate::problem::Problem;
use crate::source::{SourceId, Sources};

/// Reads one pack. There is none if the text has no id.
///
/// What a pack that extends another cites is only known after [`resolve`].
pub fn read(sources: &Sources, id: SourceId) -> (Option<Pack>, Vec<Problem>) {
    let text = sources.get(id).text();
    let (document, problems) = toml::parse(id, text);
    let mut log = Log::new(problems, document.is_complete());
    let fields = Fields::read(&forms::PACK, document.root(text), &mut log);
    let mut pack = read::pack(&fields, &mut log);
    if let Some(pack) = &mut pack {
        merge::settle(pack);
        consistency::repeated(pack, &mut log);
        if pack.extends.is_none() {
            consistency::references(pack, &Declared::written(&fields), &mut log);
        }
    }
    (pack, log.finish())
}

/// Reads the packs that come with the program, side files and extended packs included, sorted by file name.
pub fn embedded(sources: &mut Sources) -> (Vec<Pack>, Vec<Problem>) {
    let mut packs = Vec::new();
    let mut problems = Vec::new();
    for &(file, text) in PACKS {
        let id = sources.add_text(format!("vendors/{file}"), text);
        let (pack, found) = read(sources, id);
        problems.extend(found);
        let Some(mut pack) = pack else { continue };
        for named in pack.side_files() {
            let Some(&(_, text)) = SIDE_FILES.iter().find(|(file, _)| *file == named.value) else {
                continue;
            };
            let id = sources.add_text(format!("vendors/{}", named.value), text);
            problems.extend(attach(&mut pack, &named.value, sources, id));
        }
        packs.push(pack);
    }
    let resolved = packs.iter().map(|pack| {
        let lookup = |id: &str| packs.iter().find(|pack| pack.answers_to(id));
        resolve(pack.clone(), &lookup)
    });
    let (resolved, found): (Vec<Pack>, Vec<Vec<Problem>>) = resolved.unzip();
    problems.extend(found.into_iter().flatten());
    (resolved, problems)
}

/// What a tenant file gives for a parameter.
pub fn given(node: Node<'_>) -> Option<Given> {
    read::given(node)
}

/// The keys of a pack as JSON Schema.
pub fn schema() -> String {
    form::schema(&forms::PACK)
}

#[cfg(test)]
mod tests;
