//! The book's table of options has every setter of a cache and a namespace, with the default its documentation states.

use std::{fmt::Write as _, path::Path};

const PAGE: &str = include_str!("../../docs/src/cache-options.md");

/// Where setters of the two builders are.
const SOURCES: [(&str, &str); 2] = [("CacheBuilder", "src/cache"), ("NamespaceBuilder", "src/namespace")];

#[test]
fn every_setter_is_in_the_table_with_its_default() {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/forebay-cache");
    let mut expected = String::new();
    for (builder, folder) in SOURCES {
        let mut rows = Vec::new();
        for entry in std::fs::read_dir(crate_root.join(folder)).expect("the folder is there") {
            let path = entry.expect("it can be read").path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let source = std::fs::read_to_string(path).expect("it is text");
                rows.extend(setters(&source, builder));
            }
        }
        rows.sort();
        assert!(rows.len() > 5, "setters of {builder} were found");
        for (name, default) in rows {
            writeln!(expected, "| `{name}` | {default} |").expect("a string takes it");
        }
        expected.push('\n');
    }
    // Of each table in turn.
    let rows = |text: &str| -> Vec<Vec<String>> {
        let is_row = |line: &str| line.starts_with("| `");
        let lines: Vec<&str> = text.lines().collect();
        let tables = lines.split(|line| !is_row(line)).filter(|table| !table.is_empty());
        tables.map(|table| table.iter().map(|line| (*line).to_owned()).collect()).collect()
    };
    assert_eq!(rows(PAGE), rows(&expected), "the table should read:\n{expected}");
}

/// The setters in the `impl` blocks of `builder`, each with what its documentation says after "Default: ".
fn setters(source: &str, builder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let (mut within, mut docs) = (false, String::new());
    for line in source.lines() {
        if line.starts_with("impl") {
            within = line.contains(&format!(" {builder}")) && !line.contains(" for ");
        }
        if let Some(text) = line.trim_start().strip_prefix("///") {
            docs.push_str(text);
        } else if let Some(rest) = line.strip_prefix("    pub fn ").filter(|_| within) {
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            if let Some((_, default)) = docs.split_once("Default: ") {
                found.push((name.to_owned(), plain(default)));
            }
            docs.clear();
        } else if !line.trim_start().starts_with("#[") {
            docs.clear();
        }
    }
    found
}

/// The first sentence, with the text of links in place of links.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.split_once(". ").map_or(text, |(sentence, _)| sentence).trim_end_matches('.');
    while let Some((before, link)) = rest.split_once('[') {
        out.push_str(before);
        let Some((label, after)) = link.split_once(']') else { break };
        out.push_str(label);
        rest =
            after.strip_prefix('(').and_then(|target| target.split_once(')')).map_or(after, |(_, rest)| rest);
    }
    out.push_str(rest);
    out
}
