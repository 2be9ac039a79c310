//! What a pool promises of servers that are stopped, killed, promoted or set up in their own way; each test starts its own.

mod a_connector_that_goes_wrong_is_survived;
mod a_paused_pool_keeps_callers_waiting;
mod a_read_finds_another_server;
mod a_read_is_as_fresh_as_it_says;
mod a_recovery_conflict_is_read_elsewhere;
mod a_server_that_is_not_what_it_is_said_to_be_is_refused;
mod a_slow_replica_is_not_waited_for;
mod an_ordinary_role_is_enough;
mod bad_input_is_told_by_its_step;
mod behind_pgbouncer_in_transaction_mode;
mod listeners_heal_themselves;
mod reads_follow_writes;
mod reads_go_on_without_a_standby;
mod servers_are_checked_as_the_connection_string_says;
mod what_happened_is_counted;
mod what_no_retry_mends_is_told_at_once;
mod writes_follow_a_promotion;
