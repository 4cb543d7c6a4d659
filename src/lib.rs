//! `allowaudit` proves what mail allowlists really let through.
pub mod allow;
pub mod problem;
pub mod source;
