//! The book's tables say which test holds which requirement: each of these tests exists.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

/// The tests of this crate: the text of each file by its name without the ending.
fn tests(folder: &Path, found: &mut HashMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            tests(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let name = path.file_stem().expect("a name").to_str().expect("text").to_owned();
            found.insert(name, fs::read_to_string(&path).expect("text"));
        }
    }
}

/// What stands in backquotes in the last column of tables whose last column is called `test`.
fn named(page: &str) -> Vec<String> {
    let (mut names, mut inside) = (Vec::new(), false);
    for line in page.lines() {
        let Some(row) = line.strip_prefix('|') else {
            inside = false;
            continue;
        };
        let last = row.trim_end().trim_end_matches('|').rsplit(" | ").next().unwrap_or_default().trim();
        if last == "test" {
            inside = true;
        } else if inside {
            names.extend(last.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    names
}

fn is_there(name: &str, tests: &HashMap<String, String>) -> bool {
    if name.starts_with("tests/") {
        return Path::new(env!("CARGO_MANIFEST_DIR")).join(name).exists();
    }
    let is_test = |text: &String, test: &str| {
        let Some(at) = text.find(&format!("fn {test}()")) else { return false };
        // Attributes stand in the lines above.
        let above = text[..at].lines().rev().skip(1).take_while(|line| line.trim_start().starts_with('#'));
        let mut above = above.chain(text[..at].lines().last().filter(|line| line.starts_with('#')));
        above.any(|line| line.trim_start().starts_with("#[test]") || line.contains("#[tokio::test"))
    };
    match name.rsplit_once("::") {
        // The same file as the name before it.
        Some(("…", test)) => tests.values().any(|text| is_test(text, test)),
        Some((file, test)) => tests.get(file).is_some_and(|text| is_test(text, test)),
        None => tests.contains_key(name) || tests.values().any(|text| is_test(text, name)),
    }
}

#[test]
fn every_test_that_the_book_names_exists() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = HashMap::new();
    tests(&here.join("tests"), &mut found);
    let book: PathBuf = here.join("../../docs/src");
    let mut missing = Vec::new();
    for (page, least) in
        [("response-cache.md", 60), ("response-rfc9110.md", 40), ("response-comparison.md", 16)]
    {
        let names = named(&fs::read_to_string(book.join(page)).expect("a page"));
        assert!(names.len() >= least, "{page} names {} tests", names.len());
        missing.extend(names.into_iter().filter(|name| !is_there(name, &found)));
    }
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
}

#[test]
fn a_name_of_no_test_is_noticed() {
    let found = HashMap::from([(
        "a_file".to_owned(),
        "#[tokio::test]\nasync fn it_holds() {\n}\nfn other() {}".to_owned(),
    )]);
    assert!(
        is_there("a_file::it_holds", &found) && is_there("it_holds", &found) && is_there("a_file", &found)
    );
    assert!(
        !is_there("a_file::other", &found)
            && !is_there("it_fails", &found)
            && !is_there("tests/no.rs", &found)
    );
}
