//! The only integration test binary.

mod samples;
mod specs;
mod tidy;
