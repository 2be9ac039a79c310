//! Any mask and any bytes, cut anywhere: the same checks as `tests/fields_are_selected_as_a_tree_would.rs`.
#![no_main]

#[path = "../../tests/fields_hold/mod.rs"]
mod fields_hold;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fields_hold::any_tokens(bytes);
    // A mask on the first line, a body below it.
    let Some(at) = bytes.iter().position(|byte| *byte == b'\n') else { return };
    if let Ok(mask) = std::str::from_utf8(&bytes[..at]) {
        fields_hold::any_text(mask, &bytes[at + 1..], bytes.len() % 11 + 1);
    }
});
