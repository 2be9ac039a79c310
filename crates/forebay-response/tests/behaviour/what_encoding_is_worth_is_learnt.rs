use crate::{
    hand::Hand,
    stage::{Answer, Counts, json, measured, noise, respond},
    wire::{Wire, wires},
};
use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Path},
    routing::get,
};
use forebay_response::ResponseLayerBuilder;
use std::time::Duration;

const ENCODINGS: &str = "forebay_response_encode_seconds";

async fn serve(layer: ResponseLayerBuilder) -> [Wire; 2] {
    let noisy = async |Path(n): Path<usize>| respond(noise(4_000 + n), &[]).map(Body::new);
    let text = async |Path(n): Path<usize>| respond(json(4_000 + n), &[]).map(Body::new);
    let either = async |Path((_, n)): Path<(String, usize)>| {
        let body = if n < 1_000 { noise(4_000 + n) } else { json(4_000 + n) };
        respond(body, &[]).map(Body::new)
    };
    let short = async |Path(n): Path<usize>| respond(json(600 + n % 100), &[]).map(Body::new);
    let shortest = async |Path(n): Path<usize>| respond(json(200 + n % 50), &[]).map(Body::new);
    let routes = Router::new()
        .route("/noise/{n}", get(noisy))
        .route("/text/{n}", get(text))
        .route("/either/{name}/{n}", get(either))
        .route("/short/{n}", get(short))
        .route("/shortest/{n}", get(shortest));
    wires(routes.layer(layer.build().expect("valid"))).await
}

/// A service, the clock of its layer and what was counted.
async fn learning() -> ([Wire; 2], Hand, Counts) {
    let (builder, counts) = measured();
    let hand = Hand::default();
    (serve(builder.variant_bytes_max(0).clock(hand.clock())).await, hand, counts)
}

async fn ask(wire: Wire, path: &str) -> Answer {
    let answer = wire.get(path, &[("accept-encoding", "gzip")]).await;
    assert_eq!(answer.header("vary"), "accept-encoding", "{path}");
    answer
}

#[tokio::test]
async fn routes_that_do_not_shrink_are_left_alone_for_a_while() {
    let (wires, hand, counts) = learning().await;
    for n in 0..40 {
        let answer = ask(wires[n % 2], &format!("/noise/{n}")).await;
        assert_eq!((answer.header("content-encoding"), &answer.body[..]), ("", &noise(4_000 + n)[..]));
    }
    let seen = counts.since_last_look();
    assert_eq!((seen(ENCODINGS), seen("forebay_response_skipped_total no_gain")), (4, 4));
    assert_eq!(seen("forebay_response_skipped_total not_worth_it"), 36);
    assert_eq!(ask(wires[0], "/text/1").await.header("content-encoding"), "gzip", "another route");

    // One is tried after a minute, and then none for another minute.
    hand.pass(Duration::from_secs(60));
    drop(counts.since_last_look());
    for n in 40..50 {
        ask(wires[0], &format!("/noise/{n}")).await;
    }
    assert_eq!(counts.since_last_look()(ENCODINGS), 1);
}

#[tokio::test]
async fn a_route_is_the_one_that_was_matched() {
    for (matched, encodings) in [(true, 4), (false, 10)] {
        let (builder, counts) = measured();
        let builder = builder.variant_bytes_max(0);
        let wires = serve(match matched {
            true => builder.route(|request| Some(request.get::<MatchedPath>()?.as_str())),
            false => builder,
        })
        .await;
        for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
            ask(wires[0], &format!("/either/{name}/1")).await;
        }
        assert_eq!(counts.since_last_look()(ENCODINGS), encodings, "matched: {matched}");
    }
}

#[tokio::test]
async fn a_route_that_shrinks_after_all_is_found_out() {
    let (wires, hand, _) = learning().await;
    for n in 0..10 {
        ask(wires[0], &format!("/either/it/{n}")).await;
    }
    assert_eq!(ask(wires[0], "/either/it/2000").await.header("content-encoding"), "");
    hand.pass(Duration::from_secs(60));
    assert_eq!(ask(wires[1], "/either/it/2001").await.header("content-encoding"), "gzip", "a trial");
    assert_eq!(ask(wires[1], "/either/it/2002").await.header("content-encoding"), "gzip", "it was worth it");
}

#[tokio::test]
async fn short_bodies_are_encoded_where_that_proves_worth_it() {
    let (wires, _, counts) = learning().await;
    assert_eq!(ask(wires[0], "/short/1").await.header("content-encoding"), "");
    let mut encoded = 0;
    for n in 0..200 {
        let answer = ask(wires[n % 2], &format!("/short/{n}")).await;
        assert_eq!(answer.decoded(), json(600 + n % 100));
        encoded = if answer.header("content-encoding") == "gzip" { encoded + 1 } else { 0 };
    }
    assert!(encoded > 50, "{encoded} of the last ones");
    assert!(counts.since_last_look()("forebay_response_skipped_total small") > 100);
    for n in 0..200 {
        let answer = ask(wires[0], &format!("/shortest/{n}")).await;
        assert_eq!(answer.header("content-encoding"), "", "it fits into a packet anyway");
    }
}

#[tokio::test]
async fn a_fixed_length_is_a_fixed_length() {
    let (builder, counts) = measured();
    let wires = serve(builder.variant_bytes_max(0).min_bytes(4_010)).await;
    for n in 0..20 {
        let coding = if n < 10 { "" } else { "gzip" };
        assert_eq!(ask(wires[n % 2], &format!("/text/{n}")).await.header("content-encoding"), coding, "{n}");
    }
    drop(counts.since_last_look());
    for n in 10..30 {
        ask(wires[0], &format!("/noise/{n}")).await;
    }
    assert_eq!(counts.since_last_look()(ENCODINGS), 20, "each is tried");
}
