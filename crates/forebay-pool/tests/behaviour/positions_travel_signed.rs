//! What a client carries is what was signed, by any of the keys, or nothing.

use forebay_pool::{PoolError, PositionTokens};
use forebay_scope::{Position, Positions};
use proptest::prelude::*;

const OLD: &[u8] = b"the key of last month";
const NEW: &[u8] = b"the key of this month";

fn tokens(keys: &[&[u8]]) -> PositionTokens {
    PositionTokens::new(keys).expect("long enough")
}

fn positions() -> impl Strategy<Value = Positions> {
    let one = (any::<u64>(), any::<u32>(), any::<u64>());
    prop::collection::vec(one.prop_map(|(system, timeline, lsn)| Position { system, timeline, lsn }), 0..4)
        .prop_map(|positions| positions.into_iter().collect())
}

proptest! {
    #[test]
    fn what_is_signed_is_read_back(positions in positions()) {
        let tokens = tokens(&[NEW]);
        let text = tokens.sign(&positions);
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{text}");
        prop_assert_eq!(tokens.verify(&text), Some(positions));
    }

    #[test]
    fn another_text_is_nothing(positions in positions(), at in any::<prop::sample::Index>(), by in 1..64_u8) {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let tokens = tokens(&[NEW]);
        let mut text = tokens.sign(&positions).into_bytes();
        let at = at.index(text.len());
        let letter = LETTERS.iter().position(|letter| *letter == text[at]).expect("of base64");
        text[at] = LETTERS[(letter + usize::from(by)) % LETTERS.len()];
        let text = String::from_utf8(text).expect("letters");
        prop_assert_eq!(tokens.verify(&text), None);
    }

    #[test]
    fn any_text_is_taken(text in ".{0,600}") {
        prop_assert_eq!(tokens(&[NEW]).verify(&text), None);
    }
}

#[test]
fn keys_are_rotated() {
    let written = Positions::from(Position { system: 1, timeline: 2, lsn: 3 });
    let old = tokens(&[OLD]).sign(&written);
    assert_eq!(tokens(&[OLD, NEW]).verify(&old), Some(written.clone()));
    let new = tokens(&[NEW, OLD]).sign(&written);
    assert_eq!(tokens(&[NEW, OLD]).verify(&old), Some(written.clone()));
    assert_eq!(tokens(&[OLD, NEW]).verify(&new), Some(written));
    assert_eq!(tokens(&[NEW]).verify(&old), None);
}

#[test]
fn a_key_has_a_length_and_is_not_shown() {
    let error = PositionTokens::new([b"short"]).expect_err("too short");
    assert!(matches!(error, PoolError::Config { .. }) && error.to_string().contains("16 bytes"), "{error}");
    assert!(PositionTokens::new::<&[u8]>([]).is_err());
    assert!(!format!("{:?}", tokens(&[NEW])).contains("key of"));
}
