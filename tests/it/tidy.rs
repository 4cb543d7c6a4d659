//! The house in order: ranks, heads, sizes, tables, pages, and paths that documents quote.

use std::path::{Path, PathBuf};

use allowaudit::check::Group;
use allowaudit::checks::{CHECKS, RESERVED, names};
use allowaudit::source;

/// A module uses only modules of lower ranks, and itself.
///
/// Beyond the ranks that DESIGN.md explains:
/// - `spelling` reads the words that packs, policies and tenant files have in common, so it stands below all three;
/// - `form` reads those files key by key out of a `document`, so it stands between;
/// - `requirement` joins a pack with what the tenant says of it, so it stands above both and below what is judged;
/// - `audit` puts one audit together out of everything before it, so that the command line only parses and prints.
const RANKS: &[(&str, u32)] = &[
    ("source", 0),
    ("problem", 10),
    ("allow", 20),
    ("document", 30),
    ("message", 30),
    ("form", 35),
    ("spelling", 36),
    ("dns", 40),
    ("pack", 40),
    ("policy", 40),
    ("tenant", 50),
    ("requirement", 55),
    ("path", 60),
    ("platform", 70),
    ("platforms", 80),
    ("evidence", 90),
    ("check", 95),
    ("checks", 100),
    ("difference", 105),
    ("plan", 107),
    ("report", 120),
    ("audit", 125),
    ("cli", 130),
    ("lib", 140),
    ("main", 150),
];

/// Files of more than 400 lines, and why each stays one.
const LONG: &[(&str, &str)] = &[
    (
        "src/source.rs",
        "the only door to files: what is read, and where it stands",
    ),
    ("src/audit/prepare.rs", "the steps of reading one tenant, told in order"),
    ("src/evidence/holes.rs", "one question: who else could use an allow"),
    (
        "src/allow/address.rs",
        "one algebra: its operations only make sense together",
    ),
    (
        "src/allow/ip.rs",
        "one algebra: its operations only make sense together",
    ),
    ("src/allow/pattern.rs", "one grammar, from text to matcher"),
    (
        "src/evidence/diagnosis.rs",
        "one question: which cause takes which part",
    ),
    (
        "src/platforms/exchange/scope.rs",
        "one question: which policy holds for whom",
    ),
    (
        "src/message/set.rs",
        "one algebra: its operations only make sense together",
    ),
    ("src/pack/forms.rs", "the columns of every table of a pack"),
    ("src/pack/model.rs", "the nouns of a pack, mostly their descriptions"),
    ("src/pack/read.rs", "one reader a table of a pack"),
    ("src/path.rs", "the nouns of the path, mostly their descriptions"),
    ("src/path/guard.rs", "one predicate language with both its evaluators"),
    ("src/path/trace.rs", "one evaluator"),
    (
        "src/platforms/exchange/claim/signature.rs",
        "mostly the table of keys by which objects are known",
    ),
    ("src/platforms/exchange/conditions.rs", "mostly the table of conditions"),
    (
        "src/platforms/exchange/connectors.rs",
        "one kind of object, and what it means for three stages",
    ),
    ("src/platforms/exchange/kind.rs", "mostly the table of exports"),
    (
        "src/platforms/exchange/rules.rs",
        "one stage, half of it the table of actions",
    ),
    (
        "src/platforms/exchange/tenant_list.rs",
        "three lists that share their rows",
    ),
    ("src/report/human.rs", "one renderer"),
    (
        "src/report/human/window.rs",
        "one job: clipping a source around its labels",
    ),
    ("src/report/json/diff.rs", "one renderer, mostly its wire types"),
    ("src/requirement.rs", "from a pack to a set of messages, told in one go"),
];

/// Files of more than 700 lines: tables only.
const TABLES: &[(&str, &str)] = &[("src/platforms/exchange/kind/keys.rs", "the keys of every export")];

/// Files that are past 700 lines, are no tables, and wait to be taken apart. None may be added.
const OVERDUE: &[(&str, &str)] = &[];

#[test]
fn modules_use_only_lower_ranks() {
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        let own = module_of(&path);
        let rank = rank_of(&own).unwrap_or_else(|| panic!("`{own}` has no rank"));
        for (number, used) in used_modules(&shipped(&text)) {
            let Some(other) = rank_of(&used) else {
                wrong.push(format!("{}:{number}: `{used}` has no rank", path.display()));
                continue;
            };
            if used != own && other >= rank {
                wrong.push(format!("{}:{number}: `{own}` uses `{used}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reading_order_of_the_crate_is_its_ranks() {
    let text = read("src/lib.rs");
    let modules: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    let ranks: Vec<u32> = modules.iter().map(|module| rank_of(module).unwrap()).collect();
    assert!(ranks.is_sorted(), "{modules:?}");
}

#[test]
fn every_file_says_what_it_is() {
    let all = [rust_files("src"), rust_files("tests"), rust_files("benches")].concat();
    let silent: Vec<String> = all
        .iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "no `//!` head: {silent:?}");
}

#[test]
fn files_keep_to_their_size() {
    let mut wrong = Vec::new();
    let listed = |list: &[(&str, &str)], path: &str| list.iter().any(|(known, _)| *known == path);
    for (path, text) in rust_files("src") {
        if path.file_name().is_some_and(|name| name == "tests.rs") {
            continue;
        }
        let lines = shipped(&text).lines().count();
        let path = path.display().to_string();
        let (long, table) = (listed(LONG, &path), listed(TABLES, &path) || listed(OVERDUE, &path));
        if lines > 700 && !table {
            wrong.push(format!(
                "{path} has {lines} lines: no file but a table has more than 700"
            ));
        } else if lines > 400 && !long && !table {
            wrong.push(format!(
                "{path} has {lines} lines: take it apart, or list it with a reason"
            ));
        } else if lines <= 400 && (long || table) {
            wrong.push(format!("{path} is listed as long and has {lines} lines"));
        }
    }
    for (path, _) in LONG.iter().chain(TABLES).chain(OVERDUE) {
        if !source::exists(Path::new(path)) {
            wrong.push(format!("{path} is listed as long and does not exist"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_checks_is_sorted_unique_and_complete() {
    let order: Vec<(Group, &str)> = CHECKS.iter().map(|check| (check.group, check.id)).collect();
    assert!(
        order.windows(2).all(|pair| pair[0] < pair[1]),
        "not sorted by group and id: {order:?}"
    );
    assert!(
        RESERVED.windows(2).all(|pair| pair[0] < pair[1]),
        "not sorted: RESERVED"
    );
    let mut all = names();
    let many = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(many, all.len(), "two checks, or a check and a group, share a name");

    let pages = stems("src/checks", "md");
    let mut ids: Vec<String> = CHECKS.iter().map(|check| check.id.to_owned()).collect();
    ids.sort();
    assert_eq!(pages, ids, "pages and checks");
    for id in &ids {
        let code = format!("src/checks/{}.rs", id.replace('-', "_"));
        assert!(source::exists(Path::new(&code)), "{code}");
    }
}

#[test]
fn every_check_has_a_page_and_specs() {
    let mut wrong = Vec::new();
    for check in CHECKS {
        let heads: Vec<&str> = check.page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let fixed = [
            "What it finds",
            "Why it matters",
            "Example",
            "Passing",
            "Remedy",
            "Sources",
        ];
        if heads != fixed || !check.page.starts_with(&format!("# {}\n", check.id)) {
            wrong.push(format!("the page of `{}` has the headings {heads:?}", check.id));
        }
        if check.summary.ends_with('.') || !check.summary.starts_with(|c: char| c.is_lowercase() || c == '`') {
            wrong.push(format!("the summary of `{}`: {}", check.id, check.summary));
        }
        let specs = stems(&format!("tests/specs/{}", check.id), "md");
        for kind in ["fail-", "pass-"] {
            if !specs.iter().any(|stem| stem.starts_with(kind)) {
                wrong.push(format!("tests/specs/{} has no {kind}*.md", check.id));
            }
        }
    }
    for path in walk("tests/specs", "md") {
        let check = path
            .parent()
            .unwrap()
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if !CHECKS.iter().any(|known| known.id == check) {
            wrong.push(format!("{} is about no check", path.display()));
        }
        if !["fail-", "pass-", "unknown-"].iter().any(|kind| stem.starts_with(kind)) {
            wrong.push(format!("{} is neither fail-, pass- nor unknown-", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn paths_quoted_in_documents_exist() {
    let roots = [
        "src/",
        "tests/",
        "vendors/",
        "policies/",
        "examples/",
        "benches/",
        "fuzz/",
        ".ci/",
    ];
    let mut wrong = Vec::new();
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "DESIGN.md"] {
        if !source::exists(Path::new(document)) {
            continue;
        }
        for quoted in read(document).split('`').skip(1).step_by(2) {
            let is_path = roots.iter().any(|root| quoted.starts_with(root));
            // A pattern for names, not a name.
            let is_pattern = quoted.contains(['<', '*', '{', ' ', '…']);
            if is_path && !is_pattern && !source::exists(Path::new(quoted)) {
                wrong.push(format!("{document} quotes `{quoted}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn rank_of(module: &str) -> Option<u32> {
    RANKS.iter().find(|(known, _)| *known == module).map(|(_, rank)| *rank)
}

/// The first folder or file below `src`.
fn module_of(path: &Path) -> String {
    let first = path.components().nth(1).unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The part of a file that is no unit test: those may look around.
fn shipped(text: &str) -> String {
    match text.find("#[cfg(test)]\nmod tests {") {
        Some(at) => text[..at].to_owned(),
        None => text.to_owned(),
    }
}

/// What follows `crate::` (in `main`, `allowaudit::`), with the line, comments left out.
fn used_modules(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for rest in code.split("crate::").skip(1) {
            let inside = rest.strip_prefix('{').and_then(|list| list.split('}').next());
            let names: Vec<&str> = inside.map_or_else(|| vec![rest], |list| list.split(',').collect());
            for name in names {
                let end = name.trim().find(|c: char| !(c.is_alphanumeric() || c == '_'));
                let name = name.trim();
                let name = end.map_or(name, |end| &name[..end]);
                if !name.is_empty() {
                    found.push((number + 1, name.to_owned()));
                }
            }
        }
    }
    found
}

fn read(path: &str) -> String {
    String::from_utf8(source::read(Path::new(path)).unwrap()).unwrap()
}

fn walk(root: &str, ending: &str) -> Vec<PathBuf> {
    if !source::exists(Path::new(root)) {
        return Vec::new();
    }
    let (found, closed) = source::walk(Path::new(root));
    assert!(closed.is_empty(), "{closed:?}");
    found
        .into_iter()
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect()
}

fn stems(root: &str, ending: &str) -> Vec<String> {
    let mut stems: Vec<String> = walk(root, ending)
        .iter()
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    stems.sort();
    stems
}

fn rust_files(root: &str) -> Vec<(PathBuf, String)> {
    walk(root, "rs")
        .into_iter()
        .filter(|path| !path.components().any(|part| part.as_os_str() == "data"))
        .map(|path| {
            let text = String::from_utf8(source::read(&path).unwrap()).unwrap();
            (path, text)
        })
        .collect()
}
