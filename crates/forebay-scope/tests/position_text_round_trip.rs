//! A position's text is read back as the same position, and nothing else is read as one.

use forebay_scope::Position;
use proptest::prelude::{any, prop_assert_eq, proptest};

proptest! {
    #[test]
    fn every_position_is_read_back(system in any::<u64>(), timeline in any::<u32>(), lsn in any::<u64>()) {
        let position = Position { system, timeline, lsn };
        let text = position.to_string();
        prop_assert_eq!(text.parse(), Ok(position));
        prop_assert_eq!(text.to_lowercase().parse(), Ok(position));
    }

    #[test]
    fn no_text_is_a_panic(text in "[0-9A-Fa-f/+ -]{0,40}") {
        if let Ok(position) = text.parse::<Position>() {
            prop_assert_eq!(position.to_string().parse(), Ok(position));
        }
    }
}

#[test]
fn the_log_number_is_written_as_postgres_writes_it() {
    let position = Position { system: 7301, timeline: 2, lsn: 0x16_B374_D848 };
    assert_eq!(position.to_string(), "7301/2/16/B374D848");
    assert_eq!(Position { system: 1, timeline: 1, lsn: 7 }.to_string(), "1/1/0/7");
}

#[test]
fn other_texts_are_refused() {
    for text in
        ["", "1", "1/1/0", "1/1/0/7/", "1/1/0/7/8", "1/1/0/G", "-1/1/0/7", "+1/1/0/7", "1/1/+0/7", " 1/1/0/7"]
    {
        assert!(text.parse::<Position>().is_err(), "{text:?}");
    }
    for text in ["18446744073709551616/1/0/7", "1/4294967296/0/7", "1/1/100000000/0", "1/1/0/100000000"] {
        assert!(text.parse::<Position>().is_err(), "{text:?} is too large");
    }
    let message = "x".parse::<Position>().unwrap_err().to_string();
    assert!(message.contains("7301/1/16/B374D848"), "the message shows one: {message}");
}
