//! Any text at all: the same checks as `tests/plans/any_text_is_read_or_refused.rs`.
#![no_main]

#[path = "../../tests/plans/holds.rs"]
mod holds;

libfuzzer_sys::fuzz_target!(|text: &str| holds::holds(text));
