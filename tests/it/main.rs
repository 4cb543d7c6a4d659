//! The only integration test binary.
//!
//! `cfg(test)` says nothing new here; it tells clippy that helpers, too, may end a test where they stand.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod diff;
#[cfg(test)]
mod dns_hostile;
#[cfg(test)]
mod dns_live;
#[cfg(test)]
mod dns_server;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod fix;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod pack_verify;
#[cfg(test)]
mod program;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod specs;
#[cfg(test)]
mod spf;
#[cfg(test)]
mod spf_suite;
#[cfg(test)]
mod tidy;
