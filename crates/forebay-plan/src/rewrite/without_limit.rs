use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::Keyword;

pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    let ends = [Keyword::Limit, Keyword::Fetch, Keyword::Group].iter().any(|&keyword| query.has(keyword));
    if ends || query.condition.is_some() || !query.has(Keyword::Order) {
        return None;
    }
    let what = "sorts and sends a whole relation, however large it becomes: give it a LIMIT, and the pages behind it by the last row's key";
    Some(Rewrite::advice(
        RewriteKind::WithoutLimit,
        what,
        &["with a LIMIT the caller sees the first rows only"],
    ))
}
