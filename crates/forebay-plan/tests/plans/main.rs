//! Plans from texts, without a server.

mod any_text_is_read_or_refused;
mod bad_input_is_named_by_its_place;
mod exclusive_figures_are_those_worked_out_by_hand;
mod frames_of_psql_and_logs_are_taken_off;
mod holds;
mod rare_nodes_are_read;
