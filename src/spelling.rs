//! How values are spelled in files of our own: senders, domains, networks, texts and platform ids.
//!
//! Every kind of value has one reader here, used by packs, policies and tenant files alike.
//! It knows nothing of who uses the value for what.

use std::fmt;

use crate::allow::address::Address;
use crate::allow::domain::{Domain, DomainSet};
use crate::allow::header::{HeaderName, Matcher, Pattern};
use crate::allow::ip::{IpSet, parse_entry};
use crate::problem::did_you_mean;

/// Ids of the platforms that packs, policies, tenants and tables may name.
pub const PLATFORMS: &[&str] = &[
    "exchange",
    "exchange-server",
    "exchange-edge",
    "google",
    "mimecast",
    "proofpoint",
    "proofpoint-essentials",
    "barracuda",
    "barracuda-esg",
    "xeams",
    "cybermail",
    "cisco",
    "sophos",
    "trend-micro",
    "harmony",
    "abnormal",
    "hornetsecurity",
    "spamexperts",
    "spamtitan",
    "symantec",
    "mailguard",
    "cloudflare",
    "fortimail",
    "proxmox",
    "postfix",
    "spamassassin",
    "rspamd",
    "mailscanner",
];

/// Why a text is not the value it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misspelt {
    /// What is wrong, as a sentence.
    pub message: String,
    /// What to write instead, if it can be told.
    pub help: Option<String>,
}

impl Misspelt {
    fn new(message: impl fmt::Display) -> Self {
        Self {
            message: message.to_string(),
            help: None,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Which senders a value means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SenderSpec {
    /// `a@d`: one address.
    Exact(Address),
    /// `d`: the addresses at a domain, not below it.
    Domain(Domain),
    /// `*.d`: the addresses at domains below one.
    SubDomains(Domain),
    /// `@any`: any sender whatever.
    Any,
    /// `@tenant`: any address at a domain of the tenant.
    Tenant,
    /// `@same-as-mail-from`: the envelope sender of the same message.
    SameAsMailFrom,
}

impl SenderSpec {
    /// The special words.
    pub const WORDS: [&'static str; 3] = ["@any", "@tenant", "@same-as-mail-from"];

    /// Reads a sender.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, Misspelt> {
        match text {
            "@any" => return Ok(Self::Any),
            "@tenant" => return Ok(Self::Tenant),
            "@same-as-mail-from" => return Ok(Self::SameAsMailFrom),
            _ => {}
        }
        if let Some(rest) = text.strip_prefix('@') {
            let help = did_you_mean(text, Self::WORDS).map_or_else(
                || format!("all addresses of a domain are written `{rest}`"),
                |near| format!("did you mean `{near}`?"),
            );
            return Err(Misspelt::new(format!("`{text}` is no sender")).help(help));
        }
        if let Some(domain) = text.strip_prefix("*@") {
            return Err(Misspelt::new(format!("`{text}` is no sender")).help(format!("write `{domain}`")));
        }
        if text.contains('@') {
            return Address::parse(text).map(Self::Exact).map_err(Misspelt::new);
        }
        Ok(match DomainSpec::parse(text)? {
            DomainSpec::Exact(domain) => Self::Domain(domain),
            DomainSpec::SubDomains(domain) => Self::SubDomains(domain),
        })
    }
}

/// Which names a value means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DomainSpec {
    /// `d`: this name, not those below it.
    Exact(Domain),
    /// `*.d`: the names below one, not the name itself.
    SubDomains(Domain),
}

impl DomainSpec {
    /// Reads a name.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, Misspelt> {
        match text.strip_prefix("*.") {
            Some(below) => domain(below).map(Self::SubDomains),
            None => domain(text).map(Self::Exact),
        }
    }

    /// The names as a set.
    pub fn set(&self) -> DomainSet {
        match self {
            Self::Exact(domain) => DomainSet::exact(domain),
            Self::SubDomains(domain) => DomainSet::subs_of(domain),
        }
    }
}

/// Reads one domain name.
///
/// # Errors
/// What is wrong with the text.
pub fn domain(text: &str) -> Result<Domain, Misspelt> {
    let domain = Domain::parse(text).map_err(Misspelt::new)?;
    let one_label = !domain.as_str().contains('.');
    if one_label {
        Err(Misspelt::new(format!("`{text}` is no full domain name")))
    } else {
        Ok(domain)
    }
}

/// Reads an address, a network or a range, as strictly as facts deserve: what consoles forgive is a mistake here.
///
/// # Errors
/// What is wrong with the text.
pub fn networks(text: &str) -> Result<IpSet, Misspelt> {
    let entry = parse_entry(text).map_err(Misspelt::new)?;
    if entry.host_bits {
        return Err(
            Misspelt::new(format!("`{text}` has host bits set")).help(format!("the network is `{}`", entry.set))
        );
    }
    if entry.leading_zero {
        return Err(Misspelt::new(format!("`{text}` has an octet with a leading zero")));
    }
    Ok(entry.set)
}

/// Reads the hosts of somebody. Whoever had half of all addresses would be everybody, and nobody would be left to fear.
///
/// # Errors
/// What is wrong with the text.
pub fn hosts(text: &str) -> Result<IpSet, Misspelt> {
    let set = networks(text)?;
    let everybody = set.v4_only().count() >= 1 << 31 || set.minus(&set.v4_only()).count() >= 1 << 127;
    if everybody {
        return Err(Misspelt::new(format!("nobody has as many hosts as `{text}`")));
    }
    Ok(set)
}

crate::form::words! {
    /// How a text is compared. Case never matters.
    Match {
        /// The header is there, whatever its value.
        Present = "present",
        /// The whole text is this.
        Equals = "equals",
        /// The text holds this.
        Contains = "contains",
        /// The text is matched by this pattern.
        Pattern = "pattern",
    }
}

impl Match {
    /// The comparison with a text; none where presence is all that counts.
    ///
    /// # Errors
    /// A pattern that cannot be read.
    pub fn with(self, text: &str) -> Result<Option<Matcher>, Misspelt> {
        Ok(Some(match self {
            Self::Present => return Ok(None),
            Self::Equals => Matcher::Equals(text.to_owned()),
            Self::Contains => Matcher::Contains(text.to_owned()),
            Self::Pattern => Matcher::Pattern(Pattern::parse(text).map_err(Misspelt::new)?),
        }))
    }
}

/// Which of several headers of one name is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Position {
    /// `oldest:n`: the n lowest, written first.
    Oldest(u32),
    /// `newest:n`: the n topmost, written last.
    Newest(u32),
}

impl Position {
    /// Reads a position.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, Misspelt> {
        let wrong = || Misspelt::new(format!("`{text}` is no position")).help("write `oldest:2` or `newest:1`");
        let (end, count) = text.split_once(':').ok_or_else(wrong)?;
        let count: u32 = count.parse().map_err(|_| wrong())?;
        match end {
            "oldest" if count > 0 => Ok(Self::Oldest(count)),
            "newest" if count > 0 => Ok(Self::Newest(count)),
            _ => Err(wrong()),
        }
    }
}

/// A question to a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderTest {
    /// The header.
    pub name: HeaderName,
    /// How its value is compared; none where presence is all that counts.
    pub matcher: Option<Matcher>,
    /// Which of several headers of that name is meant; any if none.
    pub at: Option<Position>,
}

/// Reads the name of a header.
///
/// # Errors
/// What is wrong with the text.
pub fn header_name(text: &str) -> Result<HeaderName, Misspelt> {
    HeaderName::parse(text).map_err(Misspelt::new)
}
