//! Gathering: which tenants there are, and what all of them share. Besides reading files this is all that touches the world.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;

use crate::dns::Resolver;
use crate::pack::{self, Pack};
use crate::problem::{Level, Problem, ProblemKind};
use crate::source::{self, Sources};

/// Name of the tenant file.
pub const TENANT_FILE: &str = "allowaudit.toml";

/// Name of a tenant's recorded answers of DNS.
pub const DNS_FILE: &str = "dns.toml";

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
    /// Its recorded answers of DNS, if there are any.
    pub dns_file: Option<PathBuf>,
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
            dns_file: None,
            files: names().filter(|name| !is_tenant(name)).collect(),
            closed: Vec::new(),
            given,
        }
        .with_recording()
    }

    /// Takes the recorded answers of DNS out of the other files.
    fn with_recording(mut self) -> Self {
        let recording = self.root.join(DNS_FILE);
        self.files
            .retain(|file| *file != recording || self.dns_file.replace(recording.clone()).is_some());
        self
    }

    /// The same with other bytes in one of its files, named by its path relative to the tenant.
    #[must_use]
    pub(super) fn with(mut self, file: &str, bytes: Vec<u8>) -> Self {
        let is_it = |path: &&PathBuf| super::files::relative(&self.root, path) == file;
        if let Some(path) = self.files.iter().find(is_it).cloned() {
            self.given.retain(|(known, _)| *known != path);
            self.given.push((path, bytes));
        }
        self
    }

    /// The bytes of one of its files.
    pub(super) fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
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
    /// Who answers questions to DNS.
    pub dns: Dns,
    /// The day of the audit.
    pub now: Date,
    /// Whether exports that are not there count as supplied and empty; for pages and specs only.
    pub assume_empty: bool,
}

/// Who answers questions to DNS.
#[derive(Clone, Default)]
pub enum Dns {
    /// The recording of each tenant, where there is one; else nobody.
    #[default]
    Recorded,
    /// Nobody.
    Off,
    /// One for all tenants.
    Asked(Arc<dyn Resolver + Send + Sync>),
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
            dns_file: None,
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
            dns_file: None,
            files,
            closed,
            given: Vec::new(),
        };
        return Ok(vec![job.with_recording()]);
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
            dns_file: None,
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
        .map(Job::with_recording)
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
    let job = Job {
        path,
        root: folder.to_path_buf(),
        tenant_file: None,
        dns_file: None,
        files,
        closed: closed
            .into_iter()
            .map(|(folder, error)| (folder, error.to_string()))
            .collect(),
        given: Vec::new(),
    };
    Ok(job.with_recording())
}
