//! Capture over a real pool.

mod a_call_tells_what_its_plan_does_not;
mod asking_harms_nothing;
mod bounds_hold_and_what_is_dropped_is_counted;
mod each_statement_is_kept_by_its_fingerprint;
mod explained;
mod literals_that_vary_are_told;
mod observed;
mod rewrites_keep_the_rows;
mod slow_statements_are_logged_without_values;
mod the_planner_is_asked_with_the_calls_own_values;
mod the_servers_own_counts_are_joined;
mod values_stay_in_memory;
