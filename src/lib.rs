//! `allowaudit` proves what mail allowlists really let through.
pub mod check;
pub mod problem;
pub mod report;
pub mod source;
