use crate::{
    stage::{Answer, json, measured, respond},
    wire::{Wire, wires},
};
use axum::{Router, body::Body, routing::get};
use forebay_response::{HotConfig, Prepared, ResponseLayerBuilder};
use forebay_tests::eventually;
use http::StatusCode;

const OFTEN: HotConfig = HotConfig { hits: 4, bytes_max: 10_000, waiting_max: 64, core_percent: 100 };

async fn serve(layer: ResponseLayerBuilder) -> [Wire; 2] {
    let prepared = Prepared::json(json(5_000));
    let own = async || respond(json(4_000), &[("etag", "\"v1\"")]).map(Body::new);
    let routes = Router::new()
        .route("/prepared", get(async move || prepared.clone()))
        .route("/stored", get(async || respond(json(4_500), &[]).map(Body::new)))
        .route("/own", get(own))
        .route("/long", get(async || respond(json(10_001), &[]).map(Body::new)));
    wires(routes.layer(layer.build().expect("valid"))).await
}

async fn ask(wire: Wire, path: &str, coding: &str) -> Answer {
    wire.get(path, &[("accept-encoding", coding)]).await
}

fn form(answer: &Answer) -> &str {
    answer.header("etag").trim_matches('"').split_once('.').map_or("", |(_, form)| form)
}

/// Asks until the form changes; the first and the last answer.
async fn until_better(wire: Wire, path: &str, coding: &str) -> (Answer, Answer) {
    let first = ask(wire, path, coding).await;
    let mut last = ask(wire, path, coding).await;
    eventually("the form is better", async || {
        last = ask(wire, path, coding).await;
        form(&last) != form(&first)
    })
    .await;
    (first, last)
}

#[tokio::test]
async fn they_are_shorter_and_have_tags_of_their_own() {
    for speak in 0..2 {
        let (builder, counts) = measured();
        let wire = serve(builder.hot(OFTEN)).await[speak];
        for (path, coding, from, to) in [
            ("/prepared", "br", "br5-1", "br11-1"),
            ("/prepared", "zstd", "zs9-1", "zs19-1"),
            ("/stored", "br", "br3-1", "br11-1"),
            ("/stored", "zstd", "zs3-1", "zs19-1"),
            ("/own", "br", "br3-1", "br11-1"),
        ] {
            let (first, better) = until_better(wire, path, coding).await;
            assert_eq!((form(&first), form(&better)), (from, to), "{path}");
            assert!(better.body.len() < first.body.len(), "{path} {coding}");
            assert_eq!(better.decoded(), first.decoded());
            assert_eq!(better.header("content-length"), better.body.len().to_string());

            // Who has the first form has the body; parts of the one are no parts of the other.
            let known = [("accept-encoding", coding), ("if-none-match", first.header("etag"))];
            assert_eq!(wire.get(path, &known).await.status, StatusCode::NOT_MODIFIED);
            for (tag, status) in
                [(first.header("etag"), StatusCode::OK), (better.header("etag"), StatusCode::PARTIAL_CONTENT)]
            {
                let rest = [("accept-encoding", coding), ("range", "bytes=9-"), ("if-range", tag)];
                assert_eq!(wire.get(path, &rest).await.status, status, "{path} {tag}");
            }
        }
        assert_eq!(counts.since_last_look()("forebay_response_upgrades_total better"), 5);
    }
}

#[tokio::test]
async fn seldom_long_or_switched_off_they_stay() {
    let off = HotConfig { hits: 0, ..OFTEN };
    for (hot, path, times) in [(OFTEN, "/stored", 4), (OFTEN, "/long", 20), (off, "/stored", 20)] {
        let (builder, counts) = measured();
        let wire = serve(builder.hot(hot)).await[0];
        for _ in 0..times {
            assert_eq!(form(&ask(wire, path, "br").await), "br3-1");
        }
        let seen = counts.since_last_look();
        assert_eq!(
            (seen("forebay_response_encode_seconds"), seen("forebay_response_upgrades_total")),
            (1, 0)
        );
    }
}

#[test]
fn without_a_runtime_nothing_is_begun() {
    let (builder, counts) = measured();
    let layer = builder.hot(OFTEN).build().expect("valid");
    let prepared = Prepared::json(json(5_000));
    for _ in 0..20 {
        let asked = crate::stage::request(http::Method::GET, &[("accept-encoding", "br")]);
        let answer = crate::stage::ask(&layer, asked, prepared.clone().into_response());
        let answer = futures_util::FutureExt::now_or_never(answer).expect("nothing to wait for");
        assert_eq!(form(&answer), "br5-1");
    }
    assert!(counts.since_last_look()("forebay_response_upgrades_total refused") > 0);
}
