//! Any text at all: the same checks as `tests/any_text_is_understood_or_doubted.rs`.
#![no_main]

#[path = "../../tests/holds/mod.rs"]
mod holds;

libfuzzer_sys::fuzz_target!(|sql: &str| holds::holds(sql));
