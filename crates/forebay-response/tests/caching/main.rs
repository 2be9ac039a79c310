//! What clients see of a cached route over a socket, one file for each part of RFC 9111 and its relatives.

mod bad_input_does_no_harm;
mod bodies_and_fields_are_kept_by_the_rfc;
mod extensions_are_declared_or_pass;
mod fills_are_shared;
mod freshness_is_what_responses_say;
mod handlers_see_only_what_is_keyed;
mod masks_are_part_of_the_key;
mod nothing_personal_is_kept;
mod old_responses_are_asked_about;
mod requests_have_their_say;
mod site;
mod stale_responses_are_served_where_they_may;
mod stored_responses_have_parts_and_tags;
mod tables_name_tests_that_exist;
mod tags_reach_everything_made_from_them;
mod unsafe_requests_make_room_for_the_truth;
mod variants_are_told_apart;
mod what_was_done_is_said;
