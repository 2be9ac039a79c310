use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::{Keyword, TokenKind};

pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    let words = query.words;
    let not = query.conditions().find(|&at| {
        words.is(at, Keyword::Not)
            && words.is(at + 1, Keyword::In)
            && words.kind(at + 2) == Some(TokenKind::Open)
            && words.is_any(at + 3, &[Keyword::Select, Keyword::With, Keyword::Values])
    })?;
    let close = words.closed_by(not + 2)?;
    let what = "compares every row with the whole list of the subquery, because a NULL in it would change everything: NOT EXISTS is planned \
                as a join";
    let caveats = [
        "not the same where NULLs are: one NULL in the subquery, and NOT IN finds nothing at all (mostly a mistake); a row whose own value is \
         NULL is found by NOT EXISTS only",
    ];
    let rewrite = Rewrite::advice(RewriteKind::NotIn, what, &caveats);
    let Some((column, first)) = not.checked_sub(1).and_then(|last| query.column(last)) else {
        return Some(rewrite);
    };
    let subquery = words.span(not + 3..close);
    let exists = format!(
        "NOT EXISTS (SELECT FROM ({subquery}) AS listed(listed_value) WHERE listed_value = {column})"
    );
    Some(rewrite.written(words.with(first..close + 1, &exists)))
}
