//! The only integration test binary.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod examples;
mod program;
mod readme;
mod samples;
mod specs;
mod tidy;
