use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::{Keyword, TokenKind};

pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    let words = query.words;
    let offset = words.outside(query.from?, &[Keyword::Offset])?;
    if words.text(offset + 1) == "0" {
        return None;
    }
    let what = "reads all the rows that OFFSET skips, so each page costs more than the one before: begin behind the last row of that page";
    let caveats = [
        "not the same question: the values of the last row are kept instead of a number, and no page can be jumped to",
        "the order must be of columns that are not NULL, and unique together: add the key",
    ];
    let rewrite = Rewrite::advice(RewriteKind::Offset, what, &caveats);
    Some(match behind(query, offset) {
        Some(text) => rewrite.written_for_others(text),
        None => rewrite,
    })
}

/// The page behind a row, for an order of plain columns in one direction.
fn behind(query: &Query<'_>, offset: usize) -> Option<String> {
    let words = query.words;
    let order = words.outside(query.from?, &[Keyword::Order])?;
    let limit = words.outside(order, &[Keyword::Limit, Keyword::Offset])?;
    if [Keyword::Group, Keyword::Having, Keyword::For].iter().any(|&keyword| query.has(keyword))
        || limit > offset
    {
        return None;
    }
    let (mut columns, mut descending) = (Vec::new(), Vec::new());
    let mut at = order + 2;
    while at < limit {
        let mut last = at;
        while words.kind(last + 1) == Some(TokenKind::Dot) {
            last += 2;
        }
        columns.push(query.column(last)?.0);
        let descends = words.is(last + 1, Keyword::Desc);
        descending.push(descends);
        at = last + 1 + usize::from(descends || words.is(last + 1, Keyword::Asc));
        if at < limit && words.kind(at) != Some(TokenKind::Comma) {
            return None;
        }
        at += 1;
    }
    let one_way = descending.windows(2).all(|pair| pair[0] == pair[1]);
    let is_number = |at| matches!(words.kind(at), Some(TokenKind::Number | TokenKind::Parameter));
    if columns.is_empty() || !one_way || !is_number(offset + 1) {
        return None;
    }
    let numbers =
        (0..words.len()).filter(|&at| words.kind(at) == Some(TokenKind::Parameter) && at != offset + 1);
    let taken = numbers.filter_map(|at| words.text(at)[1..].parse::<usize>().ok()).max().unwrap_or(0);
    let values: Vec<String> = (1..=columns.len()).map(|number| format!("${}", taken + number)).collect();
    let operator = if descending[0] { "<" } else { ">" };
    let seek = match (&columns[..], &values[..]) {
        ([column], [value]) => format!("{column} {operator} {value}"),
        _ => format!("({}) {operator} ({})", columns.join(", "), values.join(", ")),
    };
    let without = words.span(0..offset);
    let rest = words.span(offset + 2..words.len());
    let rest = if rest.is_empty() { String::new() } else { format!(" {rest}") };
    let (head, tail) = match query.condition {
        Some(condition) => {
            let end = query.conditions().end;
            let conditions = words.span(condition + 1..end);
            (format!("{} ({conditions}) AND {seek}", words.span(0..condition + 1)), words.span(end..offset))
        }
        None => (format!("{} WHERE {seek}", words.span(0..order)), words.span(order..offset)),
    };
    (!without.is_empty()).then(|| format!("{head} {tail}{rest}"))
}
