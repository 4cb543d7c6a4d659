//! Set algebra over what allowlists speak of: addresses of hosts, domain names, senders, texts.
//!
//! Each kind of set has the same operations (union, intersection, difference, complement,
//! coverage, a fixed smallest member) and a canonical form, so that `==` is equality of sets.
//! Sets of texts are the exception: they hold patterns, so some answers are "unknown" and `==`
//! compares descriptions.
//! Nothing here knows a product, a list or a check.

pub mod address;
pub mod domain;
pub mod header;
pub mod ip;

mod form;
mod fused;
mod interval;
mod local;
mod memo;
mod pattern;
mod suffix;
mod text;

#[cfg(test)]
mod laws;
