//! Lists README.md and the pages of docs/ so that their code blocks are compiled with the documentation tests.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut documents = Vec::new();
    find(&root.join("docs"), &mut documents)?;
    // Below the root only these two: cargo would look at every file of a folder that is named as a whole.
    for name in ["README.md", "CONTRIBUTING.md"] {
        println!("cargo::rerun-if-changed={}", root.join(name).display());
        documents.push(root.join(name));
    }
    documents.sort();
    let mut modules = String::new();
    for document in documents.iter().filter(|document| document.is_file()) {
        let path = document.canonicalize()?;
        // The name of the module is what a failing block is reported under.
        let name = document.strip_prefix(&root).unwrap_or(document).with_extension("");
        let name =
            name.to_string_lossy().to_lowercase().replace(|letter: char| !letter.is_alphanumeric(), "_");
        writeln!(modules, "#[doc = include_str!({path:?})]\nmod {name} {{}}")
            .map_err(std::io::Error::other)?;
    }
    println!("cargo::rerun-if-changed={}", root.join("docs").display());
    let target = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    std::fs::write(target.join("documents.rs"), modules)
}

fn find(folder: &Path, documents: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, documents)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            documents.push(path);
        }
    }
    Ok(())
}
