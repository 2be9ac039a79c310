//! What can be wrong.

use std::fmt::{self, Display, Formatter};

use serde::{Serialize, Serializer};

/// A kind of finding. Its [`id`](Self::id) stays as it is; there may be more of them in a later version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// A sequential scan throws most of what it reads away.
    SequentialScanDiscardsRows,
    /// An index finds many rows of which a filter keeps few.
    IndexScanFiltersRows,
    /// An index was taken for its order, and most of what it gives is thrown away before the `LIMIT` is reached.
    WrongIndexForOrder,
    /// Far more or fewer rows came than were expected, and the plan was made for those expected.
    Misestimate,
    /// A sort did not fit in memory.
    SortSpill,
    /// A hash table of a join did not fit in memory.
    HashSpill,
    /// A hash table of an aggregate did not fit in memory.
    AggregateSpill,
    /// The inner side of a nested loop runs very often.
    NestedLoopLargeOuter,
    /// A bitmap did not fit in memory and forgot which rows it meant.
    LossyBitmap,
    /// An index-only scan had to look into the table.
    HeapFetches,
    /// Compiling expressions took a large part of the time.
    JitOverhead,
    /// Planning took longer than running.
    PlanningOverhead,
    /// Parallel workers were planned and did not come.
    WorkersNotLaunched,
    /// Triggers took a large part of the time.
    TriggerTime,
    /// A subquery runs again for each row.
    CorrelatedSubplan,
    /// Rows are computed to be skipped.
    LargeOffset,
    /// The planner's statistics of a table are old.
    StaleStatistics,
    /// A condition is only looked at after a join.
    LateFilter,
    /// Columns are fetched that nobody uses.
    UnusedColumns,
    /// The same values got another plan than before.
    PlanFlip,
    /// Values stand in the text of a statement that carries no parameters, and differ from call to call.
    LiteralsVary,
    /// A statement is run once for each row: of another's result, of a walk up a tree, or that it writes.
    NPlusOne,
    /// The same query with the same values is run again in one request.
    RepeatedQuery,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 23] = [
        Self::SequentialScanDiscardsRows,
        Self::IndexScanFiltersRows,
        Self::WrongIndexForOrder,
        Self::Misestimate,
        Self::SortSpill,
        Self::HashSpill,
        Self::AggregateSpill,
        Self::NestedLoopLargeOuter,
        Self::LossyBitmap,
        Self::HeapFetches,
        Self::JitOverhead,
        Self::PlanningOverhead,
        Self::WorkersNotLaunched,
        Self::TriggerTime,
        Self::CorrelatedSubplan,
        Self::LargeOffset,
        Self::StaleStatistics,
        Self::LateFilter,
        Self::UnusedColumns,
        Self::PlanFlip,
        Self::LiteralsVary,
        Self::NPlusOne,
        Self::RepeatedQuery,
    ];

    /// Its name for machines: `sequential-scan-discards-rows`. It stays as it is.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::SequentialScanDiscardsRows => "sequential-scan-discards-rows",
            Self::IndexScanFiltersRows => "index-scan-filters-rows",
            Self::WrongIndexForOrder => "wrong-index-for-order",
            Self::Misestimate => "misestimate",
            Self::SortSpill => "sort-spill",
            Self::HashSpill => "hash-spill",
            Self::AggregateSpill => "aggregate-spill",
            Self::NestedLoopLargeOuter => "nested-loop-large-outer",
            Self::LossyBitmap => "lossy-bitmap",
            Self::HeapFetches => "heap-fetches",
            Self::JitOverhead => "jit-overhead",
            Self::PlanningOverhead => "planning-overhead",
            Self::WorkersNotLaunched => "workers-not-launched",
            Self::TriggerTime => "trigger-time",
            Self::CorrelatedSubplan => "correlated-subplan",
            Self::LargeOffset => "large-offset",
            Self::StaleStatistics => "stale-statistics",
            Self::LateFilter => "late-filter",
            Self::UnusedColumns => "unused-columns",
            Self::PlanFlip => "plan-flip",
            Self::LiteralsVary => "literals-vary",
            Self::NPlusOne => "n-plus-one",
            Self::RepeatedQuery => "repeated-query",
        }
    }

    /// The kind of an id.
    #[must_use]
    pub fn of(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }
}

impl Display for Kind {
    /// The id.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}
