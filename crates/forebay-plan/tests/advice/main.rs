//! Index advice on real servers, with and without HypoPG (`cargo xtask matrix plan`).

mod database;
mod indexes_are_found;
mod large_catalogues_are_read_for_the_workload_only;
mod nothing_is_proposed_without_need;
mod what_came_of_advice_is_measured;
mod what_cannot_be_used_is_said;
mod what_is_wrong_with_indexes_is_named;
