//! Other ways to write a statement, from its text alone.

mod arithmetic_on_column;
mod compare;
mod correlated_in;
mod count_all;
mod count_for_existence;
mod date_of_column;
mod distinct_of_groups;
mod distinct_over_join;
mod function_of_column;
mod in_list;
mod join_without_condition;
mod leading_wildcard;
mod not_in;
mod offset;
mod or_across_join;
mod query;
mod select_star;
mod subquery_per_row;
mod without_limit;

pub use compare::{CompareError, Compared, compare, compare_with_text};

use crate::words::Words;
use query::Query;
use std::fmt;

/// Another way to write a statement. Nothing is rewritten by itself: it is a proposal, with what has to be minded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rewrite {
    /// What kind it is.
    pub kind: RewriteKind,
    /// Why, in a sentence or two.
    pub what: String,
    /// What has to be minded; where it is not the same in every case, that comes first.
    pub caveats: Vec<&'static str>,
    /// The statement written otherwise, where the text alone says how. It has the literals of the original.
    pub statement: Option<String>,
    /// Whether it takes the same parameters, so that both can be [compared](compare).
    pub same_parameters: bool,
}

/// The kinds of rewrites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RewriteKind {
    /// `column + 5 = 10` where the column alone could use an index.
    ArithmeticOnColumn,
    /// `IN (SELECT …)` whose list depends on the row.
    CorrelatedIn,
    /// `SELECT count(*)` of a whole relation.
    CountAll,
    /// `(SELECT count(*) …) > 0` where `EXISTS` ends at the first row.
    CountForExistence,
    /// `column::date = …`, `<`, `>` and so on, where a range could use an index.
    DateOfColumn,
    /// `DISTINCT` over groups that are shown by what they are grouped by.
    DistinctOfGroups,
    /// `DISTINCT` that takes away what a join has multiplied.
    DistinctOverJoin,
    /// A function or cast of a column: `lower(column) = …`, `extract(year FROM column) = …`, `column::text = …`.
    FunctionOfColumn,
    /// `IN (…)` whose length makes ever other statements.
    InList,
    /// Every row with every row.
    JoinWithoutCondition,
    /// `LIKE '%…'`, which no b-tree helps.
    LeadingWildcard,
    /// `NOT IN (SELECT …)`, which the planner cannot make a join of.
    NotIn,
    /// `OFFSET`, which reads what it skips.
    Offset,
    /// Conditions on two relations with `OR` between them.
    OrAcrossJoin,
    /// `SELECT *`.
    SelectStar,
    /// A subquery in the select list, which runs for each row.
    SubqueryPerRow,
    /// An ordered read of everything.
    WithoutLimit,
}

impl RewriteKind {
    /// Every kind, in the order in which they are found.
    pub const ALL: [Self; 17] = [
        Self::ArithmeticOnColumn,
        Self::CorrelatedIn,
        Self::CountAll,
        Self::CountForExistence,
        Self::DateOfColumn,
        Self::DistinctOfGroups,
        Self::DistinctOverJoin,
        Self::FunctionOfColumn,
        Self::InList,
        Self::JoinWithoutCondition,
        Self::LeadingWildcard,
        Self::NotIn,
        Self::Offset,
        Self::OrAcrossJoin,
        Self::SelectStar,
        Self::SubqueryPerRow,
        Self::WithoutLimit,
    ];

    /// Its stable name.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::ArithmeticOnColumn => "arithmetic-on-column",
            Self::CorrelatedIn => "correlated-in",
            Self::CountAll => "count-all",
            Self::CountForExistence => "count-for-existence",
            Self::DateOfColumn => "date-of-column",
            Self::DistinctOfGroups => "distinct-of-groups",
            Self::DistinctOverJoin => "distinct-over-join",
            Self::FunctionOfColumn => "function-of-column",
            Self::InList => "in-list",
            Self::JoinWithoutCondition => "join-without-condition",
            Self::LeadingWildcard => "leading-wildcard",
            Self::NotIn => "not-in",
            Self::Offset => "offset",
            Self::OrAcrossJoin => "or-across-join",
            Self::SelectStar => "select-star",
            Self::SubqueryPerRow => "subquery-per-row",
            Self::WithoutLimit => "without-limit",
        }
    }
}

impl fmt::Display for RewriteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Rewrite {
    fn advice(kind: RewriteKind, what: impl Into<String>, caveats: &[&'static str]) -> Self {
        Self { kind, what: what.into(), caveats: caveats.to_vec(), statement: None, same_parameters: false }
    }

    /// With the statement written otherwise, for the same parameters.
    fn written(self, statement: String) -> Self {
        Self { statement: Some(statement), same_parameters: true, ..self }
    }

    /// With the statement written otherwise, for other parameters.
    fn written_for_others(self, statement: String) -> Self {
        Self { statement: Some(statement), ..self }
    }
}

/// Other ways to write one `SELECT`, in the order of their kinds. None for other statements, for several at once, and for text that is
/// not understood.
///
/// PostgreSQL orders joins itself and takes no hints, so neither is proposed. Whether a rewrite pays is the planner's to say:
/// [`compare`].
///
/// ```
/// use forebay_plan::{RewriteKind, rewrites};
///
/// let found = rewrites("SELECT id FROM orders WHERE created::date = $1");
/// assert_eq!(found[0].kind, RewriteKind::DateOfColumn);
/// let rewritten = "SELECT id FROM orders WHERE (created >= $1::date AND created < $1::date + 1)";
/// assert_eq!(found[0].statement.as_deref(), Some(rewritten));
/// ```
#[must_use]
pub fn rewrites(sql: &str) -> Vec<Rewrite> {
    let Some(words) = Words::of(sql) else { return Vec::new() };
    let Some(query) = Query::of(&words) else { return Vec::new() };
    [
        arithmetic_on_column::find,
        correlated_in::find,
        count_all::find,
        count_for_existence::find,
        date_of_column::find,
        distinct_of_groups::find,
        distinct_over_join::find,
        function_of_column::find,
        in_list::find,
        join_without_condition::find,
        leading_wildcard::find,
        not_in::find,
        offset::find,
        or_across_join::find,
        select_star::find,
        subquery_per_row::find,
        without_limit::find,
    ]
    .iter()
    .filter_map(|find| find(&query))
    .collect()
}
