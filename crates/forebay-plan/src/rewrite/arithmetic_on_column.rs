use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::TokenKind;

/// `column + 5 = 10`
pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    let words = query.words;
    for sign in query.conditions().filter(|&at| words.depth(at) == 0) {
        let back = match words.text(sign) {
            "+" => "-",
            "-" => "+",
            _ => continue,
        };
        let compared =
            ["=", "<", ">", "<=", ">="].into_iter().find(|compared| words.is_operator(sign + 2, compared));
        let (Some(compared), Some((column, first))) = (compared, query.column(sign - 1)) else { continue };
        let value = matches!(words.kind(sign + 3), Some(TokenKind::Number | TokenKind::Parameter));
        if words.kind(sign + 1) != Some(TokenKind::Number)
            || !value
            || !query.begins_term(first)
            || !query.ends_term(sign + 4)
        {
            continue;
        }
        let (moved, value) = (words.text(sign + 1), words.text(sign + 3));
        let other = format!("{column} {compared} {value} {back} {moved}");
        let what = format!(
            "computes with {column} for every row, so no index on {column} helps: {other} computes once"
        );
        let caveats =
            ["not the same for floating point, where sums are rounded, and where the sum overflows"];
        let rewrite = Rewrite::advice(RewriteKind::ArithmeticOnColumn, what, &caveats);
        // The type of a parameter may become another one.
        let integer = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        return Some(if integer(moved) && integer(value) {
            rewrite.written(words.with(first..sign + 4, &other))
        } else {
            rewrite
        });
    }
    None
}
