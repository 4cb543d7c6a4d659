//! The table of platforms.

pub mod exchange;
pub mod products;

use crate::platform::Platform;

/// All platforms that can be read, sorted by id.
pub static PLATFORMS: &[&Platform] = &[&exchange::EXCHANGE];
