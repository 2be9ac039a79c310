use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::TokenKind;

pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    let words = query.words;
    query.from?;
    let star = query.list().find(|&at| words.depth(at) == 0 && words.is_operator(at, "*"))?;
    // `a * b` is a product.
    let all = star == 1 || matches!(words.kind(star - 1), Some(TokenKind::Dot | TokenKind::Comma));
    let what = "reads and sends every column, also those that are added later and large ones that are stored apart; no index alone can answer. \
                Name the columns that are used";
    let caveats = [
        "which are used only the program knows: `forebay_plan` finds columns that it never asks for as `unused-columns`",
    ];
    all.then(|| Rewrite::advice(RewriteKind::SelectStar, what, &caveats))
}
