use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::{Keyword, TokenKind};

pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    let words = query.words;
    let like = query.conditions().find(|&at| {
        words.is_any(at, &[Keyword::Like, Keyword::Ilike])
            && words.kind(at + 1) == Some(TokenKind::String)
            && words.text(at + 1).starts_with("'%")
    })?;
    let last = if words.is(like - 1, Keyword::Not) { return None } else { like - 1 };
    let (column, _) = query.column(last)?;
    let what = format!(
        "looks for something anywhere in {column}, which no b-tree helps. A trigram index does: \
         CREATE INDEX CONCURRENTLY ON … USING gin ({column} gin_trgm_ops), with the extension pg_trgm"
    );
    let caveats = [
        "patterns of fewer than three letters in a row read the whole index",
        "such an index is large, and slow to write",
        "for words, full text search is the better question",
    ];
    Some(Rewrite::advice(RewriteKind::LeadingWildcard, what, &caveats))
}
