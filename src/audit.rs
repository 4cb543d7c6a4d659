//! One audit from folder to report: gather, read, judge, tell.
//!
//! [`gather`] is the only step that touches the world, through `source`; everything after it is a function of what it found.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;

use crate::allow::address::AddressSet;
use crate::allow::ip::IpSet;
use crate::check::{Finding, Findings};
use crate::checks::{CHECKS, names};
use crate::document::{Document, json};
use crate::evidence::{Evidence, Facts};
use crate::pack::{self, Pack};
use crate::platform::{Declared, File, ReadInput, Reading};
use crate::platforms::PLATFORMS;
use crate::policy::{self, Policy};
use crate::problem::{Level, Problem, ProblemKind};
use crate::report::escape::is_hazardous;
use crate::report::{CoverageRow, Fate, Input, Outcome, TenantReport, Verdict};
use crate::requirement::{Requirement, Use};
use crate::source::{self, SourceId, Sources, Span, Spanned};
use crate::tenant::{self, Tenant};

/// Name of the tenant file.
pub const TENANT_FILE: &str = "allowaudit.toml";

/// Packs and policies, read once for all tenants.
pub struct Library {
    /// The texts of packs.
    pub sources: Arc<Sources>,
    /// The packs.
    pub packs: Vec<Pack>,
    /// What is wrong with them.
    pub problems: Vec<Problem>,
}

impl Library {
    /// The packs that come with the program, and those in files that were asked for: the path and bytes of each.
    ///
    /// Side files are looked for beside the pack that names them.
    pub fn load(files: &[(String, Vec<u8>)]) -> Self {
        let mut sources = Sources::new();
        let (mut packs, mut problems) = pack::embedded(&mut sources);
        let mut own: Vec<Pack> = Vec::new();
        for (name, bytes) in files {
            let id = sources.add_bytes(name.clone(), bytes.clone());
            let (read, found) = pack::read(&sources, id);
            problems.extend(found);
            let Some(mut read) = read else { continue };
            attach_side_files(&mut read, name, &mut sources, &mut problems);
            match own.iter().find(|known| known.id.value == read.id.value) {
                Some(first) => problems.push(
                    Problem::at(
                        Level::Deny,
                        ProblemKind::BadValue,
                        read.id.span,
                        format!("the pack `{}` is given twice", read.id.value),
                        "again",
                    )
                    .also(first.id.span, "first here"),
                ),
                None => own.push(read),
            }
        }
        // A pack of the user's own takes the place of the one that comes with the program.
        packs.retain(|known| own.iter().all(|own| own.id.value != known.id.value));
        let written: Vec<Pack> = packs.iter().chain(&own).cloned().collect();
        let lookup = |wanted: &str| written.iter().find(|pack| pack.answers_to(wanted));
        for pack in own {
            let (pack, found) = pack::resolve(pack, &lookup);
            problems.extend(found);
            packs.push(pack);
        }
        packs.sort_by(|one, other| one.id.value.cmp(&other.id.value));
        Self {
            sources: Arc::new(sources),
            packs,
            problems,
        }
    }

    /// The pack that answers to an id.
    pub fn pack(&self, id: &str) -> Option<&Pack> {
        self.packs.iter().find(|pack| pack.answers_to(id))
    }
}

fn attach_side_files(pack: &mut Pack, file: &str, sources: &mut Sources, problems: &mut Vec<Problem>) {
    let folder = Path::new(file).parent().unwrap_or(Path::new(""));
    let mut attached: Vec<String> = Vec::new();
    for named in pack.side_files() {
        if attached.contains(&named.value) {
            continue;
        }
        attached.push(named.value.clone());
        let path = folder.join(&named.value);
        match source::read(&path) {
            Ok(bytes) => {
                let id = sources.add_bytes(path.display().to_string(), bytes);
                problems.extend(pack::attach(pack, &named.value, sources, id));
            }
            Err(error) => problems.push(Problem::at(
                Level::Deny,
                ProblemKind::BadValue,
                named.span,
                format!("the side file `{}` cannot be read: {error}", named.value),
                "named here",
            )),
        }
    }
}

/// One tenant to audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Path as given or found.
    pub path: String,
    /// The folder, or the folder of a single file.
    pub root: PathBuf,
    /// The tenant file, if there is one.
    pub tenant_file: Option<PathBuf>,
    /// Its other files, sorted.
    pub files: Vec<PathBuf>,
    /// Folders under it that could not be opened.
    pub closed: Vec<(PathBuf, String)>,
    /// Files that do not lie on disk, with their bytes: standard input, the files of an example.
    pub given: Vec<(PathBuf, Vec<u8>)>,
}

impl Job {
    /// A tenant whose files all lie in memory. A tenant file among them is recognised by its name.
    pub fn in_memory(path: &str, given: Vec<(PathBuf, Vec<u8>)>) -> Self {
        let is_tenant = |file: &Path| file == Path::new(TENANT_FILE);
        let names = || given.iter().map(|(name, _)| name.clone());
        Self {
            path: path.to_owned(),
            root: PathBuf::new(),
            tenant_file: names().find(|name| is_tenant(name)),
            files: names().filter(|name| !is_tenant(name)).collect(),
            closed: Vec::new(),
            given,
        }
    }

    /// The bytes of one of its files.
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        match self.given.iter().find(|(name, _)| name == path) {
            Some((_, bytes)) => Ok(bytes.clone()),
            None => source::read(path),
        }
    }
}

/// What all audits of a run share.
pub struct Settings {
    /// Vendors named on the command line.
    pub vendors: Vec<String>,
    /// Policy named on the command line: its name or its text with a name.
    pub policy: Option<PolicyChoice>,
    /// Levels from the command line.
    pub levels: Vec<(String, Level)>,
    /// The day of the audit.
    pub now: Date,
    /// Whether exports that are not there count as supplied and empty; for pages and specs only.
    pub assume_empty: bool,
}

/// A policy that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyChoice {
    /// One that comes with the program.
    Named(String),
    /// A file: its name and bytes.
    File(String, Vec<u8>),
}

/// The tenants under a path: every folder with a tenant file, else the path itself.
///
/// # Errors
/// A sentence, where the path does not exist or cannot be opened.
pub fn gather(path: &Path) -> Result<Vec<Job>, String> {
    let shown = path.display().to_string();
    if !source::exists(path) {
        return Err(format!("`{shown}` does not exist"));
    }
    if !source::is_dir(path) {
        let root = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let is_tenant = path.file_name().is_some_and(|name| name == TENANT_FILE);
        if is_tenant {
            let folder = if root.as_os_str().is_empty() {
                PathBuf::from(".")
            } else {
                root
            };
            return gather(&folder);
        }
        let job = Job {
            path: shown,
            root,
            tenant_file: None,
            files: vec![path.to_path_buf()],
            closed: Vec::new(),
            given: Vec::new(),
        };
        return Ok(vec![job]);
    }
    let (files, closed) = source::walk(path);
    let closed: Vec<(PathBuf, String)> = closed
        .into_iter()
        .map(|(folder, error)| (folder, error.to_string()))
        .collect();
    if let [(folder, error)] = closed.as_slice()
        && folder == path
    {
        return Err(format!("`{shown}` cannot be opened: {error}"));
    }
    let mut roots: Vec<&Path> = files
        .iter()
        .filter(|file| file.file_name().is_some_and(|name| name == TENANT_FILE))
        .filter_map(|file| file.parent())
        .collect();
    roots.sort();
    if roots.is_empty() {
        let job = Job {
            path: shown,
            root: path.to_path_buf(),
            tenant_file: None,
            files,
            closed,
            given: Vec::new(),
        };
        return Ok(vec![job]);
    }
    // The innermost tenant owns a file; files outside make no tenant.
    let owner = |file: &Path| {
        roots
            .iter()
            .copied()
            .filter(|root| file.starts_with(root))
            .max_by_key(|root| root.as_os_str().len())
    };
    Ok(roots
        .iter()
        .map(|&root| Job {
            path: root.display().to_string(),
            root: root.to_path_buf(),
            tenant_file: Some(root.join(TENANT_FILE)),
            files: files
                .iter()
                .filter(|file| owner(file) == Some(root) && file.as_path() != root.join(TENANT_FILE))
                .cloned()
                .collect(),
            closed: closed
                .iter()
                .filter(|(folder, _)| owner(folder) == Some(root))
                .cloned()
                .collect(),
            given: Vec::new(),
        })
        .collect())
}

/// A folder as one tenant without a tenant file, whether it has one or not. Tenants below it keep their files.
///
/// # Errors
/// A sentence, where the folder does not exist or cannot be opened.
pub fn gather_folder(folder: &Path) -> Result<Job, String> {
    if !source::is_dir(folder) {
        let what = if source::exists(folder) {
            "is no folder"
        } else {
            "does not exist"
        };
        return Err(format!("`{}` {what}", folder.display()));
    }
    let own = folder.join(TENANT_FILE);
    let jobs = gather(folder)?;
    let path = folder.display().to_string();
    let found = jobs
        .iter()
        .find(|job| job.tenant_file.is_none() || job.tenant_file.as_ref() == Some(&own));
    if let Some(job) = found {
        return Ok(Job {
            path,
            tenant_file: None,
            ..job.clone()
        });
    }
    let (mut files, closed) = source::walk(folder);
    files.retain(|file| !jobs.iter().any(|job| file.starts_with(&job.root)));
    Ok(Job {
        path,
        root: folder.to_path_buf(),
        tenant_file: None,
        files,
        closed: closed
            .into_iter()
            .map(|(folder, error)| (folder, error.to_string()))
            .collect(),
        given: Vec::new(),
    })
}

/// Everything that was read of one tenant.
pub struct Prepared {
    /// Name from the tenant file, else of the folder.
    pub name: String,
    /// Path as given.
    pub path: String,
    /// The texts.
    pub sources: Sources,
    /// The tenant file, or what the command line says in its place.
    pub tenant: Tenant,
    /// The policy in force.
    pub policy: Policy,
    /// What the platform makes of the exports.
    pub reading: Reading,
    /// Answers to pack parameters, one entry per vendor of the tenant.
    pub answers: Vec<Vec<tenant::Answer>>,
    /// Rows for the report.
    pub inputs: Vec<Input>,
    /// Files nobody claims.
    pub unclaimed: Vec<SourceId>,
    /// What is wrong with files of our own.
    pub problems: Vec<Problem>,
    /// What is wrong with the exports.
    pub export_problems: Vec<Problem>,
    /// Whether the audit cannot go on: mistakes in files of our own, or no export at all.
    pub failed: bool,
    now: Date,
}

/// Reads one tenant.
pub fn prepare(job: &Job, library: &Library, settings: &Settings) -> Prepared {
    let mut sources = Sources::over(Arc::clone(&library.sources));
    let mut problems = Vec::new();
    let mut export_problems = Vec::new();
    let tenant = tenant_file(job, library, settings, &mut sources, &mut problems);
    let policy = policy_of(&tenant, settings, job, &mut sources, &mut problems);
    let (files, documents, broken) = read_files(job, &mut sources, &mut export_problems);
    let declared = declared(&tenant);
    let hops: Vec<(String, IpSet)> = tenant
        .hops
        .iter()
        .map(|hop| {
            let egress: Vec<&IpSet> = hop.egress.iter().map(|network| &network.value).collect();
            (hop.platform.value.clone(), IpSet::union_all(egress))
        })
        .collect();
    let views: Vec<File<'_>> = files
        .iter()
        .zip(&documents)
        .filter_map(|(file, document)| {
            let document = document.as_ref()?;
            Some(File {
                source: file.id,
                stem: &file.stem,
                path: &file.path,
                text: sources.get(file.id).text(),
                document,
            })
        })
        .collect();
    let input = ReadInput {
        files: &views,
        declared: &declared,
        domains: &tenant.domains,
        hops: &hops,
        now: settings.now,
        assume_empty: settings.assume_empty,
    };
    // One platform reads a tenant: the first that recognises anything.
    let mut readings = PLATFORMS.iter().map(|platform| (platform.read)(&input));
    let reading = readings.next().unwrap_or_else(nothing_read);
    let (inputs, claimed) = inputs(&views, &reading, &sources);
    let unclaimed: Vec<SourceId> = files
        .iter()
        .map(|file| file.id)
        .filter(|id| !claimed.contains(id) && !broken.contains(id))
        .collect();
    let mut inputs = inputs;
    inputs.extend(
        unclaimed
            .iter()
            .chain(&broken)
            .filter(|id| !claimed.contains(id))
            .map(|id| unclaimed_row(*id, &sources)),
    );
    inputs.sort();
    export_problems.extend(reading.problems.iter().cloned());
    // What cannot be read has a finding that says so; that nobody claims it says nothing more.
    let is_told = |id: &SourceId| {
        let about = |problem: &Problem| problem.labels.first().is_some_and(|label| label.span.source == *id);
        export_problems
            .iter()
            .any(|problem| problem.level == Level::Deny && about(problem))
    };
    let unclaimed: Vec<SourceId> = unclaimed.into_iter().filter(|id| !is_told(id)).collect();
    let mut answers = Vec::new();
    for vendor in &tenant.vendors {
        let Some(pack) = library.packs.iter().find(|pack| pack.answers_to(&vendor.pack.value)) else {
            answers.push(Vec::new());
            continue;
        };
        let (given, found) = tenant::answers(pack, vendor);
        problems.extend(found);
        problems.extend(tenant::fits(pack, vendor));
        answers.push(given);
    }
    problems.extend(tenant::packs_of(&tenant, &library.packs));
    let nothing = !reading.recognised;
    if nothing {
        problems.push(nothing_found(job, &tenant));
    }
    let failed = nothing || problems.iter().any(|problem| problem.level == Level::Deny);
    Prepared {
        name: name_of(job, &tenant),
        path: job.path.clone(),
        sources,
        tenant,
        policy,
        reading,
        answers,
        inputs,
        unclaimed,
        problems,
        export_problems,
        failed,
        now: settings.now,
    }
}

fn name_of(job: &Job, tenant: &Tenant) -> String {
    if let Some(name) = &tenant.name {
        return name.value.clone();
    }
    if job.path == "-" {
        return "standard input".to_owned();
    }
    let path = Path::new(&job.path);
    let one_file = job.tenant_file.is_none() && job.files.len() == 1 && path != job.root;
    let name = if one_file {
        path.file_stem().map(ToOwned::to_owned)
    } else {
        // `.` and `..` say nothing.
        job.root
            .file_name()
            .map(ToOwned::to_owned)
            .or_else(|| source::full(&job.root).file_name().map(ToOwned::to_owned))
    };
    match name {
        Some(name) if !name.is_empty() => name.to_string_lossy().into_owned(),
        _ => "tenant".to_owned(),
    }
}

fn nothing_read() -> Reading {
    Reading {
        reads: Vec::new(),
        path: crate::path::MailPath::new("direct", "exchange"),
        domains: None,
        recipients: AddressSet::empty(),
        problems: Vec::new(),
        unread: Vec::new(),
        residual: Vec::new(),
        recognised: false,
    }
}

fn nothing_found(job: &Job, tenant: &Tenant) -> Problem {
    let span = Span::new(tenant.source, 0, 0);
    let message = format!("no export was recognised in `{}`", job.path);
    Problem {
        level: Level::Deny,
        kind: ProblemKind::Unreadable,
        message,
        help: Some("export the tenant's settings as JSON into this folder; see the README for the commands".to_owned()),
        labels: if job.tenant_file.is_some() {
            vec![crate::problem::Label::new(span, "this tenant has none")]
        } else {
            Vec::new()
        },
    }
}

fn unclaimed_row(id: SourceId, sources: &Sources) -> Input {
    let source = sources.get(id);
    Input {
        path: source.name.clone(),
        platform: None,
        kind: "unclaimed",
        objects: 0,
        encoding: source.encoding.as_str(),
        complete: false,
    }
}

fn inputs(files: &[File<'_>], reading: &Reading, sources: &Sources) -> (Vec<Input>, Vec<SourceId>) {
    let mut rows: Vec<Input> = Vec::new();
    let mut claimed = Vec::new();
    for read in &reading.reads {
        let Some(file) = files.get(read.file) else { continue };
        claimed.push(file.source);
        let source = sources.get(file.source);
        let same = rows
            .iter_mut()
            .find(|row| row.path == source.name && row.kind == read.kind);
        if let Some(row) = same {
            row.objects += read.objects;
            row.complete &= read.complete;
            continue;
        }
        rows.push(Input {
            path: source.name.clone(),
            platform: Some(reading.path.platform),
            kind: read.kind,
            objects: read.objects,
            encoding: source.encoding.as_str(),
            complete: read.complete,
        });
    }
    (rows, claimed)
}

struct ReadFile {
    id: SourceId,
    stem: String,
    path: String,
}

/// Reads and parses every file. What cannot be opened or parsed is a problem, and what could be read is kept.
fn read_files(
    job: &Job,
    sources: &mut Sources,
    problems: &mut Vec<Problem>,
) -> (Vec<ReadFile>, Vec<Option<Document>>, Vec<SourceId>) {
    let mut files = Vec::new();
    let mut documents = Vec::new();
    let mut broken = Vec::new();
    for (folder, error) in &job.closed {
        let id = sources.add_text(relative(&job.root, folder), "");
        problems.push(unopened(
            id,
            &format!("the folder `{}` cannot be opened: {error}", folder.display()),
        ));
    }
    for path in &job.files {
        let name = relative(&job.root, path);
        let bytes = match job.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let id = sources.add_text(name.clone(), "");
                problems.push(unopened(id, &format!("`{name}` cannot be read: {error}")));
                broken.push(id);
                continue;
            }
        };
        let stem = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        let is_json = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let id = sources.add_bytes(name.clone(), bytes);
        let source = sources.get(id);
        let text = source.text();
        let starts = text.trim_start().starts_with(['[', '{']);
        if !is_json && !starts {
            files.push(ReadFile { id, stem, path: name });
            documents.push(None);
            continue;
        }
        if let Some(at) = source.malformed_at {
            problems.push(Problem::at(
                Level::Note,
                ProblemKind::Unreadable,
                Span::new(id, at, at.saturating_add(3)),
                format!("`{name}` holds bytes that are not valid {}", source.encoding.as_str()),
                "replaced from here on",
            ));
        }
        let (document, found) = json::parse(id, text);
        problems.extend(found);
        files.push(ReadFile { id, stem, path: name });
        documents.push(Some(document));
    }
    (files, documents, broken)
}

fn unopened(id: SourceId, message: &str) -> Problem {
    Problem {
        level: Level::Deny,
        kind: ProblemKind::Unreadable,
        message: message.to_owned(),
        help: None,
        labels: vec![crate::problem::Label::new(Span::new(id, 0, 0), "this file")],
    }
}

fn relative(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    relative
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

/// The tenant file; without one, the vendors of the command line written as one.
fn tenant_file(
    job: &Job,
    library: &Library,
    settings: &Settings,
    sources: &mut Sources,
    problems: &mut Vec<Problem>,
) -> Tenant {
    let known = names();
    let (id, from_file) = if let Some(path) = &job.tenant_file {
        match job.read(path) {
            Ok(bytes) => (sources.add_bytes(TENANT_FILE, bytes), true),
            Err(error) => {
                let id = sources.add_text(TENANT_FILE, "");
                problems.push(unopened(id, &format!("`{TENANT_FILE}` cannot be read: {error}")));
                (id, false)
            }
        }
    } else {
        let rows: Vec<String> = settings
            .vendors
            .iter()
            .map(|vendor| format!("[[vendor]]\npack = {}\n", quoted(vendor)))
            .collect();
        (sources.add_text("--vendor", rows.join("\n")), false)
    };
    let (mut tenant, found) = tenant::read(sources, id, &known);
    problems.extend(found);
    if from_file && !settings.vendors.is_empty() {
        // Beside a tenant file `--vendor` filters. Both may name a pack by an alias.
        let same =
            |one: &str, other: &str| one == other || library.pack(one).is_some_and(|pack| pack.answers_to(other));
        for vendor in &settings.vendors {
            if !tenant.vendors.iter().any(|declared| same(&declared.pack.value, vendor)) {
                problems.push(Problem {
                    level: Level::Deny,
                    kind: ProblemKind::BadValue,
                    message: format!("`--vendor {vendor}` is not declared in the tenant file"),
                    help: Some("beside a tenant file `--vendor` chooses among the vendors it declares".to_owned()),
                    labels: vec![crate::problem::Label::new(Span::new(id, 0, 0), "the tenant file")],
                });
            }
        }
        tenant
            .vendors
            .retain(|declared| settings.vendors.iter().any(|vendor| same(&declared.pack.value, vendor)));
    }
    tenant
}

/// A text as TOML writes it.
pub fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            c if is_hazardous(c) && c <= '\u{ffff}' => format!("\\u{:04X}", u32::from(c)),
            c if is_hazardous(c) => format!("\\U{:08X}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

fn policy_of(
    tenant: &Tenant,
    settings: &Settings,
    job: &Job,
    sources: &mut Sources,
    problems: &mut Vec<Problem>,
) -> Policy {
    let known = names();
    let (choice, named_at) = match (&settings.policy, &tenant.policy) {
        (Some(choice), _) => (choice.clone(), None),
        (None, Some(name)) if is_file_name(&name.value) => match job.read(&job.root.join(&name.value)) {
            Ok(bytes) => (PolicyChoice::File(name.value.clone(), bytes), Some(name.span)),
            Err(error) => {
                problems.push(Problem::at(
                    Level::Deny,
                    ProblemKind::BadValue,
                    name.span,
                    format!("the policy `{}` cannot be read: {error}", name.value),
                    "named here",
                ));
                (PolicyChoice::Named("baseline".to_owned()), None)
            }
        },
        (None, Some(name)) => (PolicyChoice::Named(name.value.clone()), Some(name.span)),
        (None, None) => (PolicyChoice::Named("baseline".to_owned()), None),
    };
    let (policy, found) = match choice {
        PolicyChoice::Named(name) => {
            let (policy, mut found) = policy::embedded(sources, &name, &known);
            if policy.is_none() && found.is_empty() {
                let names: Vec<&str> = policy::POLICIES
                    .iter()
                    .map(|(file, _)| file.trim_end_matches(".toml"))
                    .collect();
                let help = crate::problem::did_you_mean(&name, names.iter().copied()).map_or_else(
                    || format!("there are {}", names.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                found.push(Problem {
                    level: Level::Deny,
                    kind: ProblemKind::BadValue,
                    message: format!("there is no policy `{name}`"),
                    help: Some(help),
                    labels: named_at
                        .map(|span| crate::problem::Label::new(span, "named here"))
                        .into_iter()
                        .collect(),
                });
            }
            (policy, found)
        }
        PolicyChoice::File(name, bytes) => {
            let id = sources.add_bytes(name, bytes);
            let (policy, mut found) = policy::read(sources, id, &known);
            let policy = policy.map(|policy| {
                let mut lookup = |name: &Spanned<String>| policy::embedded(sources, &name.value, &known).0;
                let (policy, more) = policy::resolve(policy, &mut lookup);
                found.extend(more);
                policy
            });
            (policy, found)
        }
    };
    problems.extend(found);
    policy.unwrap_or_else(|| Policy {
        name: Spanned::new("none".to_owned(), Span::new(SourceId::NOWHERE, 0, 0)),
        summary: None,
        extends: None,
        source: SourceId::NOWHERE,
        levels: Vec::new(),
        limits: policy::Limits::default(),
        platform_limits: Vec::new(),
        expects: Vec::new(),
    })
}

fn is_file_name(policy: &str) -> bool {
    Path::new(policy)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

fn declared(tenant: &Tenant) -> Vec<Declared> {
    tenant
        .exports
        .iter()
        .map(|note| Declared {
            file: note.file.value.clone(),
            kind: note.kind.as_ref().map(|kind| kind.value.clone()),
            empty: note.empty,
            list: note.list.as_ref().map(|list| list.value.clone()),
        })
        .collect()
}

/// What is known of a tenant, ready to be judged.
pub fn facts<'a>(prepared: &'a Prepared, library: &'a Library) -> Facts<'a> {
    let tenant = &prepared.tenant;
    let declared = AddressSet::union_all(
        &tenant
            .domains
            .iter()
            .map(|domain| AddressSet::domain(&domain.value))
            .collect::<Vec<_>>(),
    );
    let accepted = if tenant.domains.is_empty() {
        prepared.reading.recipients.clone()
    } else {
        declared
    };
    let recipients = if accepted.is_empty() {
        AddressSet::all_addresses()
    } else {
        accepted.clone()
    };
    let mut requirements = Vec::new();
    for (vendor, answers) in tenant.vendors.iter().zip(&prepared.answers) {
        let ended = vendor.until.is_some_and(|until| until.value < prepared.now);
        let Some(pack) = library.packs.iter().find(|pack| pack.answers_to(&vendor.pack.value)) else {
            continue;
        };
        if ended {
            continue;
        }
        let used = Use {
            pack,
            vendor,
            answers: answers.clone(),
        };
        requirements.extend(Requirement::all(
            &used,
            &recipients,
            !tenant.hops.is_empty(),
            prepared.now,
        ));
    }
    let domains = if tenant.domains.is_empty() {
        prepared.reading.domains.clone().unwrap_or_default()
    } else {
        tenant.domains.clone()
    };
    Facts {
        sources: &prepared.sources,
        now: prepared.now,
        tenant,
        policy: &prepared.policy,
        packs: &library.packs,
        requirements,
        path: &prepared.reading.path,
        domains,
        accepted,
        unread: &prepared.reading.unread,
        problems: &prepared.export_problems,
        reads: &prepared.reading.reads,
        unclaimed: &prepared.unclaimed,
    }
}

/// Audits one tenant.
pub fn audit(job: &Job, library: &Library, settings: &Settings) -> TenantReport {
    let prepared = prepare(job, library, settings);
    let (verdicts, coverage, findings) = {
        let facts = facts(&prepared, library);
        let evidence = Evidence::assemble(&facts);
        let mut findings =
            Findings::new(&prepared.policy, &settings.levels).excepting(&prepared.tenant.exceptions, prepared.now);
        for check in CHECKS {
            findings.run(check, &evidence);
        }
        let mut findings = findings.into_found();
        sort(&mut findings);
        (verdicts(&evidence), coverage(&evidence), findings)
    };
    let failed = prepared.failed || library.problems.iter().any(|problem| problem.level == Level::Deny);
    let counts = findings
        .iter()
        .any(|finding| finding.exception.is_none() && finding.level > Level::Note);
    let unknown = coverage.iter().any(|row| row.answer == "unknown")
        || verdicts.iter().any(|verdict| verdict.fate == Fate::CannotTell);
    let outcome = if failed {
        Outcome::Failed
    } else if counts {
        Outcome::Findings
    } else if unknown {
        Outcome::Unknown
    } else {
        Outcome::Clean
    };
    TenantReport {
        name: prepared.name,
        path: prepared.path,
        outcome,
        inputs: prepared.inputs,
        verdicts,
        coverage,
        findings,
        problems: prepared.problems,
        residual: prepared.reading.residual,
        sources: Arc::new(prepared.sources),
    }
}

fn sort(findings: &mut [Finding]) {
    findings.sort_by(|one, other| {
        let place = |finding: &Finding| {
            finding
                .labels
                .first()
                .map(|label| (label.span.source, label.span.start))
        };
        place(one)
            .cmp(&place(other))
            .then_with(|| one.check.cmp(other.check))
            .then_with(|| {
                (&one.vendor, &one.stream, &one.value, &one.object).cmp(&(
                    &other.vendor,
                    &other.stream,
                    &other.value,
                    &other.object,
                ))
            })
    });
}

fn verdicts(evidence: &Evidence<'_>) -> Vec<Verdict> {
    evidence
        .streams
        .iter()
        .map(|stream| {
            let (fate, why) = match stream.gets_through() {
                Some(true) => (Fate::GetsThrough, String::new()),
                Some(false) => (Fate::DoesNot, left(stream)),
                None => (Fate::CannotTell, undecided(evidence, stream)),
            };
            Verdict {
                vendor: stream.requirement.vendor().to_owned(),
                stream: stream.requirement.stream_id().to_owned(),
                fate,
                why,
            }
        })
        .collect()
}

fn left(stream: &crate::evidence::StreamEvidence<'_>) -> String {
    let left: Vec<&str> = stream
        .rows
        .iter()
        .filter(|row| {
            matches!(
                row.answer,
                crate::path::trace::Answer::Part | crate::path::trace::Answer::None
            )
        })
        .map(|row| row.concern.as_str())
        .collect();
    format!("stopped by {}", left.join(", "))
}

fn undecided(evidence: &Evidence<'_>, stream: &crate::evidence::StreamEvidence<'_>) -> String {
    if let Some(parameter) = stream.requirement.unset.iter().find(|parameter| parameter.required) {
        return format!("the parameter `{}` has no value", parameter.id.value);
    }
    let need = stream
        .rows
        .iter()
        .flat_map(|row| row.coverage.needs.iter())
        .find_map(|need| evidence.need(*need));
    need.map(|need| need.text.clone()).unwrap_or_default()
}

fn coverage(evidence: &Evidence<'_>) -> Vec<CoverageRow> {
    let mut rows: Vec<CoverageRow> = evidence
        .streams
        .iter()
        .flat_map(|stream| {
            stream.rows.iter().map(|row| CoverageRow {
                vendor: stream.requirement.vendor().to_owned(),
                stream: stream.requirement.stream_id().to_owned(),
                path: evidence.facts.path.name.clone(),
                stage: evidence.stage_id(row.stage),
                concern: row.concern.as_str(),
                answer: row.answer.as_str(),
            })
        })
        .collect();
    rows.sort();
    rows
}
