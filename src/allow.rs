//! Set algebra over what allowlists speak of: addresses of hosts, domain names, senders, texts.
//!
//! Each kind of set has the same operations (union, intersection, difference, complement,
//! coverage, a fixed smallest member) and a canonical form, so that `==` is equality of sets.
//! Nothing here knows a product, a list or a check.

pub mod address;
pub mod domain;
pub mod ip;

mod fused;
mod interval;
mod local;
mod suffix;

#[cfg(test)]
mod laws;
