//! Embeds the packs and policies, so that the program needs no files beside it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[expect(clippy::disallowed_methods, reason = "a build script lives outside the program")]
fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?);
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    let packs = table(
        &root.join("vendors"),
        "PACKS",
        "toml",
        "The packs: name of the file and its text, sorted by name.",
    )?;
    let lists = table(
        &root.join("vendors"),
        "SIDE_FILES",
        "txt",
        "The side files of packs, sorted by name.",
    )?;
    fs::write(out.join("packs.rs"), packs + &lists)?;
    let policies = table(
        &root.join("policies"),
        "POLICIES",
        "toml",
        "The policies: name of the file and its text, sorted by name.",
    )?;
    fs::write(out.join("policies.rs"), policies)
}

#[expect(clippy::disallowed_methods, reason = "a build script lives outside the program")]
fn table(folder: &Path, name: &str, extension: &str, about: &str) -> io::Result<String> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push(path);
        }
    }
    files.sort();
    let mut text = format!("/// {about}\npub static {name}: &[(&str, &str)] = &[\n");
    for path in files {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let path = path.display().to_string();
        writeln!(text, "    ({file:?}, include_str!({path:?})),").map_err(io::Error::other)?;
    }
    text.push_str("];\n");
    Ok(text)
}
