//! Any bytes at all, as an envelope and as the value in one: the same checks as
//! `tests/any_envelope_is_understood_or_missed.rs`.
#![no_main]

#[path = "../../tests/envelope_holds/mod.rs"]
mod envelope_holds;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    envelope_holds::any_bytes(bytes);
    let at = bytes.iter().fold(0_usize, |at, byte| at.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    envelope_holds::entry_survives(bytes, "tag", at);
});
