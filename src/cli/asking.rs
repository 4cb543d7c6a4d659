//! The options that say who answers questions to DNS.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use clap::Args;

use crate::audit::Dns;
use crate::dns::live::{self, Live};
use crate::dns::{Resolver, recorded};
use crate::problem::{Level, Problem};
use crate::source::{self, Sources};

/// Who answers questions to DNS.
#[derive(Debug, Clone, Default, Args)]
pub struct DnsArgs {
    /// Who answers questions to DNS: `off`, `live`, or a file of recorded answers.
    /// Without it, an audit reads the tenant's own `dns.toml` where there is one and asks nobody, and a command that is
    /// about DNS asks the network.
    #[arg(long, value_name = "off|live|FILE")]
    pub dns: Option<String>,
    /// Server to ask instead of the system's; repeatable.
    #[arg(long, value_name = "ADDR:PORT")]
    pub dns_server: Vec<SocketAddr>,
}

impl DnsArgs {
    /// Who answers.
    ///
    /// # Errors
    /// A sentence about what stands in the way.
    pub fn choice(&self) -> Result<Dns, String> {
        match self.dns.as_deref() {
            None if self.dns_server.is_empty() => Ok(Dns::Recorded),
            None => Err("`--dns-server` asks nobody without `--dns live`".to_owned()),
            Some("off") => Ok(Dns::Off),
            Some("live") => self.live().map(|live| Dns::Asked(Arc::new(live))),
            Some(file) => {
                let bytes = source::read(Path::new(file))
                    .map_err(|error| format!("the recording `{file}` cannot be read: {error}"))?;
                let mut sources = Sources::new();
                let id = sources.add_bytes(file.to_owned(), bytes);
                let (recorded, problems) = recorded::read(&sources, id);
                match problems.iter().find(|problem| problem.level == Level::Deny) {
                    Some(problem) => Err(refusal(file, problem, &sources)),
                    None => Ok(Dns::Asked(Arc::new(recorded))),
                }
            }
        }
    }

    /// Who answers, for a command that asks the network unless told otherwise.
    ///
    /// # Errors
    /// A sentence about what stands in the way.
    pub fn live_unless_recorded(&self) -> Result<Arc<dyn Resolver + Send + Sync>, String> {
        if self.dns.is_none() {
            return Ok(Arc::new(self.live()?));
        }
        match self.choice()? {
            Dns::Asked(resolver) => Ok(resolver),
            Dns::Off | Dns::Recorded => Err("with `--dns off` there is nobody to ask".to_owned()),
        }
    }

    /// The network.
    ///
    /// # Errors
    /// A sentence, where the system's servers cannot be found.
    pub fn live(&self) -> Result<Live, String> {
        let settings = live::Settings {
            servers: self.dns_server.clone(),
            ..live::Settings::default()
        };
        Live::new(settings).map_err(|error| format!("DNS cannot be asked: {error}"))
    }
}

/// What to say where answers are lacking because all of them together took too long; nothing otherwise.
pub fn late(resolver: &dyn Resolver) -> String {
    if resolver.ran_out() {
        "warning: DNS took too long, so that not everything could be asked; what depends on the rest is not known\n"
            .to_owned()
    } else {
        String::new()
    }
}

/// Why a recording is of no use, in one line.
fn refusal(file: &str, problem: &Problem, sources: &Sources) -> String {
    let at = problem.labels.first().map_or_else(String::new, |label| {
        let (line, column) = sources.get(label.span.source).line_column(label.span.start);
        format!(" ({line}:{column})")
    });
    format!("the recording `{file}` cannot be used: {}{at}", problem.message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::{Answer, Off, Question};

    struct Late;

    impl Resolver for Late {
        fn ask(&self, question: &Question) -> Arc<Answer> {
            Off.ask(question)
        }

        fn ran_out(&self) -> bool {
            true
        }
    }

    #[test]
    fn what_took_too_long_is_told() {
        assert!(late(&Late).starts_with("warning: DNS took too long"));
        assert!(late(&crate::dns::Recorder::new(Arc::new(Late))).starts_with("warning: DNS took too long"));
        assert_eq!(late(&Off), "");
    }
}
