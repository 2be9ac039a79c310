use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::{Keyword, TokenKind};

pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    let words = query.words;
    query.from?;
    let open = query.list().find(|&at| {
        let before = words.is(at - 1, Keyword::Exists) || words.is(at - 1, Keyword::Array);
        words.kind(at) == Some(TokenKind::Open) && words.is(at + 1, Keyword::Select) && !before
    })?;
    let close = words.closed_by(open)?;
    // Without a name of an outer relation it runs once.
    let outer: Vec<String> = query.relations().filter_map(|at| words.name(at)).collect();
    let correlated = (open..close).any(|at| {
        words.kind(at) == Some(TokenKind::Dot) && words.name(at - 1).is_some_and(|name| outer.contains(&name))
    });
    let what = "runs a subquery of the select list again for each row. A LEFT JOIN to the grouped relation reads it once; LEFT JOIN LATERAL \
                keeps the form and gives several columns at once";
    let caveats = [
        "a row without a match must stay: LEFT JOIN",
        "for few rows with an index the subquery is the better one: ask the planner",
    ];
    correlated.then(|| Rewrite::advice(RewriteKind::SubqueryPerRow, what, &caveats))
}
