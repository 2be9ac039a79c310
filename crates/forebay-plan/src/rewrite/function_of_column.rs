use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::{Keyword, TokenKind};

pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    query.conditions().find_map(|at| call(query, at).or_else(|| cast(query, at)))
}

/// `lower(column) = …` and its kin, at the name of the function.
fn call(query: &Query<'_>, at: usize) -> Option<Rewrite> {
    let words = query.words;
    let function = words.name(at)?;
    let close = words.closed_by(at + 1).filter(|_| words.kind(at + 1) == Some(TokenKind::Open))?;
    if words.depth(at) > 0 || !query.begins_term(at) || !is_compared(query, close + 1) {
        return None;
    }
    let (column, first) = query.column(close - 1)?;
    let alone = first == at + 2;
    match function.as_str() {
        "lower" | "upper" if alone => Some(letters(&function, column)),
        "date_trunc" if words.kind(at + 2) == Some(TokenKind::String) && first == at + 4 => {
            let what = format!(
                "cuts {column} for every row, so no index on {column} helps: a range can use one, \
                 {column} >= $1 AND {column} < $1 + the length of {}",
                words.text(at + 2)
            );
            let caveats = [
                "the range begins where a period begins: date_trunc of another value finds nothing",
                "for `timestamptz` periods begin by the session's time zone, in both forms",
            ];
            Some(Rewrite::advice(RewriteKind::FunctionOfColumn, what, &caveats))
        }
        "extract" if words.is(at + 3, Keyword::From) && first == at + 4 => Some(part(query, at, close)),
        _ => None,
    }
}

fn letters(function: &str, column: &str) -> Rewrite {
    let what = format!(
        "computes {function}({column}) for every row, so no index on {column} helps. One on the expression does: CREATE INDEX \
         CONCURRENTLY ON … ({function}({column})); or make the column one whose comparison does not look at case, of the type `citext` \
         or with such a collation"
    );
    let caveats = [
        "where that index is there already, nothing is to be done",
        "`citext` and collations change every comparison with the column, and what is unique in it",
    ];
    Rewrite::advice(RewriteKind::FunctionOfColumn, what, &caveats)
}

/// `extract(year FROM column) = 2026`
fn part(query: &Query<'_>, at: usize, close: usize) -> Rewrite {
    let words = query.words;
    let (column, field) = (words.span(at + 4..close), words.text(at + 2).to_lowercase());
    let year = words.text(close + 2).parse::<u16>().ok().filter(|year| (1000..9999).contains(year));
    let is_year = field == "year" && words.is_operator(close + 1, "=") && query.ends_term(close + 3);
    let caveats = ["for `timestamptz` a year begins by the session's time zone, in both forms"];
    if field != "year" {
        let what = format!(
            "computes the {field} of {column} for every row, so no index on {column} helps. If it is a year's, compare {column} with a \
             range; if it is of all years, only an index on the expression does"
        );
        let caveats = ["of `timestamptz` such an expression cannot be indexed but AT TIME ZONE a fixed zone"];
        return Rewrite::advice(RewriteKind::FunctionOfColumn, what, &caveats);
    }
    let what = format!(
        "computes the year of {column} for every row, so no index on {column} helps: a range of times can use one"
    );
    let rewrite = Rewrite::advice(RewriteKind::FunctionOfColumn, what, &caveats);
    match year.filter(|_| is_year) {
        Some(year) => {
            let next = year + 1;
            let range = format!("({column} >= '{year}-01-01' AND {column} < '{next}-01-01')");
            rewrite.written(words.with(at..close + 3, &range))
        }
        None => rewrite,
    }
}

/// `column::text = …`, at the `::`; what is cast to a date is a kind of its own.
fn cast(query: &Query<'_>, at: usize) -> Option<Rewrite> {
    let words = query.words;
    if words.kind(at) != Some(TokenKind::Cast) || words.depth(at) > 0 {
        return None;
    }
    let (column, first) = query.column(at.checked_sub(1)?)?;
    let ty = words.name(at + 1).filter(|ty| ty != "date")?;
    if !query.begins_term(first) || !is_compared(query, at + 2) {
        return None;
    }
    let what = format!(
        "casts {column} to {ty} for every row, so no index on {column} helps: cast the value to the column's type instead"
    );
    let caveats = [
        "only where the types compare alike: '07' is another text than '7', and the same number",
        "a value that is none of the column's type is an error then, and found nothing before",
    ];
    Some(Rewrite::advice(RewriteKind::FunctionOfColumn, what, &caveats))
}

/// Whether what stands there compares with a value.
fn is_compared(query: &Query<'_>, at: usize) -> bool {
    let words = query.words;
    let operator = ["=", "<", ">", "<=", ">="].iter().any(|operator| words.is_operator(at, operator));
    let value = matches!(
        words.kind(at + 1),
        Some(TokenKind::Parameter | TokenKind::String | TokenKind::Number | TokenKind::Name)
    );
    (operator && value) || words.is(at, Keyword::In) || words.is(at, Keyword::Between)
}
