use crate::stage::{Counts, ask, json, measured, noise, request, respond};
use forebay_response::ResponseLayer;
use http::Method;

const ENCODINGS: &str = "forebay_response_encode_seconds";
const HITS: &str = "forebay_response_variant_hits_total";

async fn asked_twice(
    layer: &ResponseLayer,
    method: Method,
    headers: &[(&str, &str)],
    counts: &Counts,
) -> (u64, u64) {
    let mut bodies = Vec::new();
    let (mut encodings, mut hits) = (0, 0);
    for _ in 0..2 {
        let asked = request(method.clone(), &[("accept-encoding", "gzip")]);
        let answer = ask(layer, asked, respond(json(5_000), headers)).await;
        assert_eq!(answer.decoded(), json(5_000));
        assert_eq!(answer.header("content-length"), answer.body.len().to_string());
        bodies.push((answer.body, answer.headers));
        let seen = counts.since_last_look();
        encodings += seen(ENCODINGS);
        hits += seen(HITS);
    }
    assert_eq!(bodies[0], bodies[1]);
    (encodings, hits)
}

#[tokio::test]
async fn a_body_seen_again_is_not_encoded_again() {
    let (builder, counts) = measured();
    let layer = builder.build().expect("valid");
    assert_eq!(asked_twice(&layer, Method::GET, &[], &counts).await, (1, 1));
}

#[tokio::test]
async fn what_is_not_to_be_stored_is_not_kept() {
    let (builder, counts) = measured();
    let layer = builder.build().expect("valid");
    assert_eq!(
        asked_twice(&layer, Method::GET, &[("cache-control", "private, no-store")], &counts).await,
        (2, 0)
    );
    assert_eq!(asked_twice(&layer, Method::POST, &[], &counts).await, (2, 0));
}

#[tokio::test]
async fn without_memory_nothing_is_kept() {
    let (builder, counts) = measured();
    let layer = builder.variant_bytes_max(0).build().expect("valid");
    assert_eq!(asked_twice(&layer, Method::GET, &[], &counts).await, (2, 0));
}

#[tokio::test]
async fn memory_is_bounded() {
    let (builder, counts) = measured();
    let layer = builder.variant_bytes_max(100_000).build().expect("valid");
    let bodies: Vec<_> = (0..100).map(|n| json(5_000 + n)).collect();
    for _ in 0..2 {
        for body in &bodies {
            let asked = request(Method::GET, &[("accept-encoding", "gzip")]);
            assert_eq!(ask(&layer, asked, respond(body.clone(), &[])).await.decoded(), *body);
        }
    }
    // Half a megabyte does not fit into a tenth of one, so most had to be encoded twice.
    let encodings = counts.since_last_look()(ENCODINGS);
    assert!(encodings > 150, "{encodings}");
}

#[tokio::test]
async fn that_a_body_does_not_shrink_is_remembered() {
    let (builder, counts) = measured();
    let layer = builder.build().expect("valid");
    for _ in 0..3 {
        let asked = request(Method::GET, &[("accept-encoding", "gzip")]);
        assert_eq!(ask(&layer, asked, respond(noise(5_000), &[])).await.body, noise(5_000));
    }
    assert_eq!(counts.since_last_look()(ENCODINGS), 1);
}
