//! Whatever a client and a server say to each other: the same checks as
//! `tests/the_wire_is_understood_however_it_is_cut.rs`.
#![no_main]

#[path = "../../tests/wire_holds/mod.rs"]
mod wire_holds;

libfuzzer_sys::fuzz_target!(|conversation: (Vec<u8>, Vec<u8>)| {
    wire_holds::any_conversation(&conversation.0, &conversation.1);
});
