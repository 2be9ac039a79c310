use crate::stage::{get, json, respond};

const DIGESTS: [&str; 4] = ["content-digest", "repr-digest", "digest", "content-md5"];

#[tokio::test]
async fn digests_of_the_plain_body_go_with_it_and_with_nothing_else() {
    let heads = DIGESTS.map(|name| (name, "sha-256=:AAAA:"));
    let plain = get(&[], respond(json(5_000), &heads)).await;
    let encoded = get(&[("accept-encoding", "gzip")], respond(json(5_000), &heads)).await;
    let known = get(&[("if-none-match", plain.header("etag"))], respond(json(5_000), &heads)).await;
    for name in DIGESTS {
        assert_eq!(plain.header(name), "sha-256=:AAAA:", "{name}");
        assert_eq!(encoded.header(name), "", "{name}");
        assert_eq!(known.header(name), "", "{name}");
    }
}

#[tokio::test]
async fn ranges_of_the_plain_body_are_not_offered_on_one_encoded_for_this_answer() {
    let heads = [("accept-ranges", "bytes"), ("cache-control", "no-store")];
    assert_eq!(get(&[], respond(json(5_000), &heads)).await.header("accept-ranges"), "bytes");
    let encoded = get(&[("accept-encoding", "gzip")], respond(json(5_000), &heads)).await;
    assert_eq!((encoded.header("content-encoding"), encoded.header("accept-ranges")), ("gzip", ""));
}
