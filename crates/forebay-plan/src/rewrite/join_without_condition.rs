use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::{Keyword, TokenKind};

pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    let words = query.words;
    let outside = |at: &usize| words.depth(*at) == 0;
    let comma = |at: usize| words.kind(at) == Some(TokenKind::Comma);
    let listed = query.condition.is_none() && query.relations().filter(outside).any(comma);
    // A function or subquery behind the comma may read the relation before it.
    let reads_along =
        query.relations().any(|at| words.kind(at) == Some(TokenKind::Open) || words.is(at, Keyword::Lateral));
    let on_true = query
        .relations()
        .filter(outside)
        .any(|at| words.is(at, Keyword::On) && words.is(at + 1, Keyword::True));
    if reads_along || !(listed || on_true) {
        return None;
    }
    let what =
        "joins without a condition, which gives every row with every row: as many as both numbers multiplied";
    Some(Rewrite::advice(
        RewriteKind::JoinWithoutCondition,
        what,
        &["where that is meant, CROSS JOIN says so"],
    ))
}
