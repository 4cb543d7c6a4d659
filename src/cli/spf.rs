//! `allowaudit spf`: the record of a domain as a tree, or the check of one client with the term that decided.
//!
//! It only parses and prints: what a record means is known in `dns::spf`.

use std::ffi::{OsStr, OsString};
use std::net::IpAddr;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;

use super::asking::{DnsArgs, late};
use super::{Outcome, World, load_packs};
use crate::allow::domain::Domain;
use crate::allow::ip::IpSet;
use crate::dns::spf::Limits;
use crate::dns::spf::evaluate::check_domain;
use crate::dns::spf::macros::expand::Subject;
use crate::dns::spf::set::Tree;
use crate::dns::{Name, Resolver, in_rounds};
use crate::pack::{Pack, Parsed, Sharing};

mod client;
mod human;
mod mistakes;
mod underline;
mod wire;

use self::underline::Underline;

/// Arguments of `spf`.
#[derive(Debug, Args)]
pub struct SpfArgs {
    /// The domain whose record is explained.
    domain: OsString,
    /// Checks one client: the address it connects from.
    #[arg(long, value_name = "A")]
    ip: Option<IpAddr>,
    /// What the client says with HELO or EHLO; the domain if not given.
    #[arg(long, value_name = "H", requires = "ip", allow_hyphen_values = true)]
    helo: Option<OsString>,
    /// Envelope sender; somebody at the domain if not given. `<>` is the null sender.
    #[arg(long, value_name = "S", requires = "ip", allow_hyphen_values = true)]
    sender: Option<OsString>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    dns: DnsArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// For programs; versioned.
    Json,
}

/// What a tree is shown against.
struct Background {
    limits: Limits,
    /// Packs, each with the networks from which others send, too.
    shared: Vec<(String, IpSet)>,
}

impl Background {
    fn new() -> Result<Self, String> {
        let library = load_packs(&[])?;
        let of_pack = |pack: &Pack| {
            let shared = pack.values.iter().filter_map(|value| match &value.parsed {
                Parsed::Networks(networks) if value.sharing.value == Sharing::Shared => Some(networks),
                _ => None,
            });
            (pack.id.value.clone(), IpSet::union_all(shared))
        };
        Ok(Self {
            limits: Limits::default(),
            shared: library.packs.iter().map(of_pack).collect(),
        })
    }
}

/// Runs it.
pub fn run(args: &SpfArgs, world: World) -> Outcome {
    let answered = args.dns.live_unless_recorded().and_then(|resolver| {
        let outcome = match args.ip {
            Some(_) if is_endless(args.sender.as_ref()) || is_endless(args.helo.as_ref()) => {
                return Err(format!(
                    "neither `--sender` nor `--helo` may be longer than {LONGEST} octets"
                ));
            }
            Some(ip) => one(args, ip, &*resolver, world),
            None => all(args, &*resolver)?,
        };
        let err = outcome.err.clone() + &late(&*resolver);
        Ok(Outcome { err, ..outcome })
    });
    answered.unwrap_or_else(|message| Outcome::refused(&message))
}

/// More than any sender or name in SMTP has (RFC 5321, section 4.5.3.1), and little enough for a record that repeats it.
const LONGEST: usize = 1024;

fn is_endless(text: Option<&OsString>) -> bool {
    text.is_some_and(|text| text.len() > LONGEST)
}

/// What the record says of all addresses.
fn all(args: &SpfArgs, resolver: &dyn Resolver) -> Result<Outcome, String> {
    let domain = domain(&args.domain);
    let shown = || String::from_utf8_lossy(&domain).into_owned();
    let name = Name::parse(&domain).map_err(|error| format!("`{}` is no domain: {error}", shown()))?;
    if name.labels().count() < 2 {
        return Err(format!("`{}` is no domain that mail is sent from", shown()));
    }
    let background = Background::new()?;
    let tree = in_rounds(resolver, |resolver| Tree::gather(resolver, &name));
    let mut underline = Underline::new(resolver);
    let voids = mistakes::tell(&mut underline, &tree, background.limits);
    let text = match args.format {
        Format::Human => human::text(&tree, &background, voids, underline.unasked) + &underline.drawn(),
        Format::Json => wire::tree(&tree, &background, voids, &underline),
    };
    Ok(Outcome {
        code: underline.code(),
        ..Outcome::printed(text)
    })
}

/// What it says of one client.
fn one(args: &SpfArgs, ip: IpAddr, resolver: &dyn Resolver, world: World) -> Outcome {
    let domain = domain(&args.domain);
    let helo = args.helo.as_deref().map_or(&*domain, OsStr::as_encoded_bytes);
    let sender = args.sender.as_deref().map_or(&*domain, OsStr::as_encoded_bytes);
    let null = sender == b"<>";
    let mut subject = Subject::new(ip, helo, if null { b"" } else { sender });
    let midnight = world
        .today
        .to_zoned(TimeZone::UTC)
        .map(|day| day.timestamp().as_second());
    subject.time = midnight.ok().and_then(|second| second.try_into().ok()).unwrap_or(0);
    let limits = Limits::default();
    let evaluation = check_domain(resolver, &domain, &subject, limits);
    let mut underline = Underline::new(resolver);
    mistakes::tell_one(&mut underline, &domain, &evaluation);
    let text = match args.format {
        Format::Human => client::text(&domain, ip, &evaluation, limits) + &underline.drawn(),
        Format::Json => wire::evaluation(&domain, &evaluation, limits, &underline),
    };
    Outcome {
        code: underline.code(),
        ..Outcome::printed(text)
    }
}

/// The octets of a domain, without a dot at its end. A name in letters beyond ASCII stands for its form in DNS.
fn domain(written: &OsStr) -> Vec<u8> {
    let octets = written.as_encoded_bytes();
    let in_dns = written
        .to_str()
        .filter(|text| !text.is_ascii())
        .and_then(|text| Domain::parse(text).ok());
    match in_dns {
        Some(domain) => domain.as_str().as_bytes().to_vec(),
        None => octets.strip_suffix(b".").unwrap_or(octets).to_vec(),
    }
}
