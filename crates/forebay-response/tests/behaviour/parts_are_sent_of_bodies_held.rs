use crate::{
    stage::{Answer, json, layer, noise, respond},
    wire::{Wire, wires},
};
use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use forebay_response::Prepared;
use http::{Method, Response, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use std::convert::Infallible;

const THEN: &str = "Thu, 01 Dec 1994 16:00:00 GMT";

fn body() -> Bytes {
    json(5_000)
}

fn answer(headers: &[(&str, &str)]) -> Response<Body> {
    respond(body(), headers).map(Body::new)
}

async fn serve() -> [Wire; 2] {
    let prepared = Prepared::json(body());
    let image = [("content-type", "image/png"), ("last-modified", THEN)];
    let routes = Router::new()
        .route("/hashed", get(async || answer(&[("content-digest", "x"), ("repr-digest", "y")])))
        .route("/prepared", get(async move || prepared.clone()))
        .route("/image", get(async move || respond(noise(5_000), &image).map(Body::new)))
        .route("/refused", get(async || answer(&[("accept-ranges", "none")])))
        .route("/unstored", get(async || answer(&[("cache-control", "no-store")])))
        .route(
            "/cached",
            get(async || answer(&[("cache-control", "public, max-age=60"), ("etag", "\"v1\"")])),
        )
        .route("/stream", get(stream));
    wires(routes.layer(layer())).await
}

async fn stream() -> Response<Body> {
    let frames = futures_util::stream::iter([Ok::<_, Infallible>(Frame::data(body()))]);
    respond(json(2), &[]).map(|_| Body::new(StreamBody::new(frames)))
}

async fn range(wire: Wire, path: &str, range: &str) -> Answer {
    wire.get(path, &[("range", range)]).await
}

#[tokio::test]
async fn one_part_is_sent_as_it_is() {
    for wire in serve().await {
        for path in ["/hashed", "/prepared"] {
            let whole = wire.get(path, &[]).await;
            assert_eq!(whole.header("accept-ranges"), "bytes");
            for (asked, from, to) in [
                ("bytes=0-0", 0, 1),
                ("bytes=100-199", 100, 200),
                ("BYTES= 4990-", 4_990, 5_000),
                ("bytes=-10", 4_990, 5_000),
                ("bytes=-99999", 0, 5_000),
                ("bytes=4999-99999999999999999999999", 4_999, 5_000),
                ("bytes=9000-9001, 7-8", 7, 9),
                ("bytes=0-5,6-9", 0, 10),
            ] {
                let part = range(wire, path, asked).await;
                assert_eq!(part.status, StatusCode::PARTIAL_CONTENT, "{asked}");
                assert_eq!(part.header("content-range"), format!("bytes {from}-{}/5000", to - 1));
                assert_eq!(part.header("content-length"), (to - from).to_string());
                assert_eq!(part.body, body()[from..to]);
                assert_eq!(part.header("etag"), whole.header("etag"));
                assert_eq!(part.header("vary"), "accept-encoding");
            }
        }
        let part = range(wire, "/image", "bytes=1-2").await;
        assert_eq!(part.header("content-type"), "image/png");
        assert_eq!(part.body, noise(5_000)[1..3]);
    }
}

#[tokio::test]
async fn what_is_no_range_gets_the_whole() {
    let many = format!(
        "bytes={}",
        (0..17).map(|n| format!("{}-{}", n * 10, n * 10 + 1)).collect::<Vec<_>>().join(",")
    );
    for wire in serve().await {
        for asked in [
            "items=0-5",
            "bytes=5-1",
            "bytes=a-b",
            "bytes=",
            "bytes=-",
            "bytes",
            "bytes=1-2,x",
            "bytes=--1",
            &many,
        ] {
            let whole = range(wire, "/hashed", asked).await;
            assert_eq!((whole.status, whole.body.len()), (StatusCode::OK, 5_000), "{asked}");
        }
        let head = wire.ask(Method::HEAD, "/hashed", &[("range", "bytes=0-9")], "").await;
        assert_eq!(
            (head.status, head.header("content-length")),
            (StatusCode::OK, "5000"),
            "only GET has ranges"
        );
        assert_eq!(head.header("accept-ranges"), "bytes");
        let twice = wire.get("/hashed", &[("range", "bytes=0-9"), ("range", "bytes=20-29")]).await;
        assert_eq!(twice.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn several_parts_come_as_multipart_and_never_cost_more_than_the_whole() {
    for wire in serve().await {
        let answer = range(wire, "/hashed", "bytes=200-299, 0-49,-10").await;
        assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT);
        assert_eq!(answer.header("content-length"), answer.body.len().to_string());
        let kind = answer.header("content-type");
        let boundary = kind.strip_prefix("multipart/byteranges; boundary=").expect("multipart").to_owned();
        let text = String::from_utf8(answer.body).expect("text");
        let mut expected = String::new();
        for (from, to) in [(200, 300), (0, 50), (4_990, 5_000)] {
            let part = std::str::from_utf8(&body()[from..to]).expect("text").to_owned();
            expected += &format!("--{boundary}\r\ncontent-type: application/json\r\n");
            expected += &format!("content-range: bytes {from}-{}/5000\r\n\r\n{part}\r\n", to - 1);
        }
        assert_eq!(text, expected + &format!("--{boundary}--\r\n"));
        assert!(!answer.headers.contains_key("content-range"));

        let overlapping = range(wire, "/hashed", "bytes=0-99,50-149,140-199").await;
        assert_eq!(overlapping.header("content-range"), "bytes 0-199/5000", "sent once");
        let all = range(wire, "/hashed", "bytes=0-2400,2500-4999").await;
        assert_eq!((all.status, all.body.len()), (StatusCode::OK, 5_000));
    }
}

#[tokio::test]
async fn a_range_beyond_the_body_is_refused_without_a_trace_of_the_200() {
    for wire in serve().await {
        for asked in ["bytes=5000-", "bytes=-0", "bytes=6000-7000,8000-"] {
            let refused = range(wire, "/cached", asked).await;
            assert_eq!(refused.status, StatusCode::RANGE_NOT_SATISFIABLE, "{asked}");
            assert_eq!(refused.header("content-range"), "bytes */5000");
            assert_eq!((refused.header("cache-control"), refused.header("etag")), ("no-store", ""));
            assert_eq!(refused.body.len(), 0);
        }
    }
}

#[tokio::test]
async fn if_range_wants_the_same_bytes() {
    for wire in serve().await {
        let current = wire.get("/hashed", &[]).await.header("etag").to_owned();
        let weak = format!("W/{current}");
        for (condition, status) in
            [(current.as_str(), 206), (weak.as_str(), 200), ("\"other\"", 200), (THEN, 200)]
        {
            let asked = [("range", "bytes=0-9"), ("if-range", condition)];
            assert_eq!(wire.get("/hashed", &asked).await.status, status, "{condition}");
        }
        for (condition, status) in
            [(THEN, 206), ("Fri, 02 Dec 1994 16:00:00 GMT", 200), ("Wed, 30 Nov 1994 16:00:00 GMT", 200)]
        {
            let asked = [("range", "bytes=0-9"), ("if-range", condition)];
            assert_eq!(wire.get("/image", &asked).await.status, status, "{condition}");
        }
        let beyond = [("range", "bytes=9000-"), ("if-range", "\"other\"")];
        assert_eq!(wire.get("/hashed", &beyond).await.status, 200, "the condition is judged first");
        let known = [("range", "bytes=0-9"), ("if-none-match", current.as_str())];
        assert_eq!(wire.get("/hashed", &known).await.status, 304, "preconditions go before ranges");
    }
}

#[tokio::test]
async fn a_download_goes_on_in_the_coding_it_began_in() {
    for wire in serve().await {
        for path in ["/hashed", "/prepared", "/cached"] {
            for coding in ["gzip", "br", ""] {
                let whole = wire.get(path, &[("accept-encoding", coding)]).await;
                let (first, tag) = (&whole.body[..100], whole.header("etag"));
                // Another coding would be chosen now.
                let asked = [("range", "bytes=100-"), ("if-range", tag), ("accept-encoding", "gzip, br")];
                let rest = wire.get(path, &asked).await;
                assert_eq!(
                    (rest.status, rest.header("etag")),
                    (StatusCode::PARTIAL_CONTENT, tag),
                    "{path} {coding}"
                );
                assert_eq!(rest.header("content-encoding"), coding);
                assert_eq!([first, &rest.body].concat(), whole.body);
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_cut_that_is_not_held() {
    for wire in serve().await {
        let streamed = wire.get("/stream", &[("range", "bytes=0-9")]).await;
        assert_eq!((streamed.status, streamed.header("accept-ranges")), (StatusCode::OK, ""));
        let once = [("range", "bytes=0-9"), ("accept-encoding", "gzip")];
        let encoded = wire.get("/unstored", &once).await;
        assert_eq!(
            (encoded.status, encoded.header("accept-ranges")),
            (StatusCode::OK, ""),
            "made for this answer"
        );
        assert_eq!(encoded.decoded(), body());
        assert_eq!(range(wire, "/unstored", "bytes=0-9").await.status, StatusCode::PARTIAL_CONTENT);
        let refused = range(wire, "/refused", "bytes=0-9").await;
        assert_eq!((refused.status, refused.header("accept-ranges")), (StatusCode::OK, "none"));
    }
}

#[tokio::test]
async fn a_digest_of_the_whole_is_not_sent_as_one_of_the_part() {
    for wire in serve().await {
        let part = range(wire, "/hashed", "bytes=0-9").await;
        assert_eq!((part.header("content-digest"), part.header("repr-digest")), ("", "y"));
    }
}

#[tokio::test]
async fn ranges_can_be_switched_off() {
    let off = crate::stage::builder().range_count_max(0).build().expect("valid");
    let routes = Router::new().route("/", get(async || answer(&[])));
    for wire in wires(routes.layer(off)).await {
        let whole = range(wire, "/", "bytes=0-9").await;
        assert_eq!((whole.status, whole.header("accept-ranges")), (StatusCode::OK, ""));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 300, ..Default::default() })]

    /// Whatever a client sends: the whole body, exactly the part that is announced, or nothing at all.
    #[test]
    fn no_range_is_answered_with_other_bytes(asked in "(bytes=)?[0-9]{0,5}-?[0-9]{0,5}(, ?[0-9]{0,4}-[0-9]{0,21}){0,3}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let answer = runtime.block_on(crate::stage::get(&[("range", &asked)], respond(body(), &[])));
        match answer.status.as_u16() {
            200 => proptest::prop_assert_eq!(answer.body, body()),
            416 => proptest::prop_assert_eq!(answer.body.len(), 0),
            206 if answer.header("content-range").is_empty() => proptest::prop_assert!(answer.body.len() < 5_000),
            206 => {
                let range = answer.header("content-range").strip_prefix("bytes ").and_then(|it| it.strip_suffix("/5000"));
                let (from, to) = range.and_then(|range| range.split_once('-')).expect("a range");
                let (from, to): (usize, usize) = (from.parse().expect("digits"), to.parse().expect("digits"));
                proptest::prop_assert_eq!(answer.body, &body()[from..=to]);
            }
            other => proptest::prop_assert!(false, "{} for {}", other, asked),
        }
    }
}
