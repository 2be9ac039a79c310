//! Any ranges and any tags: the same checks as `tests/behaviour/any_range_and_any_tag_is_answered_right.rs`.
#![no_main]

#[path = "../../tests/behaviour/conditions_hold/mod.rs"]
mod conditions_hold;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    conditions_hold::any_range(bytes);
    conditions_hold::any_tags(bytes);
    conditions_hold::any_tokens(bytes);
});
