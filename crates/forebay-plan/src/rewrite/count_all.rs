use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::{Keyword, TokenKind};

/// `SELECT count(*) FROM relation`
pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    let words = query.words;
    let from = query.from?;
    let counts = words.name(1).is_some_and(|name| name == "count")
        && words.is_operator(3, "*")
        && words.kind(2) == Some(TokenKind::Open);
    let alone = from == 5 || (words.is(5, Keyword::As) && from == 7);
    let whole = query.condition.is_none() && query.relations().end == words.len();
    let one = !query.joins() && query.relations().all(|at| words.kind(at) != Some(TokenKind::Open));
    if !(counts && alone && whole && one) {
        return None;
    }
    let relation = words.span(query.relations());
    let what = format!(
        "reads all of {relation} to say how many rows it has. Where about as many will do, the server knows: SELECT reltuples::bigint FROM \
         pg_class WHERE oid = '…'::regclass. Where it only matters up to a bound (\"more than 1000\"), also of a part of the rows: SELECT \
         count(*) FROM (SELECT FROM … LIMIT 1001) AS bounded"
    );
    let caveats = [
        "not the same question: an estimate of the last VACUUM or ANALYZE, -1 before the first; of a partitioned table that of ANALYZE alone",
        "a view has no estimate, nor has a part of the rows: there the bounded count",
    ];
    Some(Rewrite::advice(RewriteKind::CountAll, what, &caveats))
}
