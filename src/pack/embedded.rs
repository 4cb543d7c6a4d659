//! The packs that come with the program: a table written by the build script.

include!(concat!(env!("OUT_DIR"), "/packs.rs"));
