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
    if reads_along || !(listed || on_true || leaves_one_out(query)) {
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

/// Whether `FROM a, b` has a relation that no condition names, where all columns there say whose they are.
fn leaves_one_out(query: &Query<'_>) -> bool {
    let words = query.words;
    let dot = |at: usize| words.kind(at) == Some(TokenKind::Dot);
    let names = || query.conditions().filter(|&at| words.name(at).is_some());
    let bare = |at: usize| !dot(at - 1) && !dot(at + 1);
    let subquery = query.conditions().any(|at| words.is(at, Keyword::Select));
    if query.condition.is_none() || subquery || names().any(bare) {
        return false;
    }
    let owners: Vec<String> = names().filter(|&at| dot(at + 1)).filter_map(|at| words.name(at)).collect();
    let relations: Vec<usize> = query.relations().collect();
    let joined = relations.iter().any(|&at| words.is(at, Keyword::Join));
    let mut listed = relations.split(|&at| words.kind(at) == Some(TokenKind::Comma));
    !joined
        && listed.clone().count() > 1
        && listed.any(|relation| {
            relation.last().and_then(|&last| words.name(last)).is_some_and(|name| !owners.contains(&name))
        })
}
