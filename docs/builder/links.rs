//! Links inside the built book.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use anyhow::Result;

use crate::pages::files;

/// Pages made by the renderer whose links repeat those of others.
const REPEATED: [&str; 3] = ["404.html", "print.html", "toc.html"];

/// Links to a file or an anchor that is not there. Links to other places are not followed.
pub(crate) fn broken(book: &Path) -> Result<Vec<String>> {
    let mut pages = BTreeMap::new();
    for path in files(book, "html")? {
        let text = std::fs::read_to_string(&path)?;
        pages.insert(path, text);
    }
    let anchors: BTreeMap<&PathBuf, BTreeSet<&str>> =
        pages.iter().map(|(path, text)| (path, values(text, "id").collect())).collect();
    let mut broken = Vec::new();
    for (path, text) in &pages {
        if path.file_name().is_some_and(|name| REPEATED.iter().any(|repeated| name == *repeated)) {
            continue;
        }
        for link in values(text, "href").chain(values(text, "src")).filter(|link| is_inside(link)) {
            if !leads_somewhere(path, link, &anchors) {
                let page = path.strip_prefix(book).unwrap_or(path);
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    Ok(broken)
}

fn leads_somewhere(page: &Path, link: &str, anchors: &BTreeMap<&PathBuf, BTreeSet<&str>>) -> bool {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() { page.to_owned() } else { joined(page, file) };
    if !target.is_file() {
        return false;
    }
    // The renderer's own fragments (`#` alone) lead to the top.
    anchor.is_empty() || anchors.get(&target).is_none_or(|known| known.contains(anchor))
}

fn joined(page: &Path, link: &str) -> PathBuf {
    let mut path = page.parent().unwrap_or(page).to_owned();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    path
}

/// Not another site, another scheme, or a path from the root of a server.
fn is_inside(link: &str) -> bool {
    let scheme = link.find(':').is_some_and(|colon| !link[..colon].contains(['/', '#', '.']));
    !scheme && !link.starts_with('/')
}

/// The values of an attribute in a page.
fn values<'a>(page: &'a str, attribute: &str) -> impl Iterator<Item = &'a str> {
    let start = format!(" {attribute}=\"");
    let mut rest = page;
    std::iter::from_fn(move || {
        let begin = rest.find(&start)? + start.len();
        let end = begin + rest[begin..].find('"')?;
        let value = &rest[begin..end];
        rest = &rest[end..];
        Some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::{broken, is_inside, values};

    #[test]
    fn attributes_are_found() {
        let page = r##"<a href="x.html#y" id="z"><img src="p.svg"> <a href="#z">"##;
        assert_eq!(values(page, "href").collect::<Vec<_>>(), ["x.html#y", "#z"]);
        assert_eq!(values(page, "id").collect::<Vec<_>>(), ["z"]);
        assert!(is_inside("a/b.html#c:d") && is_inside("#a"));
        assert!(!is_inside("mailto:x") && !is_inside("https://x") && !is_inside("/x"));
    }

    #[test]
    fn a_missing_file_and_a_missing_anchor_are_broken() {
        let folder = std::env::temp_dir().join(format!("forebay-docs-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let page =
            r##"<h1 id="top"><a href="#top"><a href="#no"><a href="other.html"><a href="page.html#top">"##;
        std::fs::write(folder.join("page.html"), page).unwrap();
        let found = broken(&folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, ["page.html: #no", "page.html: other.html"]);
    }
}
