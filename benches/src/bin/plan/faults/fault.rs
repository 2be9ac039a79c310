//! The closed list of what is planted.

use super::case::Case;
use super::draw::Draw;
use super::{asking, estimates, memory, running, scans};

/// Makes a case from its draws.
pub(crate) type Form = fn(&mut Draw) -> Case;

/// What can be planted.
pub(crate) struct Fault {
    /// The finding that names it.
    pub(crate) id: &'static str,
    /// Another finding that names it as well: the same cause seen from its other end.
    pub(crate) or: Option<&'static str>,
    pub(crate) open: &'static [Form],
    /// Forms that only the held half has.
    pub(crate) held: &'static [Form],
}

const fn fault(id: &'static str, open: &'static [Form], held: &'static [Form]) -> Fault {
    Fault { id, or: None, open, held }
}

impl Fault {
    pub(crate) fn is_named_by(&self, finding: &str) -> bool {
        self.id == finding || self.or == Some(finding)
    }

    const fn or(mut self, id: &'static str) -> Self {
        self.or = Some(id);
        self
    }
}

pub(crate) const FAULTS: [Fault; 18] = [
    fault(
        "sequential-scan-discards-rows",
        &[scans::missing_index, scans::missing_index_under_a_join, scans::missing_index_of_a_range],
        &[scans::missing_index_of_an_expression, scans::missing_index_of_an_update],
    ),
    fault(
        "index-scan-filters-rows",
        &[scans::filter_behind_an_index, scans::range_behind_an_index],
        &[scans::pattern_behind_an_index],
    ),
    fault(
        "wrong-index-for-order",
        &[scans::newest_of_an_old_kind, scans::last_of_a_quiet_owner],
        &[scans::oldest_of_new_kinds],
    ),
    fault(
        "misestimate",
        &[estimates::three_that_depend, estimates::two_that_depend],
        &[estimates::expression_unknown],
    )
    .or("nested-loop-large-outer"),
    fault("sort-spill", &[memory::order_of_a_table, memory::order_of_a_window], &[memory::order_of_distinct]),
    fault(
        "hash-spill",
        &[memory::hash_of_a_table, memory::hash_of_an_outer_join],
        &[memory::hash_of_those_without],
    ),
    fault(
        "aggregate-spill",
        &[memory::groups_of_a_number, memory::groups_of_distinct],
        &[memory::groups_of_a_text],
    ),
    fault(
        "nested-loop-large-outer",
        &[estimates::one_owner_has_most, estimates::rows_of_an_array],
        &[estimates::pattern_that_most_fit],
    )
    .or("misestimate"),
    fault("lossy-bitmap", &[scans::lossy_of_a_kind, scans::lossy_of_a_range], &[scans::lossy_of_two]),
    fault(
        "heap-fetches",
        &[scans::updated_since_vacuum, scans::deleted_since_vacuum],
        &[scans::covering_index_unvacuumed],
    ),
    fault("jit-overhead", &[running::compiled_sums, running::compiled_cases], &[running::compiled_join]),
    fault(
        "planning-overhead",
        &[running::partitions_told_by_a_query, running::partitions_told_by_the_clock],
        &[running::orders_of_many_joins],
    ),
    fault(
        "workers-not-launched",
        &[running::sums_without_workers, running::count_without_workers],
        &[running::join_without_workers],
    ),
    fault(
        "trigger-time",
        &[running::delete_looks_for_children, running::insert_counts],
        &[running::update_counts],
    ),
    fault(
        "correlated-subplan",
        &[asking::highest_of_each, asking::above_the_average],
        &[asking::order_by_a_count],
    ),
    fault("large-offset", &[asking::page_far_back, asking::page_of_the_past], &[asking::page_of_one_owner]),
    fault(
        "stale-statistics",
        &[estimates::kind_that_came_since, estimates::days_that_came_since],
        &[estimates::never_analysed],
    ),
    fault(
        "late-filter",
        &[asking::or_across_a_join, asking::or_of_lists_across_a_join],
        &[asking::condition_on_what_may_be_missing],
    ),
];
