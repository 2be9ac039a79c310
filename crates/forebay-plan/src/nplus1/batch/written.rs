//! Rows written by one statement from arrays.

use super::Many;
use crate::nplus1::{draft::Draft, repetition::Fix};
use forebay_sql::{Keyword, TokenKind};

/// `INSERT … VALUES ($1, …)` becomes `INSERT … SELECT … FROM unnest(…)`. `None` for more than one row, defaults, and where a type
/// is not known.
pub(super) fn insert(many: Many<'_>) -> Option<Fix> {
    let words = &many.shape.words;
    let values = words.outside(0, &[Keyword::Values])?;
    let open = values + 1;
    let close = words.closed_by(open)?;
    let defaults = (open..close).any(|at| words.is(at, Keyword::Default));
    if words.kind(close + 1) == Some(TokenKind::Comma) || defaults {
        return None;
    }
    let sites = || many.shape.sites.iter().filter_map(|site| Some((site.at, site.parameter?)));
    if sites().any(|(at, _)| !(open..close).contains(&at)) {
        return None;
    }
    let mut parameters: Vec<usize> = sites().map(|(_, number)| number).collect();
    parameters.sort_unstable();
    parameters.dedup();
    // Where values are written into the text, each statement is another.
    if parameters.is_empty() || many.changing.iter().any(|&at| many.shape.sites[at].parameter.is_none()) {
        return None;
    }
    let batch = many.unnest(&parameters)?;
    let mut draft = Draft::of(many.shape, many.changing, many.literals)?;
    for (at, number) in sites() {
        let place = parameters.iter().position(|&known| known == number)?;
        draft.replace(at, format!("batch.v{}", place + 1));
    }
    draft.replace(values, "SELECT ");
    draft.replace(open, "");
    draft.add_to(close - 1, &format!(" FROM {batch}"));
    draft.replace(close, "");
    let mut caveats = vec![
        "all rows are written, or none".to_owned(),
        "for thousands of rows COPY is faster yet: `insert_many` of the pool".to_owned(),
    ];
    if words.outside(close, &[Keyword::Conflict]).is_some() {
        caveats.push(
            "ON CONFLICT DO UPDATE refuses a row that comes twice in one statement: leave out duplicates"
                .into(),
        );
    }
    Some(Fix { what: "write all rows at once:".into(), statement: Some(draft.finish()), caveats })
}

/// `UPDATE … SET a = $1 WHERE id = $2` becomes `UPDATE … SET a = batch.v1 FROM unnest(…) WHERE id = batch.v2`.
pub(super) fn update(many: Many<'_>) -> Option<Fix> {
    let words = &many.shape.words;
    let condition = words.outside(0, &[Keyword::Where])?;
    if !words.is(0, Keyword::Update) || words.outside(0, &[Keyword::From]).is_some() {
        return None;
    }
    let parameters = many.parameters()?;
    let batch = many.unnest(&parameters)?;
    let mut draft = Draft::of(many.shape, many.changing, many.literals)?;
    for site in &many.shape.sites {
        let place = site.parameter.and_then(|number| parameters.iter().position(|&known| known == number));
        if let Some(place) = place {
            draft.replace(site.at, format!("batch.v{}", place + 1));
        }
    }
    draft.insert(condition, &format!("FROM {batch}"));
    Some(Fix {
        what: "change all rows at once:".into(),
        statement: Some(draft.finish()),
        caveats: vec![
            "a row that stands twice in the arrays is changed once, by either".into(),
            "all rows are changed, or none".into(),
        ],
    })
}
