//! The statement as it is, run by the server for each value.

use super::Many;
use crate::nplus1::{draft::Draft, repetition::Fix, shape::Verb};
use forebay_sql::Keyword;

/// `None` for writes and locks, and where a type is not known.
pub(super) fn fix(many: Many<'_>) -> Option<Fix> {
    let words = &many.shape.words;
    let names = (0..words.len()).filter_map(|at| words.name(at)).any(|name| name == "batch");
    if many.shape.verb != Verb::Select || names || words.outside(0, &[Keyword::For, Keyword::Into]).is_some()
    {
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
    let statement =
        format!("SELECT batch.*, each.* FROM {batch} CROSS JOIN LATERAL ({}) AS each", draft.finish());
    Some(Fix {
        what: "ask once for all values, each with an answer of its own:".into(),
        statement: Some(statement),
        caveats: vec![
            "the first columns are the values: they say where a row belongs".into(),
            "a value that stands twice in the arrays brings its rows twice; WITH ORDINALITY keeps their order".into(),
        ],
    })
}
