//! `column = $1` becomes `column = ANY($1)`.

use super::Many;
use crate::nplus1::{
    draft::Draft,
    repetition::Fix,
    shape::{Role, Verb},
};
use crate::words::Words;
use forebay_sql::{Keyword, TokenKind};

/// What makes the rows of one value depend on those of others, or stands in the way.
const APART: [Keyword; 11] = [
    Keyword::With,
    Keyword::Union,
    Keyword::Intersect,
    Keyword::Except,
    Keyword::Group,
    Keyword::Having,
    Keyword::Window,
    Keyword::Limit,
    Keyword::Offset,
    Keyword::Fetch,
    Keyword::For,
];

/// `None` when the statement has another form than `… WHERE column = value AND …`.
pub(super) fn fix(many: Many<'_>) -> Option<Fix> {
    let [changing] = many.changing else { return None };
    let (words, site) = (&many.shape.words, &many.shape.sites[*changing]);
    let Role::Equal { column } = &site.role else { return None };
    if words.outside(0, &APART).is_some() || words.is(1, Keyword::Distinct) {
        return None;
    }
    if site.parameter.is_some_and(|number| many.shape.uses(number) != 1) {
        return None;
    }
    let compared = compared(words, site.at)?;
    let mut draft = Draft::of(many.shape, many.changing, many.literals)?;
    let parameter = site.parameter.map_or_else(|| draft.new_parameter(), |number| format!("${}", number + 1));
    match cast(words, site.at) {
        Some((ty, last)) => {
            draft.replace(site.at, format!("ANY({parameter}::{ty}[])"));
            (site.at + 1..=last).for_each(|at| draft.replace(at, ""));
        }
        None => draft.replace(site.at, format!("ANY({parameter})")),
    }
    let mut caveats = vec![
        format!("the rows come together: they belong to the parent that has their {column}"),
        "a value that stands twice in the array brings its rows once; NULL in it matches nothing, as before"
            .to_owned(),
    ];
    if many.shape.verb == Verb::Select {
        told_apart(words, compared, column, &mut draft, &mut caveats)?;
    }
    Some(Fix { what: "ask once for all values:".into(), statement: Some(draft.finish()), caveats })
}

/// The name left of the `=`, as it is written, if the comparison is one of the conditions of `WHERE` that must all hold.
fn compared<'a>(words: &Words<'a>, value: usize) -> Option<&'a str> {
    let condition = words.outside(0, &[Keyword::Where])?;
    if value < condition || words.depth(value) != 0 || words.outside(condition, &[Keyword::Or]).is_some() {
        return None;
    }
    let (equals, last) = (value.checked_sub(1)?, value.checked_sub(2)?);
    words.name(last)?;
    let first = words.start_of_name(last);
    let before = first.checked_sub(1)?;
    let end = cast(words, value).map_or(value, |(_, last)| last) + 1;
    let ends = end == words.len() || words.is_any(end, &[Keyword::And, Keyword::Order, Keyword::Returning]);
    (words.is_operator(equals, "=") && words.is_any(before, &[Keyword::Where, Keyword::And]) && ends)
        .then(|| words.span(first..last + 1))
}

/// The plain type that a value is cast to, and the last word of it.
fn cast<'a>(words: &Words<'a>, value: usize) -> Option<(&'a str, usize)> {
    let is_cast = words.kind(value + 1) == Some(TokenKind::Cast);
    (is_cast && words.name(value + 2).is_some()).then(|| (words.text(value + 2), value + 2))
}

/// Sees to it that each row says which value it belongs to.
fn told_apart(
    words: &Words<'_>,
    compared: &str,
    column: &str,
    draft: &mut Draft<'_>,
    caveats: &mut Vec<String>,
) -> Option<()> {
    let from = words.outside(1, &[Keyword::From])?;
    let items = items(words, 1, from);
    let ordered = words.outside(from, &[Keyword::Order]).is_some();
    if (1..from).any(|at| words.is(at, Keyword::Over)) {
        return None;
    }
    if items.iter().any(|&(first, end)| (first..end).any(|at| is_aggregate(words, at))) {
        if ordered || !items.iter().all(|&(first, _)| is_aggregated(words, first)) {
            return None;
        }
        draft.insert(1, &format!("{compared},"));
        draft.append(&format!("GROUP BY {compared}"));
        caveats
            .push("a value without rows has no row now: its count is 0, its other results are NULL".into());
        return Some(());
    }
    if !items.iter().any(|&(first, end)| shows(words, first, end, column)) {
        draft.insert(1, &format!("{compared},"));
        caveats.push(format!("{column} is a first column more, which says where a row belongs"));
    }
    if ordered {
        caveats.push("the order holds over all rows, so it holds among those of each value".into());
    }
    Some(())
}

/// The elements of the list between two words.
fn items(words: &Words<'_>, from: usize, to: usize) -> Vec<(usize, usize)> {
    let mut items = Vec::new();
    let mut first = from;
    for at in from..to {
        if words.depth(at) == 0 && words.kind(at) == Some(TokenKind::Comma) {
            items.push((first, at));
            first = at + 1;
        }
    }
    items.push((first, to));
    items
}

/// Whether an element is the column itself, or all columns.
fn shows(words: &Words<'_>, first: usize, end: usize, column: &str) -> bool {
    let Some(last) = end.checked_sub(1) else { return false };
    let plain = words.start_of_name(last) == first;
    (plain && words.name(last).is_some_and(|name| name == column))
        || (words.is_operator(last, "*") && (last == first || words.kind(last - 1) == Some(TokenKind::Dot)))
}

/// Whether an element is one aggregate, or a `coalesce` of one.
fn is_aggregated(words: &Words<'_>, first: usize) -> bool {
    is_aggregate(words, first) || (words.is(first, Keyword::Coalesce) && is_aggregate(words, first + 2))
}

fn is_aggregate(words: &Words<'_>, at: usize) -> bool {
    const NAMES: [&str; 12] = [
        "count",
        "sum",
        "avg",
        "min",
        "max",
        "array_agg",
        "string_agg",
        "json_agg",
        "jsonb_agg",
        "bool_and",
        "bool_or",
        "every",
    ];
    words.kind(at + 1) == Some(TokenKind::Open)
        && words.name(at).is_some_and(|name| NAMES.contains(&name.as_str()))
}
