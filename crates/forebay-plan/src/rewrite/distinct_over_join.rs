use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::{Keyword, TokenKind};

pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    let words = query.words;
    if !words.is(1, Keyword::Distinct) || words.is(2, Keyword::On) || !query.joins() {
        return None;
    }
    // Only where one relation is shown: the others are there to be asked whether they have a row.
    let mut shown = None;
    for at in query.list().filter(|&at| words.kind(at) == Some(TokenKind::Dot)) {
        let relation = words.name(at - 1)?;
        if shown.get_or_insert_with(|| relation.clone()) != &relation {
            return None;
        }
    }
    let shown = shown?;
    let what = format!(
        "shows columns of {shown} only, and DISTINCT takes away the copies that the join made: ask with EXISTS whether the other \
         relation has a row, and no copies are made"
    );
    let caveats =
        ["without a key among the columns shown, DISTINCT also takes away rows that are equal by themselves"];
    Some(Rewrite::advice(RewriteKind::DistinctOverJoin, what, &caveats))
}
