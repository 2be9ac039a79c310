//! Capture over a real pool.

mod bounds_hold_and_what_is_dropped_is_counted;
mod each_statement_is_kept_by_its_fingerprint;
mod literals_that_vary_are_told;
mod observed;
mod values_stay_in_memory;
