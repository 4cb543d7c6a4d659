//! The text of a new tenant file. Prose is written `# ...`, what can be put in force by deleting a sign `#key = ...`.

use std::fmt::Write as _;

use jiff::civil::Date;

use super::super::table::folded;
use super::detect::Shown;
use crate::audit::{Prepared, quoted};
use crate::pack::{Pack, Parameter, ParameterType};
use crate::platforms::PLATFORMS;
use crate::report::escape::line;

/// Entries that show a vendor, before "and more".
const MAX_SHOWN: usize = 3;

/// The text. Results of `write!` are dropped throughout: writing to a string cannot fail.
pub(super) fn tenant_file(prepared: &Prepared, vendors: &[Shown<'_>], now: Date) -> String {
    let mut out = String::new();
    prose(
        &mut out,
        &format!(
            "Tenant file of allowaudit, written by `allowaudit init` on {now}. It says what the exports cannot say. \
             Lines like `#key = ...` are examples: delete the sign to put one in force. `allowaudit schema tenant` \
             describes every key."
        ),
    );
    let _ = writeln!(out, "\nname = {}\n", quoted(&prepared.name));
    domains(&mut out, prepared);
    prose(
        &mut out,
        "Levels and limits: `baseline`, `strict`, `onboarding`, or the path of a policy of your own.",
    );
    out.push_str("#policy = \"baseline\"\n");
    title(&mut out, "vendors: whose mail must get through");
    if vendors.is_empty() {
        prose(
            &mut out,
            "No vendor was named, and no allow list shows one. `allowaudit pack list` shows the packs.",
        );
        out.push_str("#[[vendor]]\n#pack = \"huntress-sat\"\n");
    }
    for (at, vendor) in vendors.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        one_vendor(&mut out, vendor);
    }
    title(&mut out, "offboarded: former vendors, who must leave no trace");
    out.push_str("#[[offboarded]]\n#pack = \"knowbe4\"\n");
    title(&mut out, "own: hosts of your own, and the allows they explain");
    out.push_str("#[[own]]\n#name = \"on-premises scanner\"\n#networks = [\"198.51.100.0/28\"]\n");
    title(&mut out, "hop: filters in front of the mail platform, outermost first");
    out.push_str("#[[hop]]\n#platform = \"mimecast\"\n#egress = [\"203.0.113.0/24\"]\n");
    exports(&mut out, prepared);
    title(&mut out, "exception: findings that are accepted; they stay visible");
    out.push_str(
        "#[[exception]]\n#check = \"mail-not-cleared\"\n#where = \"transport-rule/Scanner\"\n\
         #reason = \"on-premises scanner, ticket 4711\"\n#expires = 2027-03-01\n",
    );
    out
}

fn title(out: &mut String, text: &str) {
    let _ = writeln!(out, "\n# ---- {text}");
}

fn prose(out: &mut String, text: &str) {
    for text in folded(text, 96) {
        let _ = writeln!(out, "# {text}");
    }
}

fn domains(out: &mut String, prepared: &Prepared) {
    match prepared.domains.as_deref() {
        Some(domains) if !domains.is_empty() => {
            prose(
                out,
                "Domains of the recipients. Omitted, these, from the export of accepted domains.",
            );
            let domains: Vec<String> = domains.iter().map(|domain| quoted(domain.value.as_str())).collect();
            if domains.join(", ").len() <= 80 {
                let _ = writeln!(out, "#domains = [{}]\n", domains.join(", "));
            } else {
                let _ = writeln!(out, "#domains = [\n#  {},\n#]\n", domains.join(",\n#  "));
            }
        }
        _ => {
            prose(
                out,
                "Domains of the recipients. No export of accepted domains was found, so they should be named here.",
            );
            out.push_str("#domains = [\"contoso.example\"]\n\n");
        }
    }
}

fn one_vendor(out: &mut String, vendor: &Shown<'_>) {
    let pack = vendor.pack;
    prose(out, &line(&pack.name.value));
    for by in vendor.by.iter().take(MAX_SHOWN) {
        let _ = writeln!(out, "# shown by {by}");
    }
    if let Some(more) = vendor.by.len().checked_sub(MAX_SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(out, "# and by {more} more");
    }
    let _ = writeln!(out, "[[vendor]]\npack = {}", quoted(&pack.id.value));
    let streams: Vec<String> = pack
        .streams
        .iter()
        .map(|stream| quoted(stream.id.value.as_str()))
        .collect();
    optional(
        out,
        &format!("streams = [{}]", streams.join(", ")),
        "omitted, all of them",
    );
    let mut deliveries: Vec<&str> = pack
        .streams
        .iter()
        .flat_map(|stream| stream.deliveries.iter().map(|delivery| delivery.value.as_str()))
        .collect();
    deliveries.sort_unstable();
    deliveries.dedup();
    let default = pack.streams.first().map(|stream| stream.default_delivery().as_str());
    if let (Some(default), true) = (default, deliveries.len() > 1) {
        optional(
            out,
            &format!("delivery = {}", quoted(default)),
            &format!("or {}", others(&deliveries, default)),
        );
    }
    for (key, words) in [("region", scopes(pack, true)), ("cohort", scopes(pack, false))] {
        if let Some(first) = words.first() {
            let others = others(&words.iter().map(String::as_str).collect::<Vec<_>>(), first);
            let about = if others.is_empty() {
                "omitted, any".to_owned()
            } else {
                format!("or {others}; omitted, any")
            };
            optional(out, &format!("{key} = {}", quoted(first)), &about);
        }
    }
    optional(
        out,
        "until = 2027-12-31",
        "end of the contract; afterwards its entries are residue",
    );
    for parameter in &pack.parameters {
        one_parameter(out, parameter);
    }
}

fn others(words: &[&str], first: &str) -> String {
    let others: Vec<&str> = words.iter().copied().filter(|word| *word != first).collect();
    others.join(", ")
}

/// The regions or cohorts a pack tells apart.
fn scopes(pack: &Pack, regions: bool) -> Vec<String> {
    let scopes = pack
        .values
        .iter()
        .map(|value| &value.scope)
        .chain(pack.parameters.iter().map(|parameter| &parameter.scope));
    let mut words: Vec<String> = scopes
        .flat_map(|scope| if regions { &scope.regions } else { &scope.cohorts })
        .map(|word| word.value.clone())
        .collect();
    words.sort();
    words.dedup();
    words
}

fn optional(out: &mut String, setting: &str, about: &str) {
    let _ = writeln!(out, "#{setting:34} # {about}");
}

fn one_parameter(out: &mut String, parameter: &Parameter) {
    let required = if parameter.required {
        "Required: without it nothing can be said about this mail."
    } else {
        "Optional."
    };
    let place = parameter.place.as_ref().map_or_else(String::new, |place| {
        format!(" Found at: {}", line(&place.value).trim_end_matches('.'))
    });
    prose(out, &format!("{required}{place}"));
    let example = match parameter.kind.value {
        ParameterType::Networks => "[\"192.0.2.7\"]",
        ParameterType::Domains => "[\"mail.example\"]",
        ParameterType::Addresses => "[\"sender@mail.example\"]",
        ParameterType::Text => "\"example\"",
        ParameterType::Flag => "true",
    };
    let _ = writeln!(out, "#values.{} = {example}", parameter.id.value);
}

fn exports(out: &mut String, prepared: &Prepared) {
    title(out, "export: what a file cannot say of itself");
    prose(
        out,
        "An export that returned nothing, or when one was taken; the date of a file is never taken for that.",
    );
    let unclaimed: Vec<&str> = prepared
        .unclaimed
        .iter()
        .map(|id| prepared.sources.get(*id).name.as_str())
        .filter(|name| name.to_ascii_lowercase().ends_with(".json"))
        .collect();
    let (file, known) = match unclaimed.as_slice() {
        [] => (vec!["connection-filter.json"], true),
        found => (found.to_vec(), false),
    };
    for file in file {
        if !known {
            out.push('\n');
            prose(
                out,
                "This file was not recognised. If its command returned nothing, say of what:",
            );
        }
        let _ = writeln!(
            out,
            "#[[export]]\n#file = {}\n#kind = \"exchange/connection-filter\"\n#taken = 2026-11-20\n#empty = true",
            quoted(file),
        );
    }
    let missing = missing(prepared);
    if !missing.is_empty() {
        out.push('\n');
        prose(
            out,
            "Not found in this folder, and needed for an answer. Run in Exchange Online PowerShell:",
        );
        for command in missing {
            let _ = writeln!(out, "#   {command}");
        }
    }
}

fn missing(prepared: &Prepared) -> Vec<String> {
    let here = |kind: &str| prepared.reads.iter().any(|read| read.kind == kind);
    PLATFORMS
        .iter()
        .filter(|platform| platform.id == prepared.platform)
        .flat_map(|platform| (platform.exports)())
        .filter(|export| export.needed && !here(export.kind))
        .map(|export| export.command)
        .collect()
}
