//! What is wrong in a plan: on plans of a real server, on plans written by hand for what is rare, and on anything.

mod any_plan_gives_findings_that_hold;
mod circumstances_tell_more;
mod estimates_alone_are_enough_for_some;
mod every_kind_has_a_page;
mod near_misses_are_clean;
mod one_cause_is_one_finding;
mod planted_faults_are_found;
mod twenty_thousand_nodes_are_looked_at_once;
mod written;
