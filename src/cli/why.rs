//! `allowaudit why`: one message through the path.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgMatches, Args, ValueEnum};
use serde::Serialize;

use super::{Common, Outcome, World};
use crate::allow::address::{Address, AddressSet, Sender};
use crate::allow::domain::Domain;
use crate::allow::header::HeaderName;
use crate::audit::{Prepared, Way, gather, prepare};
use crate::message::{Message, auth};
use crate::path::walk::{Journey, StageResult, Standing, Step};
use crate::path::{MailPath, Rule, Verdict};
use crate::problem::Level;
use crate::report::{self, escape};
use crate::source::{Sources, Span};

/// Arguments of `why`.
#[derive(Debug, Args)]
pub struct WhyArgs {
    /// The tenant: a folder with exports, or a single export.
    path: PathBuf,
    /// Address of the connecting host.
    #[arg(long, value_name = "A")]
    ip: IpAddr,
    /// Envelope sender; `<>` is the null sender.
    #[arg(long, value_name = "X")]
    mail_from: String,
    /// Recipient.
    #[arg(long, value_name = "R")]
    to: String,
    /// Header sender; the envelope sender if not given.
    #[arg(long, value_name = "F")]
    from: Option<String>,
    /// Domain of a valid DKIM signature; repeatable.
    #[arg(long, value_name = "D")]
    dkim: Vec<String>,
    /// A header, written `Name: value`; repeatable.
    #[arg(long, value_name = "N: V")]
    header: Vec<String>,
    /// A result of authentication, such as `dmarc=pass`; repeatable.
    #[arg(long, value_name = "METHOD=RESULT")]
    auth: Vec<String>,
    /// Where the message comes in.
    #[arg(long, value_enum, default_value_t = EntryPoint::Smtp)]
    entry: EntryPoint,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// For programs; versioned.
    Json,
}

/// Where a message comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EntryPoint {
    /// Along the way that MX tells.
    Smtp,
    /// Straight to the tenant's own host, past a filter in front.
    SmtpDirect,
    /// Into the mailbox, past everything before it.
    Api,
}

/// Runs it.
pub fn run(mut args: WhyArgs, options: &ArgMatches, world: World) -> Outcome {
    args.common.order(options);
    let args = &args;
    let message = match message(args) {
        Ok(message) => message,
        Err(text) => return Outcome::refused(&text),
    };
    let (library, settings) = match args.common.load(world) {
        Ok(loaded) => loaded,
        Err(text) => return Outcome::refused(&text),
    };
    let jobs = match gather(&args.path) {
        Ok(jobs) => jobs,
        Err(text) => return Outcome::refused(&text),
    };
    let [job] = jobs.as_slice() else {
        return Outcome::refused(&format!(
            "`{}` holds {} tenants; name one of them",
            args.path.display(),
            jobs.len()
        ));
    };
    let prepared = prepare(job, &library, &settings);
    // Of several ways to one recipient, the first that MX shows.
    let to = AddressSet::exact(&message.to);
    let leads = |way: &&Way| !way.not_to.overlaps(&to);
    let Some(way) = prepared.ways.iter().find(leads).or(prepared.ways.first()) else {
        return Outcome::refused("no way leads to the tenant");
    };
    let path = &way.path;
    let journey = match args.entry {
        EntryPoint::SmtpDirect => path.walk_from(path.entry_past_hops(), &message),
        EntryPoint::Api => path.walk_from(path.entry_into_mailbox(), &message),
        EntryPoint::Smtp => path.walk(&path.masked_message(&message)),
    };
    let mut err = String::new();
    for problem in &prepared.problems {
        err.push_str(&report::human::problem(problem, &prepared.sources));
    }
    let text = match args.format {
        Format::Human => human(&prepared, path, &journey, &message),
        Format::Json => json(&prepared, path, &journey, &message),
    };
    let failed = prepared.problems.iter().any(|problem| problem.level == Level::Deny);
    Outcome {
        code: if failed { 2 } else { 0 },
        out: text.into_bytes(),
        err,
    }
}

fn message(args: &WhyArgs) -> Result<Message, String> {
    let sender = |text: &str| Sender::parse(text).map_err(|error| format!("`{text}` is no sender: {error}"));
    let mail_from = sender(&args.mail_from)?;
    let from = args.from.as_deref().map_or_else(|| Ok(mail_from.clone()), sender)?;
    let to = Address::parse(&args.to).map_err(|error| format!("`{}` is no recipient: {error}", args.to))?;
    let mut dkim = BTreeSet::new();
    for text in &args.dkim {
        dkim.insert(Domain::parse(text).map_err(|error| format!("`{text}` is no domain: {error}"))?);
    }
    let mut headers = BTreeMap::new();
    for text in &args.header {
        let Some((name, value)) = text.split_once(':') else {
            return Err(format!("`{text}` is no header; write `Name: value`"));
        };
        let name = HeaderName::parse(name.trim()).map_err(|error| format!("`{name}` is no header name: {error}"))?;
        headers.insert(name, value.trim().to_owned());
    }
    let mut message = Message {
        ip: args.ip,
        auth_ip: args.ip,
        mail_from,
        from,
        dkim,
        dmarc: auth::DMARC.all(),
        spf: auth::SPF.all(),
        compauth: auth::COMPAUTH.all(),
        headers,
        to,
        links: None,
        attachments: Some(false),
    };
    for text in &args.auth {
        let bad = || format!("`{text}` is no result of authentication; write `dmarc=pass`");
        let (method, result) = text.split_once('=').ok_or_else(bad)?;
        let set = match method.trim().to_ascii_lowercase().as_str() {
            "dmarc" => (&mut message.dmarc, auth::DMARC),
            "spf" => (&mut message.spf, auth::SPF),
            "compauth" => (&mut message.compauth, auth::COMPAUTH),
            _ => return Err(bad()),
        };
        *set.0 = set.1.bit(result.trim()).ok_or_else(bad)?;
    }
    Ok(message)
}

/// A setting that decided.
struct Decider<'r> {
    span: Span,
    object: &'r str,
    what: String,
}

/// The settings a rule decided by for this message: the entries that match it, else the rule's own name.
fn deciding<'r>(rule: &'r Rule, message: &Message) -> Vec<Decider<'r>> {
    let mut found: Vec<Decider<'r>> = rule
        .met_by(message)
        .map(|(list, entry)| match &entry.detail {
            // An entry that is an object of its own is in nothing.
            Some(detail) => Decider {
                span: entry.span,
                object: &detail.object,
                what: format!("`{}`", detail.object),
            },
            None => Decider {
                span: entry.span,
                object: &rule.object,
                what: format!("`{}` of `{}`", list.name, rule.object),
            },
        })
        .collect();
    if found.is_empty() {
        found.push(Decider {
            span: rule.origin,
            object: &rule.object,
            what: format!("`{}`", rule.object),
        });
    }
    found
}

fn verdict_word(verdict: Option<Verdict>) -> &'static str {
    verdict.map_or("unknown", Verdict::as_str)
}

fn human(prepared: &Prepared, path: &MailPath, journey: &Journey, message: &Message) -> String {
    let mut text = String::new();
    let skips = match journey.skips_spam_filter {
        Some(true) => "skips the spam filter",
        Some(false) => "does not skip the spam filter",
        None => "may or may not skip the spam filter",
    };
    let _ = writeln!(text, "{}, and {skips}", verdict_word(journey.verdict));
    if prepared.ways.len() > 1 {
        let _ = writeln!(text, "by the way `{}`, one of {}", path.name, prepared.ways.len());
    }
    for result in &journey.stages {
        let Some(stage) = path.stages.get(result.stage) else {
            continue;
        };
        let _ = writeln!(text, "\n{:<28} {}", stage.id, verdict_word(result.verdict));
        for step in &result.steps {
            let Some(rule) = path.rule(step.at) else { continue };
            if rule.control == "no-policy" || rule.control == "authentication" {
                continue;
            }
            let sure = if step.sure { "matches" } else { "may match" };
            for Decider { span, what, .. } in deciding(rule, message) {
                let _ = writeln!(
                    text,
                    "  {sure} {} {}",
                    escape::line(&what),
                    place(&prepared.sources, span)
                );
            }
            for need in &step.needs {
                if let Some(need) = path.needed(*need) {
                    let _ = writeln!(text, "    {}", escape::line(&need.text));
                }
            }
        }
        for line in concern_lines(path, result) {
            let _ = writeln!(text, "  {}", escape::line(&line));
        }
    }
    text
}

fn concern_lines(path: &MailPath, result: &StageResult) -> Vec<String> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for (concern, standing) in &result.concerns {
        let what = match standing {
            Standing::Cleared(at) => format!("cleared by `{}`", path.rule(*at).map_or("", |rule| &rule.object)),
            Standing::Waived(_) => "not judged".to_owned(),
            Standing::Raised => "held against it".to_owned(),
            Standing::Unknown(..) => "undecided".to_owned(),
        };
        match groups.iter_mut().find(|(known, _)| *known == what) {
            Some((_, words)) => words.push(concern.as_str()),
            None => groups.push((what, vec![concern.as_str()])),
        }
    }
    groups
        .into_iter()
        .map(|(what, words)| format!("{what}: {}", words.join(", ")))
        .collect()
}

fn place(sources: &Sources, span: Span) -> String {
    let source = sources.get(span.source);
    if source.name.is_empty() || span.source == crate::source::SourceId::NOWHERE {
        return String::new();
    }
    let (line, column) = source.line_column(span.start);
    format!("[{}:{line}:{column}]", escape::line(&source.name))
}

#[derive(Serialize)]
struct Wire<'a> {
    format: &'a str,
    version: u32,
    verdict: &'a str,
    skips_spam_filter: Option<bool>,
    stages: Vec<WireStage<'a>>,
    needs: Vec<&'a str>,
}

#[derive(Serialize)]
struct WireStage<'a> {
    stage: &'a str,
    verdict: &'a str,
    by: Vec<WireLabel>,
    concerns: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct WireLabel {
    role: &'static str,
    object: String,
    source: String,
    offset: u32,
    length: u32,
    line: u32,
    column: u32,
    text: String,
    sure: bool,
}

/// The settings behind one step.
fn labels(prepared: &Prepared, path: &MailPath, message: &Message, step: &Step) -> Vec<WireLabel> {
    let Some(rule) = path.rule(step.at) else {
        return Vec::new();
    };
    let label = |(at, Decider { span, object, what }): (usize, Decider<'_>)| {
        let source = prepared.sources.get(span.source);
        let (line, column) = source.line_column(span.start);
        WireLabel {
            role: if at == 0 { "primary" } else { "secondary" },
            object: object.to_owned(),
            source: source.name.clone(),
            offset: span.start,
            length: span.len(),
            line,
            column,
            text: format!("{} {what}", if step.sure { "matches" } else { "may match" }),
            sure: step.sure,
        }
    };
    deciding(rule, message).into_iter().enumerate().map(label).collect()
}

fn json(prepared: &Prepared, path: &MailPath, journey: &Journey, message: &Message) -> String {
    let stages = journey
        .stages
        .iter()
        .filter_map(|result| {
            let stage = path.stages.get(result.stage)?;
            let by = result
                .steps
                .iter()
                .flat_map(|step| labels(prepared, path, message, step))
                .collect();
            let concerns = result
                .concerns
                .iter()
                .map(|(concern, standing)| {
                    let word = match standing {
                        Standing::Cleared(_) => "cleared",
                        Standing::Waived(_) => "not-applicable",
                        Standing::Raised => "raised",
                        Standing::Unknown(..) => "unknown",
                    };
                    (concern.as_str(), word)
                })
                .collect();
            Some(WireStage {
                stage: stage.id,
                verdict: verdict_word(result.verdict),
                by,
                concerns,
            })
        })
        .collect();
    let wire = Wire {
        format: "allowaudit-journey",
        version: 1,
        verdict: verdict_word(journey.verdict),
        skips_spam_filter: journey.skips_spam_filter,
        stages,
        needs: journey
            .needs
            .iter()
            .filter_map(|need| path.needed(*need))
            .map(|need| need.key.as_str())
            .collect(),
    };
    let mut text = serde_json::to_string_pretty(&wire).unwrap_or_default();
    text.push('\n');
    text
}
