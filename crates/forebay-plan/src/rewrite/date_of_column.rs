use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::{Keyword, TokenKind};

pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    let words = query.words;
    for equals in query.conditions().filter(|&at| words.is_operator(at, "=") && words.depth(at) == 0) {
        let cast = equals.checked_sub(2)?;
        let is_date =
            words.kind(cast) == Some(TokenKind::Cast) && words.text(cast + 1).eq_ignore_ascii_case("date");
        let value = matches!(words.kind(equals + 1), Some(TokenKind::Parameter | TokenKind::String));
        let ends = words
            .is_any(equals + 2, &[Keyword::And, Keyword::Or, Keyword::Group, Keyword::Order, Keyword::Limit])
            || equals + 2 == words.len();
        let Some((column, first)) = cast.checked_sub(1).and_then(|last| query.column(last)) else { continue };
        if is_date && value && ends {
            let value = words.text(equals + 1);
            let range = format!("({column} >= {value}::date AND {column} < {value}::date + 1)");
            let text = words.with(first..equals + 2, &range);
            let what = format!(
                "computes the date of {column} for every row, so no index on {column} helps: a range of times can use one"
            );
            let caveats = ["for `timestamptz` a day begins by the session's time zone, in both forms"];
            return Some(Rewrite::advice(RewriteKind::DateOfColumn, what, &caveats).written(text));
        }
    }
    None
}
