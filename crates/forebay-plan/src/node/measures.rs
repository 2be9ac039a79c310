//! What a node was expected to do, and did.

use super::Node;
use crate::buffers::Buffers;
use crate::json::{Object, Value};

/// What a node did (`ANALYZE`). Times and rows are averages over the loops, as PostgreSQL prints them.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Actual {
    /// Milliseconds to the first row; none with `TIMING OFF`.
    pub startup_ms: Option<f64>,
    /// Milliseconds to the last row, the nodes under it included; none with `TIMING OFF`.
    pub total_ms: Option<f64>,
    /// Rows of one loop; from PostgreSQL 18 with decimals.
    pub rows: f64,
    /// How often it was run, by all processes together. 0: never.
    pub loops: f64,
}

/// How a sort, or the sorts of one worker, went.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Sort<'a> {
    /// `quicksort`, `top-N heapsort`, `external merge`, …
    pub method: &'a str,
    /// Space taken, in kB.
    pub space_kb: u64,
    /// Whether that space was on disk.
    pub on_disk: bool,
}

/// How a hash table went: of a join, or of an aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hash {
    /// Parts it was worked off in; more than 1 means temporary files.
    pub batches: u64,
    /// Parts that were planned, where that is told.
    pub planned_batches: Option<u64>,
    /// The most memory it took, in kB.
    pub memory_kb: u64,
    /// Temporary files, in kB, where that is told (aggregates).
    pub disk_kb: Option<u64>,
}

impl Node {
    /// The planner's price of everything up to the last row, the nodes under it included.
    #[must_use]
    pub fn total_cost(&self) -> Option<f64> {
        self.fields.number("Total Cost")
    }

    /// The planner's price of everything before the first row.
    #[must_use]
    pub fn startup_cost(&self) -> Option<f64> {
        self.fields.number("Startup Cost")
    }

    /// Rows of one loop, as expected.
    #[must_use]
    pub fn plan_rows(&self) -> Option<f64> {
        self.fields.number("Plan Rows")
    }

    /// What it did; none without `ANALYZE`.
    #[must_use]
    pub fn actual(&self) -> Option<Actual> {
        Some(Actual {
            startup_ms: self.fields.number("Actual Startup Time"),
            total_ms: self.fields.number("Actual Total Time"),
            rows: self.fields.number("Actual Rows")?,
            loops: self.fields.number("Actual Loops").unwrap_or(1.0),
        })
    }

    /// Whether the statement was run and this node was not.
    #[must_use]
    pub fn is_never_executed(&self) -> bool {
        self.actual().is_some_and(|actual| actual.loops < 1.0)
    }

    /// Rows given to the node above, in all loops of all processes.
    #[must_use]
    pub fn rows_total(&self) -> Option<f64> {
        self.actual().map(|actual| actual.rows * actual.loops)
    }

    /// Rows of one loop that were read and thrown away: by the filter, the join filter, the recheck of the index's condition.
    #[must_use]
    pub fn rows_removed(&self) -> f64 {
        const KEYS: [&str; 3] =
            ["Rows Removed by Filter", "Rows Removed by Join Filter", "Rows Removed by Index Recheck"];
        KEYS.iter().filter_map(|key| self.fields.number(key)).sum()
    }

    /// By how much the rows of a loop differ from those expected, as a factor ≥ 1, and in which direction: above 1 for more rows than
    /// expected, `1 ÷ factor` for fewer. None when it was not executed.
    #[must_use]
    pub fn misestimate(&self) -> Option<f64> {
        let actual = self.actual().filter(|actual| actual.loops >= 1.0)?;
        Some(actual.rows.max(1.0) / self.plan_rows()?.max(1.0))
    }

    /// Blocks touched, the nodes under it included, in all loops of all processes.
    #[must_use]
    pub fn buffers(&self) -> Option<Buffers> {
        Buffers::of(&self.fields)
    }

    /// Workers that were to help (`Gather`).
    #[must_use]
    pub fn workers_planned(&self) -> Option<u64> {
        self.fields.count("Workers Planned")
    }

    /// Workers that did (`Gather`).
    #[must_use]
    pub fn workers_launched(&self) -> Option<u64> {
        self.fields.count("Workers Launched")
    }

    /// What is told of each worker, by the keys of PostgreSQL's JSON.
    pub fn workers(&self) -> impl Iterator<Item = &Object> {
        self.fields.get("Workers").map_or(&[][..], Value::list).iter().filter_map(Value::object)
    }

    /// How the sort went, in this process and then in the workers.
    pub fn sorts(&self) -> impl Iterator<Item = Sort<'_>> {
        std::iter::once(&self.fields).chain(self.workers()).filter_map(|fields| {
            Some(Sort {
                method: fields.text("Sort Method")?,
                space_kb: fields.count("Sort Space Used").unwrap_or(0),
                on_disk: fields.text("Sort Space Type") == Some("Disk"),
            })
        })
    }

    /// How the hash table went.
    #[must_use]
    pub fn hash(&self) -> Option<Hash> {
        let count = |key| self.fields.count(key);
        Some(Hash {
            batches: count("Hash Batches").or(count("HashAgg Batches"))?,
            planned_batches: count("Original Hash Batches"),
            memory_kb: count("Peak Memory Usage").unwrap_or(0),
            disk_kb: count("Disk Usage"),
        })
    }

    /// Rows an index-only scan had to look up in the table, because their page is not known to be visible to all.
    #[must_use]
    pub fn heap_fetches(&self) -> Option<u64> {
        self.fields.count("Heap Fetches")
    }

    /// Table blocks a bitmap told exactly, and those of which it only knew that something is in them.
    #[must_use]
    pub fn heap_blocks(&self) -> Option<(u64, u64)> {
        let (exact, lossy) = (self.fields.count("Exact Heap Blocks"), self.fields.count("Lossy Heap Blocks"));
        (exact.is_some() || lossy.is_some()).then(|| (exact.unwrap_or(0), lossy.unwrap_or(0)))
    }
}
