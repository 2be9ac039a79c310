//! Whatever a client puts into `Range` and `If-None-Match`; the fuzz target `any_condition` goes on with the same checks.

use crate::conditions_hold::{any_range, any_tags, any_tokens};
use proptest::{collection::vec, prelude::*};

proptest! {
    #[test]
    fn of_any_bytes(value in vec(any::<u8>(), 0..40)) {
        any_range(&value);
        any_range(&[b"bytes=", &value[..]].concat());
        any_tags(&value);
    }

    #[test]
    fn of_what_they_are_made_of(bytes in vec(any::<u8>(), 0..24)) {
        any_tokens(&bytes);
    }
}
