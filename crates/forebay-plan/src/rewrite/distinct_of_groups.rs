use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::{Keyword, TokenKind};

/// `SELECT DISTINCT a, count(*) … GROUP BY a`
pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    let words = query.words;
    if !words.is(1, Keyword::Distinct) || words.is(2, Keyword::On) {
        return None;
    }
    let group =
        words.outside(query.from?, &[Keyword::Group]).filter(|&group| words.is(group + 1, Keyword::By))?;
    let behind = [
        Keyword::Having,
        Keyword::Window,
        Keyword::Order,
        Keyword::Limit,
        Keyword::Offset,
        Keyword::Fetch,
        Keyword::For,
    ];
    let end = words.outside(group, &behind).unwrap_or(words.len());
    let shown: Vec<&str> = items(query, 2..query.list().end).map(|item| words.span(item)).collect();
    // Every column that is grouped by is shown, so no two rows are alike.
    let tells = |item: std::ops::Range<usize>| {
        let (column, first) = query.column(item.end.checked_sub(1)?)?;
        (first == item.start && shown.contains(&column)).then_some(())
    };
    items(query, group + 2..end).map(tells).collect::<Option<Vec<()>>>()?;
    let what = "takes away rows that are equal, and no two are: GROUP BY gives one row for each group, and what tells groups apart is shown";
    let text = words.with(0..2, words.text(0));
    Some(Rewrite::advice(RewriteKind::DistinctOfGroups, what, &[]).written(text))
}

/// What stands between the commas outside of parentheses.
fn items<'a>(
    query: &'a Query<'_>,
    list: std::ops::Range<usize>,
) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
    let words = query.words;
    let comma = move |at: &usize| words.depth(*at) == 0 && words.kind(*at) == Some(TokenKind::Comma);
    let starts = std::iter::once(list.start).chain(list.clone().filter(comma).map(|at| at + 1));
    let end = list.end;
    starts.map(move |start| start..(start..end).find(comma).unwrap_or(end))
}
