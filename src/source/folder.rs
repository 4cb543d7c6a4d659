//! Folders that are written as a whole, and what lies in them.

use std::io;
use std::path::{Component, Path, PathBuf};

use super::write;

/// Puts a folder with these files in the place of another, or where none is. Other readers see the old folder or the new
/// one; where something fails, the old one stays.
///
/// # Errors
/// What the file system says, or a path that would lie outside of the folder.
pub fn replace_folder(folder: &Path, files: &[(PathBuf, Vec<u8>)]) -> io::Result<()> {
    let leads_out = |path: &Path| path.components().any(|part| !matches!(part, Component::Normal(_)));
    if files.iter().any(|(path, _)| leads_out(path)) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a file would lie outside of the folder",
        ));
    }
    let folder = std::path::absolute(folder)?;
    let name = folder
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it has no name"))?;
    let beside = |word: &str| {
        let mut other = std::ffi::OsString::from(".");
        other.push(name);
        other.push(format!(".{word}-{}", std::process::id()));
        folder.with_file_name(other)
    };
    let (new, old) = (beside("new"), beside("old"));
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let written = write_all(&new, files).and_then(|()| {
        if !folder.exists() {
            return std::fs::rename(&new, &folder);
        }
        std::fs::rename(&folder, &old)?;
        if let Err(error) = std::fs::rename(&new, &folder) {
            std::fs::rename(&old, &folder)?;
            return Err(error);
        }
        std::fs::remove_dir_all(&old)
    });
    if written.is_err() {
        // Whatever is left of it is of no use.
        let _ = std::fs::remove_dir_all(&new);
    }
    written
}

fn write_all(folder: &Path, files: &[(PathBuf, Vec<u8>)]) -> io::Result<()> {
    std::fs::create_dir(folder)?;
    for (path, bytes) in files {
        let file = folder.join(path);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent)?;
        }
        write(&file, bytes)?;
    }
    Ok(())
}

/// Everything in a directory that is no directory, by its path there, sorted; hidden entries and links too.
///
/// # Errors
/// What the file system says.
pub fn contents(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        #[expect(clippy::disallowed_methods, reason = "this is the one door to the file system")]
        let listing = std::fs::read_dir(root.join(&folder))?;
        for entry in listing {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                open.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::read;

    #[test]
    fn a_folder_is_replaced_as_a_whole() {
        let root = std::env::temp_dir().join(format!("allowaudit-source-{}", std::process::id()));
        let folder = root.join("out");
        let files = |names: &[&str]| -> Vec<(PathBuf, Vec<u8>)> {
            names
                .iter()
                .map(|name| (PathBuf::from(name), name.as_bytes().to_vec()))
                .collect()
        };
        replace_folder(&folder, &files(&["a", "b/c", "b/.d"])).unwrap();
        assert_eq!(contents(&folder).unwrap(), ["a", "b/.d", "b/c"].map(PathBuf::from));
        replace_folder(&folder, &files(&["b/e"])).unwrap();
        assert_eq!(contents(&folder).unwrap(), [PathBuf::from("b/e")]);
        assert_eq!(read(&folder.join("b/e")).unwrap(), b"b/e");
        for out in ["../x", "/x", "b/../../x"] {
            assert!(replace_folder(&folder, &files(&["a", out])).is_err(), "{out}");
        }
        assert_eq!(contents(&root).unwrap(), [PathBuf::from("out/b/e")]);
        std::fs::remove_dir_all(&root).unwrap();
    }
}
