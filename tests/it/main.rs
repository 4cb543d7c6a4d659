//! The only integration test binary.

mod bench;
mod cli;
mod hostile;
mod samples;
