//! What a client sees of a service behind the layer, one file for each behaviour.

mod accept_encoding_is_read_by_the_rfc;
mod bodies_never_grow;
mod configuration_is_checked;
mod digests_stay_true;
mod encoded_forms_are_kept;
mod every_body_comes_back_whole;
mod head_mirrors_get;
mod known_copies_get_304;
mod long_bodies_keep_nobody_waiting;
mod nothing_becomes_a_406;
mod only_what_is_ours_is_touched;
mod over_a_socket;
mod prepared_bodies_are_encoded_once;
mod scopes_belong_to_one_request;
mod stage;
mod streams_are_never_stalled;
mod tags_name_the_bytes_sent;
mod vary_is_merged_by_whole_names;
mod what_was_done_is_counted;
