//! Any mask and any bytes, cut anywhere: the same checks as `tests/fields_are_selected_as_a_tree_would.rs`.
#![no_main]

#[path = "../../tests/fields_hold/mod.rs"]
mod fields_hold;

libfuzzer_sys::fuzz_target!(|input: (&str, &[u8], u8)| {
    let (mask, text, piece) = input;
    fields_hold::any_text(mask, text, usize::from(piece));
});
