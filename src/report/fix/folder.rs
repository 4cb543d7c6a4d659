//! What `fix --output` leaves: for each tenant a script and its rollback a platform, the ticket, the proof, and the exports
//! as they will be.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use super::script::{self, Way};
use super::{Fix, json, markdown};

/// Name of the file that tells what was written, and that shows that a folder may be written again.
pub const PROOF: &str = "proof.json";

/// The files, by their path in the folder. One tenant lies in the folder itself, several have one each.
pub fn files(fixes: &[Fix], tool_version: &str) -> Vec<(PathBuf, String)> {
    let mut all: Vec<(PathBuf, String)> = Vec::new();
    if let [fix] = fixes {
        tenant(fix, Path::new(""), tool_version, &mut all);
    } else {
        let mut taken: BTreeSet<String> = [PROOF, "readme.md"].map(str::to_owned).into();
        let mut index = String::from("# What is to be changed\n\nOne folder a tenant.\n\n");
        for fix in fixes {
            let name = folder_name(&fix.before.name, &mut taken);
            let n_steps = fix.steps.len();
            let _ = writeln!(
                index,
                "- {}, in {}: {}",
                markdown::code(&fix.before.name),
                markdown::code(&name),
                super::words::count(n_steps, "change")
            );
            tenant(fix, Path::new(&name), tool_version, &mut all);
            let proof = json::render(std::slice::from_ref(fix), tool_version);
            all.push((Path::new(&name).join(PROOF), proof));
        }
        all.push((PathBuf::from("README.md"), index));
    }
    let mut written: Vec<String> = all.iter().map(|(path, _)| slashed(path)).collect();
    written.push(PROOF.to_owned());
    written.sort();
    let proof = json::render_with(fixes, tool_version, Some(&written));
    all.push((PathBuf::from(PROOF), proof));
    all
}

/// A path with slashes, whatever the system.
pub fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

fn tenant(fix: &Fix, folder: &Path, tool_version: &str, all: &mut Vec<(PathBuf, String)>) {
    let mut lines = String::from("\n## The files beside this one\n\n");
    for writer in fix.writers().iter().filter(|_| !fix.steps.is_empty()) {
        // The recommended language has the plain name.
        let is_first = fix.writers().first().is_some_and(|first| first.id == writer.id);
        let stem = if is_first {
            fix.platform.to_owned()
        } else {
            format!("{}-{}", fix.platform, writer.id)
        };
        let does = format!("{stem}.{}", writer.extension);
        let undoes = format!("{stem}-rollback.{}", writer.extension);
        let _ = writeln!(lines, "- `{does}` makes the changes, and `{undoes}` takes them back");
        if writer.id == "powershell" {
            lines.push_str("  - run without a parameter they change nothing; with `-Apply` they do\n");
        }
        all.push((folder.join(does), script::render(fix, writer, Way::Forth, tool_version)));
        all.push((
            folder.join(undoes),
            script::render(fix, writer, Way::Back, tool_version),
        ));
    }
    let _ = writeln!(lines, "- `{PROOF}` has all of this for programs");
    if !fix.files.is_empty() {
        lines.push_str(
            "- `patched` has the exports as they will be, in UTF-8; lay them over a copy of the others, and `allowaudit check` confirms the proof\n",
        );
    }
    let mut taken: BTreeSet<PathBuf> = BTreeSet::new();
    for file in &fix.files {
        let path = inside(&file.path, &mut taken);
        all.push((folder.join("patched").join(path), file.after.clone()));
    }
    let ticket = markdown::render(std::slice::from_ref(fix), tool_version, true);
    all.push((folder.join("README.md"), ticket + &lines));
}

/// The path of an export without whatever would lead out of the folder.
fn inside(path: &str, taken: &mut BTreeSet<PathBuf>) -> PathBuf {
    let normal = Path::new(path).components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    let mut wanted: PathBuf = normal.collect();
    if wanted.as_os_str().is_empty() {
        wanted = PathBuf::from("export");
    }
    let mut found = wanted.clone();
    let mut number = 2;
    while !taken.insert(found.clone()) {
        let mut name = wanted.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{number}"));
        found = wanted.with_file_name(name);
        number += 1;
    }
    found
}

/// A name for the folder of a tenant that every system takes.
fn folder_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let plain: String = name.chars().take(60).map(|c| if known(c) { c } else { '-' }).collect();
    let plain = plain.trim_matches(['.', '-', ' ']);
    let stem = plain.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let device = matches!(stem.as_str(), "con" | "prn" | "aux" | "nul")
        || (stem.len() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")));
    let wanted = match plain {
        "" => "tenant".to_owned(),
        plain if device => format!("tenant-{plain}"),
        plain => plain.to_owned(),
    };
    let mut found = wanted.clone();
    let mut number = 2;
    // Some systems do not tell large letters from small ones.
    while !taken.insert(found.to_ascii_lowercase()) {
        found = format!("{wanted}-{number}");
        number += 1;
    }
    found
}
