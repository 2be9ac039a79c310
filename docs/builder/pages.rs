//! The pages of the book.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use mdbook_driver::MDBook;
use mdbook_driver::book::BookItem;

/// Pages in the book's folder that its summary does not list.
pub(crate) fn unlisted(book: &MDBook) -> Result<Vec<String>> {
    let listed: BTreeSet<PathBuf> = book
        .iter()
        .filter_map(|item| match item {
            BookItem::Chapter(chapter) => chapter.source_path.clone(),
            _ => None,
        })
        .collect();
    let folder = book.source_dir();
    let mut unlisted = Vec::new();
    for file in files(&folder, "md")? {
        let name = file.strip_prefix(&folder).unwrap_or(&file);
        if name != Path::new("SUMMARY.md") && !listed.contains(name) {
            unlisted.push(name.display().to_string());
        }
    }
    Ok(unlisted)
}

/// The files below a folder with this ending, sorted.
pub(crate) fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
