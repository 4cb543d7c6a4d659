//! Reading: one tenant's files, its tenant file, its policy, and what the platform makes of its exports.

use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;

use crate::allow::address::AddressSet;
use crate::allow::domain::Domain;
use crate::allow::ip::IpSet;
use crate::checks::names;
use crate::dns::sources::DnsSources;
use crate::dns::{self, Resolver, recorded};
use crate::evidence::Facts;
use crate::evidence::dns::DnsFacts;
use crate::platform::{Declared, File, Read, ReadInput, Reading, Unread};
use crate::platforms::PLATFORMS;
use crate::policy::{self, Policy};
use crate::problem::{Level, Problem, ProblemKind};
use crate::report::Input;
use crate::report::escape::is_hazardous;
use crate::requirement::Requirement;
use crate::source::{self, SourceId, Sources, Span, Spanned};
use crate::tenant::{self, Tenant};

use super::ask;
use super::files::{Exports, ReadFile, read_files, relative, unopened, views};
use super::gather::{Dns, Job, Library, PolicyChoice, Settings, TENANT_FILE};
use super::noted;
use super::ways::{Way, entrances};

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
    /// The ways that mail takes; at least one.
    pub ways: Vec<Way>,
    /// Id of the platform that keeps the mailboxes.
    pub platform: &'static str,
    /// What was read from which file.
    pub reads: Vec<Read>,
    /// Domains that the platform accepts mail for, if an export says.
    pub domains: Option<Vec<Spanned<Domain>>>,
    /// Addresses that the platform accepts mail for, as far as exports say.
    pub recipients: AddressSet,
    /// Keys nobody reads.
    pub unread: Vec<Unread>,
    /// What no export shows.
    pub residual: Vec<String>,
    /// Whether anything was recognised.
    pub recognised: bool,
    /// What DNS says.
    pub dns: DnsFacts,
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
    /// The day of the audit.
    pub now: Date,
}

/// Reads one tenant.
pub fn prepare(job: &Job, library: &Library, settings: &Settings) -> Prepared {
    prepare_with_exports(job, library, settings).0
}

/// Reads one tenant and keeps the trees of its exports.
pub(super) fn prepare_with_exports(job: &Job, library: &Library, settings: &Settings) -> (Prepared, Exports) {
    let mut sources = Sources::over(Arc::clone(&library.sources));
    let mut problems = Vec::new();
    let mut export_problems = Vec::new();
    let tenant = tenant_file(job, library, settings, &mut sources, &mut problems);
    let policy = policy_of(&tenant, settings, job, &mut sources, &mut problems);
    let resolver = resolver(job, settings, &mut sources, &mut problems);
    let (files, documents, broken) = read_files(job, &mut sources, &mut export_problems);
    let declared = declared(&tenant, &files);
    let hops: Vec<(String, IpSet)> = tenant
        .hops
        .iter()
        .map(|hop| {
            let egress: Vec<&IpSet> = hop.egress.iter().map(|network| &network.value).collect();
            (hop.platform.value.clone(), IpSet::union_all(egress))
        })
        .collect();
    let read = |sources: &Sources, hops: &[(String, IpSet)]| {
        let views = views(&files, &documents, sources);
        let input = ReadInput {
            files: &views,
            declared: &declared,
            domains: &tenant.domains,
            hops,
            now: settings.now,
            assume_empty: settings.assume_empty,
        };
        // One platform reads a tenant: the first that recognises anything.
        let mut readings = PLATFORMS.iter().map(|platform| (platform.read)(&input));
        readings.next().unwrap_or_else(nothing_read)
    };
    let reading = read(&sources, &hops);
    let mut dns = DnsFacts::default();
    let mut places = DnsSources::new();
    let domains = match (tenant.domains.as_slice(), &reading.domains) {
        ([], Some(exported)) => exported.clone(),
        (declared, _) => declared.to_vec(),
    };
    let arrival = ask::arrival(&domains, reading.path.platform, &*resolver, &mut places, &mut sources);
    if hops.is_empty() {
        dns.hops = arrival.filters();
    } else {
        dns.mismatches = ask::mismatches(&tenant.hops, &arrival);
    }
    dns.takes_ipv6.clone_from(&arrival.takes_ipv6);
    dns.unregistered = ask::unregistered(&reading.path, &*resolver, &mut places, &mut sources);
    let mut entrances = entrances(hops.clone(), &arrival);
    for entrance in &mut entrances {
        ask::egress(&mut entrance.hops, &*resolver);
    }
    let Reading { path, ref reads, .. } = reading;
    let platform = path.platform;
    let mut path = Some(path);
    let front = match entrances.as_slice() {
        [only] => only.hops.clone(),
        _ => hops.clone(),
    };
    let ways = entrances.into_iter().map(|entrance| {
        let known = path.take_if(|_| entrance.hops == hops);
        let path = known.unwrap_or_else(|| read(&sources, &entrance.hops).path);
        entrance.way(path)
    });
    let ways: Vec<Way> = ways.collect();
    let views = views(&files, &documents, &sources);
    let (inputs, claimed) = inputs(&views, reads, platform, &sources);
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
    let names: Vec<&str> = inputs.iter().map(|input| input.path.as_str()).collect();
    problems.extend(noted::notes(&tenant, &names, &inputs, settings.now));
    let nothing = !reading.recognised;
    if nothing {
        problems.push(nothing_found(job, &tenant));
    }
    let closed = arrival.closed.iter().map(|(domain, _)| {
        let name = &domain.value;
        format!("`{name}` takes no mail (its MX record says so), and nothing is said of mail to it")
    });
    let closed: Vec<String> = closed.collect();
    let failed = nothing || problems.iter().any(|problem| problem.level == Level::Deny);
    let mut prepared = Prepared {
        name: name_of(job, &tenant),
        path: job.path.clone(),
        sources,
        tenant,
        policy,
        ways,
        platform,
        reads: reading.reads,
        domains: reading.domains,
        recipients: reading.recipients,
        unread: reading.unread,
        residual: reading.residual.into_iter().chain(closed).collect(),
        recognised: reading.recognised,
        dns,
        answers,
        inputs,
        unclaimed,
        problems,
        export_problems,
        failed,
        now: settings.now,
    };
    let senders = {
        let facts = prepared.ways.iter().map(|way| super::facts(&prepared, library, way));
        let facts: Vec<Facts<'_>> = facts.collect();
        let requirements = unlike(&facts);
        let about = ask::About {
            requirements: &requirements,
            domains: &domains,
            limits: prepared.policy.limits,
        };
        ask::Senders::ask(about, &*resolver)
    };
    senders.placed(&mut prepared.dns, &*resolver, &mut places, &mut prepared.sources);
    let exports = Exports {
        files,
        documents,
        declared,
        hops: front,
    };
    (prepared, exports)
}

/// The requirements of all ways, those with the same values once.
fn unlike<'a>(facts: &[Facts<'a>]) -> Vec<Requirement<'a>> {
    let values = |one: &Requirement<'_>| -> Vec<Span> { one.facts.iter().map(|fact| fact.span).collect() };
    let same = |one: &Requirement<'_>, other: &Requirement<'_>| {
        one.vendor() == other.vendor() && one.stream_id() == other.stream_id() && values(one) == values(other)
    };
    let mut unlike: Vec<Requirement<'a>> = Vec::new();
    for requirement in facts.iter().flat_map(|facts| &facts.requirements) {
        if !unlike.iter().any(|known| same(known, requirement)) {
            unlike.push(requirement.clone());
        }
    }
    unlike
}

/// Whoever answers this tenant's questions.
fn resolver(
    job: &Job,
    settings: &Settings,
    sources: &mut Sources,
    problems: &mut Vec<Problem>,
) -> Arc<dyn Resolver + Send + Sync> {
    match &settings.dns {
        Dns::Off => Arc::new(dns::Off),
        Dns::Asked(resolver) => Arc::clone(resolver),
        Dns::Recorded => {
            let Some(path) = &job.dns_file else {
                return Arc::new(dns::Off);
            };
            let name = relative(&job.root, path);
            match job.read(path) {
                Ok(bytes) => {
                    let id = sources.add_bytes(name, bytes);
                    let (recorded, found) = recorded::read(sources, id);
                    problems.extend(found);
                    Arc::new(recorded)
                }
                Err(error) => {
                    let id = sources.add_text(name.clone(), "");
                    problems.push(unopened(id, &format!("`{name}` cannot be read: {error}")));
                    Arc::new(dns::Off)
                }
            }
        }
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

/// What is not asked of the tenant, though somebody may believe that it is.
pub(super) fn unasked(job: &Job, tenant: &Tenant, now: Date) -> Vec<Problem> {
    let mut found = Vec::new();
    if tenant.vendors.is_empty() && tenant.offboarded.is_empty() && tenant.expects.is_empty() {
        let span = Span::new(tenant.source, 0, 0);
        let label = crate::problem::Label::new(span, "there is no `[[vendor]]`");
        found.push(Problem {
            level: Level::Note,
            kind: ProblemKind::Notice,
            message: "no vendor is declared, so nothing is said of whether a vendor's mail gets through".to_owned(),
            help: Some(
                "name it by `--vendor`, or by `[[vendor]]` in `allowaudit.toml`; `allowaudit pack list` lists them"
                    .to_owned(),
            ),
            labels: if job.tenant_file.is_some() {
                vec![label]
            } else {
                Vec::new()
            },
        });
    }
    for vendor in &tenant.vendors {
        let Some(until) = vendor.until.filter(|until| until.value < now) else {
            continue;
        };
        let message = format!(
            "the contract of `{}` is over, so nothing is said of whether its mail gets through",
            vendor.pack.value
        );
        let problem = Problem::at(Level::Note, ProblemKind::Notice, until.span, message, "the last day");
        found.push(problem.also(vendor.pack.span, "this vendor"));
    }
    found
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

fn inputs(
    files: &[File<'_>],
    reads: &[Read],
    platform: &'static str,
    sources: &Sources,
) -> (Vec<Input>, Vec<SourceId>) {
    let mut rows: Vec<Input> = Vec::new();
    let mut claimed = Vec::new();
    for read in reads {
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
            platform: Some(platform),
            kind: read.kind,
            objects: read.objects,
            encoding: source.encoding.as_str(),
            complete: read.complete,
        });
    }
    (rows, claimed)
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
    // A tenant file names what lies beside it.
    let beside = job.tenant_file.as_deref().and_then(Path::parent);
    let folder = beside.unwrap_or(&job.root);
    let (choice, named_at) = match (&settings.policy, &tenant.policy) {
        (Some(choice), _) => (choice.clone(), None),
        (None, Some(name)) if is_file_name(&name.value) => match job.read(&folder.join(&name.value)) {
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

/// What the tenant file says of files that are there.
fn declared(tenant: &Tenant, files: &[ReadFile]) -> Vec<Declared> {
    let is_there = |note: &&tenant::ExportNote| files.iter().any(|file| file.path == note.file.value);
    tenant
        .exports
        .iter()
        .filter(is_there)
        .map(|note| Declared {
            file: note.file.value.clone(),
            kind: note.kind.as_ref().map(|kind| kind.value.clone()),
            empty: note.empty,
            list: note.list.as_ref().map(|list| list.value.clone()),
        })
        .collect()
}
