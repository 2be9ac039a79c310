use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::{Keyword, TokenKind};

pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    let words = query.words;
    for open in query.conditions().chain(query.list()).filter(|&at| words.kind(at) == Some(TokenKind::Open)) {
        let counts = words.is(open + 1, Keyword::Select)
            && words.name(open + 2).is_some_and(|name| name == "count")
            && words.is_operator(open + 4, "*")
            && words.is(open + 6, Keyword::From);
        let Some(close) = words.closed_by(open).filter(|_| counts) else { continue };
        let is_positive = words.is_operator(close + 1, ">") && words.text(close + 2) == "0";
        let depth = words.depth(open) + 1;
        let odd = [Keyword::Group, Keyword::Having, Keyword::Limit, Keyword::Offset, Keyword::Union];
        let plain = !(open..close).any(|at| words.depth(at) == depth && words.is_any(at, &odd));
        if is_positive && plain {
            let rest = words.span(open + 6..close);
            let text = words.with(open..close + 3, &format!("EXISTS (SELECT {rest})"));
            let what = "counts all rows to learn whether there is one: EXISTS ends at the first";
            return Some(Rewrite::advice(RewriteKind::CountForExistence, what, &[]).written(text));
        }
    }
    None
}
