//! Reads: values of an earlier result, steps of a chain, or the same question again.

use super::{Watched, repeats};
use crate::{
    Confidence,
    nplus1::{
        batch::{self, Many},
        provenance::{Asked, Origin, origin},
        repetition::{Fix, Pattern, Repetition},
        shape::Role,
    },
};

pub(super) fn judge(watched: &Watched<'_>) -> Option<Repetition> {
    if watched.calls.len() < watched.settings.calls_min.max(2) {
        return None;
    }
    let changing = watched.changing();
    if changing.is_empty() || is_paging(watched, &changing) {
        return repeats::judge(watched);
    }
    let origins = changing.iter().map(|&site| origin(watched.seen, &asked(watched, site)));
    match origins.collect::<Option<Vec<Origin>>>() {
        Some(origins) if origins.iter().all(|origin| is_parent(watched, origins[0], *origin)) => {
            Some(n_plus_one(watched, &changing, &origins))
        }
        _ => chain(watched, &changing).or_else(|| repeats::judge(watched)),
    }
}

/// Whether a value comes from the statement that the first comes from, and that is another one.
fn is_parent(watched: &Watched<'_>, first: Origin, origin: Origin) -> bool {
    origin.group == first.group && origin.group != watched.at
}

/// Whether what changes is where a page begins, how long it is, or which of many values: asked for on purpose.
fn is_paging(watched: &Watched<'_>, changing: &[usize]) -> bool {
    let lists = watched.shape.sites.iter().filter(|site| site.role == Role::List).count();
    changing.iter().any(|&site| match &watched.shape.sites[site].role {
        Role::Window | Role::Range => true,
        Role::List => lists > 1,
        _ => false,
    })
}

fn asked<'a>(watched: &'a Watched<'_>, site: usize) -> Asked<'a> {
    let column = match &watched.shape.sites[site].role {
        Role::Equal { column } => Some(column.as_str()),
        _ => None,
    };
    Asked {
        calls: watched.calls,
        values: watched.values.iter().map(|values| values[site]).collect(),
        column,
        text: &watched.group.text.sql,
    }
}

/// Values of its own earlier answers, compared by `=`: the steps of a walk. Compared otherwise they are pages.
fn chain(watched: &Watched<'_>, changing: &[usize]) -> Option<Repetition> {
    let [site] = changing else { return None };
    let asked = asked(watched, *site);
    if asked.column.is_none() || !asked.is_chain() || watched.calls.len() < 3 {
        return None;
    }
    let fix = Fix {
        what: "let the server take the steps: WITH RECURSIVE".into(),
        statement: None,
        caveats: vec![
            "each step needs the answer to the one before, so no list of values can be asked for at once"
                .into(),
        ],
    };
    Some(watched.repetition(Pattern::Chain, watched.calls.len() - 1, fix, Confidence::Medium))
}

fn n_plus_one(watched: &Watched<'_>, changing: &[usize], origins: &[Origin]) -> Repetition {
    let fix = batch::read(Many {
        shape: watched.shape,
        changing,
        types: watched.group.types.as_deref(),
        literals: watched.settings.literals,
    });
    let certain = origins.iter().all(|origin| origin.certain);
    let confidence = if certain { Confidence::High } else { Confidence::Medium };
    let mut found = watched.repetition(Pattern::NPlusOne, watched.calls.len() - 1, fix, confidence);
    found.source =
        Some(watched.source(origins[0].group, origins.iter().map(|origin| origin.column).collect()));
    found
}
