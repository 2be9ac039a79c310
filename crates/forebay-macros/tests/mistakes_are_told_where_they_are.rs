//! Each mistake in a `#[cached]` is told at the token that is wrong; the messages are in the `.stderr` files.
//!
//! What the attribute does when it is right is tested where it is used, in `forebay-cache`.

#[test]
fn mistakes_are_told_where_they_are() {
    trybuild::TestCases::new().compile_fail("tests/mistakes/*.rs");
}
