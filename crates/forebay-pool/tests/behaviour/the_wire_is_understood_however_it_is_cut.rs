//! The tap knows the same of a conversation in one piece and cut at every byte.

use proptest::prelude::*;

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    bytes.extend((u32::try_from(body.len()).expect("small") + 4).to_be_bytes());
    bytes.extend(body);
    bytes
}

/// Messages the tap looks at, and others.
fn messages() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        message(b'S', b""),
        message(b'Q', b"SELECT 1\0"),
        message(b'Z', b"I"),
        message(b'Z', b"T"),
        message(b'Z', b"E"),
        message(b'S', b"in_hot_standby\0on\0"),
        message(b'S', b"in_hot_standby\0off\0"),
        message(b'C', b"COMMIT\0"),
        message(b'C', b"DEALLOCATE\0"),
        message(b'G', b"\0\0\0"),
        message(b'K', &[0, 0, 0, 7, 1, 2, 3, 4]),
    ]);
    let other =
        (any::<u8>(), prop::collection::vec(any::<u8>(), 0..80)).prop_map(|(tag, body)| message(tag, &body));
    prop::collection::vec(prop_oneof![known, other], 0..12).prop_map(|all| all.concat())
}

proptest! {
    #[test]
    fn of_messages(client in messages(), server in messages()) {
        // The first message of a client has no tag.
        let startup = [&message(0, &[0, 3, 0, 0])[1..], &client].concat();
        crate::wire_holds::any_conversation(&startup, &server);
    }

    #[test]
    fn of_any_bytes(client in any::<Vec<u8>>(), server in any::<Vec<u8>>()) {
        crate::wire_holds::any_conversation(&client, &server);
    }
}
