use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::{Keyword, TokenKind};

pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    let words = query.words;
    for list in query.conditions().filter(|&at| words.is(at, Keyword::In)) {
        let open = list + 1;
        let Some(close) = words.closed_by(open) else { continue };
        let single = |at: usize| {
            matches!(words.kind(at), Some(TokenKind::Parameter | TokenKind::Number | TokenKind::String))
        };
        let plain = (open + 1..close).all(|at| single(at) || words.kind(at) == Some(TokenKind::Comma));
        let values: Vec<usize> = (open + 1..close).filter(|&at| single(at)).collect();
        let negated = list.checked_sub(1).is_some_and(|before| words.is(before, Keyword::Not));
        if !plain || values.len() < 2 || negated {
            continue;
        }
        let what = "is another statement for each length of the list: planned anew, and another line in every statistic. As one array it \
                    is one statement";
        let caveats = [
            "the values become one array parameter",
            "the plan is the same: PostgreSQL makes an array of the list itself",
        ];
        let rewrite = Rewrite::advice(RewriteKind::InList, what, &caveats);
        // Other parameters keep their numbers only if the list has all of them.
        let elsewhere = (0..words.len())
            .any(|at| words.kind(at) == Some(TokenKind::Parameter) && !(open..close).contains(&at));
        return Some(if elsewhere {
            rewrite
        } else {
            rewrite.written_for_others(words.with(list..close + 1, "= ANY($1)"))
        });
    }
    None
}
