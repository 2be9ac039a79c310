//! What each codec promises when two versions of a type share a tier.

#[cfg(any(feature = "json", feature = "postcard"))]
use forebay_cache::{Codec, MessagePack};
#[cfg(any(feature = "json", feature = "postcard"))]
use serde::{Deserialize, Serialize};

#[cfg(any(feature = "json", feature = "postcard"))]
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Before {
    id: u64,
    name: String,
}

#[cfg(any(feature = "json", feature = "postcard"))]
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct After {
    id: u64,
    #[serde(default)]
    email: Option<String>,
    name: String,
}

#[cfg(feature = "json")]
#[test]
fn json_reads_added_and_removed_fields() {
    use forebay_cache::Json;
    let (before, after) = (Json::<Before>::new(), Json::<After>::new());
    assert_eq!(before.fingerprint(), after.fingerprint());
    let old = before.encode(&Before { id: 7, name: "Ann".into() }).unwrap();
    assert_eq!(&old[..], br#"{"id":7,"name":"Ann"}"#, "people can read it");
    assert_eq!(after.decode(&old).unwrap(), After { id: 7, email: None, name: "Ann".into() });
    let new = after.encode(&After { id: 8, email: None, name: "Bo".into() }).unwrap();
    assert_eq!(before.decode(&new).unwrap(), Before { id: 8, name: "Bo".into() });
    assert!(before.decode(&bytes::Bytes::from_static(b"{\"id\":")).is_err());
    assert_ne!(before.fingerprint(), Json::<Before>::new().schema(1).fingerprint());
    assert_ne!(before.fingerprint(), MessagePack::<Before>::new().fingerprint());
}

#[cfg(feature = "postcard")]
#[test]
fn postcard_tells_versions_by_their_number_only() {
    use forebay_cache::Postcard;
    let (before, after) = (Postcard::<Before>::schema(1), Postcard::<After>::schema(2));
    assert_ne!(before.fingerprint(), after.fingerprint(), "so that neither reads the other's entries");
    let value = Before { id: 7, name: "Ann".into() };
    let old = before.encode(&value).unwrap();
    assert!(old.len() < MessagePack::<Before>::new().encode(&value).unwrap().len());
    assert_eq!(before.decode(&old).unwrap(), value);
    let longer = [&old[..], b"x"].concat();
    assert!(before.decode(&longer.into()).is_err(), "another type wrote what is left over");
    for length in 0..old.len() {
        assert!(before.decode(&old.slice(..length)).is_err());
    }
}
