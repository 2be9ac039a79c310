use super::{Rewrite, RewriteKind, query::Query};
use forebay_sql::{Keyword, TokenKind};
use std::ops::Range;

/// `outer.a IN (SELECT b FROM inner WHERE inner.c = outer.c)`; where the list is the same for every row, `IN` and `EXISTS` are planned alike.
pub(super) fn find(query: &Query<'_>) -> Option<Rewrite> {
    let words = query.words;
    query.conditions().filter(|&at| words.depth(at) == 0 && words.is(at, Keyword::In)).find_map(|at| {
        let close = words.closed_by(at + 1)?;
        let (column, first) = query.column(at - 1)?;
        let plain =
            words.is(at + 2, Keyword::Select) && query.begins_term(first) && query.ends_term(close + 1);
        let list = List::of(query, at + 1..close).filter(|_| plain)?;
        let outer: Vec<String> = query.relations().filter_map(|at| words.name(at)).collect();
        let correlated = (at + 2..close).any(|at| {
            let of = words.name(at - 1).filter(|_| words.kind(at) == Some(TokenKind::Dot));
            of.is_some_and(|name| outer.contains(&name) && !list.relations.contains(&name))
        });
        if !correlated {
            return None;
        }
        let what =
            "has a list that depends on the row, so it is read again for each: EXISTS is planned as a join";
        let caveats = ["from PostgreSQL 17 on the server does it by itself"];
        let rewrite = Rewrite::advice(RewriteKind::CorrelatedIn, what, &caveats);
        // Inside, a bare name would be the inner relation's.
        let qualified = first + 2 == at - 1 && !list.relations.contains(&words.name(first)?);
        Some(match list.exists(query, column).filter(|_| qualified) {
            Some(exists) => rewrite.written(words.with(first..close + 1, &exists)),
            None => rewrite,
        })
    })
}

/// The subquery of an `IN`.
struct List {
    words: Range<usize>,
    from: usize,
    condition: Option<usize>,
    /// The names its relations have, with those that stand in their conditions.
    relations: Vec<String>,
}

impl List {
    fn of(query: &Query<'_>, parentheses: Range<usize>) -> Option<Self> {
        let words = query.words;
        let (inside, depth) = (parentheses.start + 1..parentheses.end, words.depth(parentheses.start) + 1);
        let clause = |keyword| inside.clone().find(|&at| words.depth(at) == depth && words.is(at, keyword));
        let (from, condition) = (clause(Keyword::From)?, clause(Keyword::Where));
        let relations = from + 1..condition.unwrap_or(inside.end);
        let relations = relations.filter_map(|at| words.name(at)).collect();
        Some(Self { words: inside, from, condition, relations })
    }

    /// The same as a condition, where each row of the relations is one of the list.
    fn exists(&self, query: &Query<'_>, column: &str) -> Option<String> {
        const OTHERS: [Keyword; 12] = [
            Keyword::Distinct,
            Keyword::Group,
            Keyword::Having,
            Keyword::Window,
            Keyword::Order,
            Keyword::Limit,
            Keyword::Offset,
            Keyword::Fetch,
            Keyword::For,
            Keyword::Union,
            Keyword::Intersect,
            Keyword::Except,
        ];
        let words = query.words;
        let listed = self.words.start + 1..self.from;
        let is_name =
            listed.clone().all(|at| words.name(at).is_some() || words.kind(at) == Some(TokenKind::Dot));
        let behind = self.condition.unwrap_or(self.from)..self.words.end;
        let others = behind.chain(self.words.start..self.from).any(|at| words.is_any(at, &OTHERS));
        let one = query.column(self.from - 1).is_some_and(|(_, first)| first == listed.start);
        if !is_name || others || !one {
            return None;
        }
        let relations = words.span(self.from..self.condition.unwrap_or(self.words.end));
        let item = words.span(listed);
        let conditions = self.condition.map(|condition| words.span(condition + 1..self.words.end));
        let conditions = conditions.map_or(String::new(), |conditions| format!("({conditions}) AND "));
        Some(format!("EXISTS (SELECT {relations} WHERE {conditions}{item} = {column})"))
    }
}
