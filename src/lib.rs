//! `allowaudit` proves what mail allowlists really let through.
//!
//! Data flows one way: gather → read → ask DNS → judge → tell.
//! Read the modules in the order in which they stand here: each uses only those above it.

pub mod source;

pub mod problem;

pub mod allow;

pub mod document;

pub mod message;

pub mod form;

pub mod spelling;

pub mod dns;

pub mod pack;

pub mod policy;

pub mod tenant;

pub mod requirement;

pub mod path;

pub mod platform;

pub mod platforms;

pub mod evidence;

pub mod check;

pub mod checks;

pub mod difference;

pub mod plan;

pub mod report;

pub mod audit;

pub mod cli;
