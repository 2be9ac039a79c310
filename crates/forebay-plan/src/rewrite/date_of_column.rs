use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::TokenKind;

pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    let words = query.words;
    for compares in query.conditions().filter(|&at| words.depth(at) == 0) {
        let Some(cast) = compares.checked_sub(2) else { continue };
        let is_date =
            words.kind(cast) == Some(TokenKind::Cast) && words.text(cast + 1).eq_ignore_ascii_case("date");
        let value = matches!(words.kind(compares + 1), Some(TokenKind::Parameter | TokenKind::String));
        let Some((column, first)) = cast.checked_sub(1).and_then(|last| query.column(last)) else { continue };
        if !is_date || !value || !query.ends_term(compares + 2) {
            continue;
        }
        let day = format!("{}::date", words.text(compares + 1));
        let range = match words.text(compares) {
            "=" => format!("({column} >= {day} AND {column} < {day} + 1)"),
            ">=" => format!("{column} >= {day}"),
            ">" => format!("{column} >= {day} + 1"),
            "<" => format!("{column} < {day}"),
            "<=" => format!("{column} < {day} + 1"),
            _ => continue,
        };
        let text = words.with(first..compares + 2, &range);
        let what = format!(
            "computes the date of {column} for every row, so no index on {column} helps: a range of times can use one"
        );
        let caveats = [
            "for `timestamptz` a day begins by the session's time zone, in both forms",
            "the value is a day, not `infinity`",
        ];
        return Some(Rewrite::advice(RewriteKind::DateOfColumn, what, &caveats).written(text));
    }
    None
}
