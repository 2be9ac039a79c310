//! The book has a page for each kind of finding, under its id.

use std::fs;

use forebay_plan::Kind;

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src");

/// Kinds that come from many calls, not from one plan.
const OF_CALLS: [Kind; 4] = [Kind::PlanFlip, Kind::LiteralsVary, Kind::NPlusOne, Kind::RepeatedQuery];

#[test]
fn every_kind_has_a_page_with_its_parts() {
    let summary = fs::read_to_string(format!("{DOCS}/SUMMARY.md")).expect("the summary is there");
    let list = fs::read_to_string(format!("{DOCS}/findings.md")).expect("the list of findings is there");
    for kind in Kind::ALL {
        let path = format!("findings/{kind}.md");
        let page =
            fs::read_to_string(format!("{DOCS}/{path}")).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(page.starts_with(&format!("# `{kind}`")), "{path} does not begin with its id");
        let shown = if OF_CALLS.contains(&kind) { "## What it looks like" } else { "## A plan" };
        for part in ["## How it is known", "## What to do", shown] {
            assert!(page.contains(part), "{path} has no part \"{part}\"");
        }
        assert!(summary.contains(&format!("({path})")), "{path} is not in the summary");
        assert!(list.contains(&format!("({path})")), "{path} is not in the list");
    }
}

#[test]
fn the_plan_of_each_page_has_the_finding() {
    for kind in Kind::ALL.into_iter().filter(|kind| !OF_CALLS.contains(kind) && *kind != Kind::UnusedColumns)
    {
        let path = format!("{DOCS}/findings/{kind}.md");
        let page = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let (_, rest) = page.split_once("```text\n").unwrap_or_else(|| panic!("{path} shows no plan"));
        let (plan, _) = rest.split_once("```").unwrap_or_else(|| panic!("{path}: the plan does not end"));
        let found = crate::written::found(plan);
        let first = found.first().map_or("", String::as_str);
        assert!(first.starts_with(&format!("{kind}@")), "{path}: {found:?}");
    }
}

#[test]
fn ids_lead_back_to_their_kinds() {
    for kind in Kind::ALL {
        assert_eq!(Kind::of(kind.id()), Some(kind));
        assert!(
            kind.id().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte.is_ascii_digit())
        );
    }
    assert_eq!(Kind::of("no-such-thing"), None);
}
