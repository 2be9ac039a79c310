//! Two versions of a service share what is cached while a deploy rolls.

use forebay_cache::{Codec, MessagePack};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Before {
    id: u64,
    name: String,
    fax: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct After {
    id: u64,
    name: String,
    #[serde(default)]
    email: Option<String>,
}

#[test]
fn added_and_removed_fields_are_read() {
    let (before, after) = (MessagePack::<Before>::new(), MessagePack::<After>::new());
    assert_eq!(before.fingerprint(), after.fingerprint());
    let old = before.encode(&Before { id: 7, name: "Ann".into(), fax: None }).unwrap();
    assert_eq!(after.decode(&old).unwrap(), After { id: 7, name: "Ann".into(), email: None });
    let new = after.encode(&After { id: 8, name: "Bo".into(), email: None }).unwrap();
    assert_eq!(before.decode(&new).unwrap(), Before { id: 8, name: "Bo".into(), fax: None });
}

#[test]
fn another_schema_number_is_another_fingerprint() {
    assert_ne!(
        MessagePack::<Before>::new().fingerprint(),
        MessagePack::<Before>::new().schema(1).fingerprint()
    );
}

#[test]
fn other_bytes_are_an_error_and_no_panic() {
    let codec = MessagePack::<Before>::new();
    for bytes in [&b""[..], b"\xff\xff", b"\x93\x01", b"\xdf\xff\xff\xff\xff"] {
        assert!(codec.decode(&bytes::Bytes::from_static(bytes)).is_err());
    }
}
