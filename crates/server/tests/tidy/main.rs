//! What a reviewer would forget to look at: direction between modules, fences between crates, where SQL stands, file sizes, module
//! heads, the code map, licences of dependencies.
//!
//! Reads the files of the repository and judges nothing that a compiler or clippy judges already. Left out: the network, and mending what
//! is wrong. Invariant: a failure names file, line and rule, so that nobody has to read this test to know what to do.

mod direction;
mod fences;
mod licences;
mod map;
mod rust;
mod texts;
mod tree;

/// Fails with every finding at once, so that one run is enough to mend them all.
fn report(rule: &str, findings: &[String]) {
    assert!(
        findings.is_empty(),
        "{rule}\n  {}\n({} of them)",
        findings.join("\n  "),
        findings.len()
    );
}
