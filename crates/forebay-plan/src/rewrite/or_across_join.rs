use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::{Keyword, TokenKind};

pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    let words = query.words;
    if !query.joins() {
        return None;
    }
    let or = query.conditions().find(|&at| words.is(at, Keyword::Or))?;
    let depth = words.depth(or);
    let relation = |range: &mut dyn Iterator<Item = usize>| {
        let dot = range
            .take_while(|&at| words.depth(at) >= depth && !words.is_any(at, &[Keyword::And, Keyword::Where]))
            .find(|&at| words.kind(at) == Some(TokenKind::Dot))?;
        words.name(dot - 1)
    };
    let before = relation(&mut (query.conditions().start..or).rev())?;
    let behind = relation(&mut (or + 1..query.conditions().end))?;
    if before == behind {
        return None;
    }
    let what = format!(
        "asks for rows by {before} or by {behind}, so no index of either can be used before the join. Two queries with UNION let each use its \
         own"
    );
    let caveats =
        ["UNION takes away rows that are equal; with UNION ALL a row that both find is there twice"];
    Some(Rewrite::advice(RewriteKind::OrAcrossJoin, what, &caveats))
}
