//! `allowaudit` proves what mail allowlists really let through.
pub mod document;
pub mod problem;
pub mod source;
