//! The files of the repository, as text.
//!
//! What git tracks or would track; outside a git checkout (a source archive) everything but what builds leave behind. Left out: files
//! that are not UTF-8. Invariant: paths are relative to the repository's root and use `/`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// Folders that builds and package managers fill.
const MADE: [&str; 7] = [
    ".git",
    ".venv",
    "dist",
    "node_modules",
    "out",
    "target",
    "__pycache__",
];

/// One file.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// The name without folders.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The part of the name after its last dot.
    pub(crate) fn extension(&self) -> &str {
        self.name()
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension)
    }

    /// Whether it lies under one of these folders.
    pub(crate) fn is_under(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(folder))
    }
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the crate lies in crates/server")
        .to_owned()
}

/// Every text file, sorted by path.
pub(crate) fn files() -> Vec<File> {
    let root = root();
    let mut paths = tracked(&root).unwrap_or_else(|| {
        let mut found = Vec::new();
        walk(&root, &root, &mut found).expect("the repository can be read");
        found
    });
    paths.sort();
    paths.dedup();
    paths
        .into_iter()
        .filter_map(|path| match fs::read(root.join(&path)) {
            Ok(bytes) => String::from_utf8(bytes).ok().map(|text| File { path, text }),
            // Deleted, and the deletion is not committed yet.
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => None,
            Err(fault) => panic!("{path} cannot be read: {fault}"),
        })
        .collect()
}

/// Text of one file that has to be there.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|fault| panic!("{path} cannot be read: {fault}"))
}

fn tracked(root: &Path) -> Option<Vec<String>> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()
        .filter(|listed| listed.status.success())?;
    let names = String::from_utf8(listed.stdout).ok()?;
    Some(
        names
            .split('\0')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
    )
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !MADE.contains(&name.as_ref()) {
                walk(root, &path, found)?;
            }
        } else if let Ok(relative) = path.strip_prefix(root) {
            found.push(relative.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}
