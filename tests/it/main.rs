//! The only integration test binary.

mod examples;
mod program;
mod readme;
mod samples;
mod specs;
mod tidy;
