use crate::{
    stage::{Answer, json, noise},
    wire::{Wire, wires},
};
use axum::{Router, body::Bytes, http::HeaderMap, routing::post};
use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use forebay_response::{DecodeError, DecodedBody, RequestDecodingConfig, RequestDecodingLayer};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use std::{
    convert::Infallible,
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tower::{Layer, ServiceExt, service_fn};

/// Small, so that bombs need not be large.
const LONGEST: usize = 256 << 10;
const LIMITS: RequestDecodingConfig =
    RequestDecodingConfig { body_bytes_max: LONGEST as u64, ratio_max: 100, chain_max: 2 };

/// A skippable frame of zstd with one byte in it.
const SKIPPED: &[u8] = b"\x50\x2a\x4d\x18\x01\0\0\0.";

/// Echoes what it read, with the headers that speak of it; the handler's own view of failure is a 500.
async fn serve() -> [Wire; 2] {
    serve_within(LIMITS).await
}

async fn serve_within(limits: RequestDecodingConfig) -> [Wire; 2] {
    let echo = async |headers: HeaderMap, body: Result<Bytes, axum::extract::rejection::BytesRejection>| {
        let speaks = ["content-encoding", "content-digest", "content-length"];
        let kept: Vec<_> = speaks.into_iter().filter(|name| headers.contains_key(*name)).collect();
        let body = body.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
        Ok::<_, StatusCode>(([("x-kept", kept.join(","))], body))
    };
    let layer = RequestDecodingLayer::new(limits).expect("valid").for_axum();
    wires(Router::new().route("/", post(echo)).layer(layer)).await
}

async fn send(wire: Wire, coding: &str, body: Vec<u8>) -> Answer {
    let headers = [("content-encoding", coding), ("content-digest", "sha-256=:AAAA:")];
    wire.ask(Method::POST, "/", &headers, body).await
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("memory");
    encoder.finish().expect("memory")
}

fn deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("memory");
    encoder.finish().expect("memory")
}

fn br(body: &[u8]) -> Vec<u8> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 1, 22);
    encoder.write_all(body).expect("memory");
    encoder.into_inner()
}

fn zstd(body: &[u8]) -> Vec<u8> {
    zstd::encode_all(body, 3).expect("memory")
}

#[tokio::test]
async fn every_coding_is_decoded_and_no_longer_spoken_of() {
    for wire in serve().await {
        for body in [json(40), json(200_000), noise(70_000)] {
            for (coding, encoded) in [
                ("gzip", gzip(&body)),
                ("X-GZIP", gzip(&body)),
                ("deflate", deflate(&body)),
                ("br", br(&body)),
                ("zstd", zstd(&body)),
                ("zstd", [zstd(&body[..20]), SKIPPED.to_vec(), zstd(&body[20..])].concat()),
                ("zstd, gzip", gzip(&zstd(&body))),
                ("gzip, br", br(&gzip(&body))),
                ("identity, gzip,", gzip(&body)),
                ("gzip", [gzip(&body[..20]), gzip(&body[20..])].concat()),
            ] {
                let answer = send(wire, coding, encoded).await;
                assert_eq!(answer.status, StatusCode::OK, "{coding}");
                assert_eq!(answer.body, body, "{coding}");
                assert_eq!(answer.header("x-kept"), "", "{coding}");
            }
        }
        let plain = wire.ask(Method::POST, "/", &[("content-digest", "x")], json(40)).await;
        assert_eq!(plain.header("x-kept"), "content-digest,content-length");
        assert_eq!(plain.body, json(40));
        assert_eq!(send(wire, "gzip", Vec::new()).await.status, StatusCode::OK, "nothing, encoded");
    }
}

#[tokio::test]
async fn bombs_are_refused_with_413() {
    let zeros = vec![0; 4 << 20];
    let bombs = [
        ("gzip", gzip(&zeros)),
        ("deflate", deflate(&zeros)),
        ("br", br(&zeros)),
        ("zstd", zstd(&zeros)),
        ("gzip, gzip", gzip(&gzip(&zeros))),
    ];
    for wire in serve().await {
        for (coding, bomb) in &bombs {
            assert!(bomb.len() < 100_000);
            let answer = send(wire, coding, bomb.clone()).await;
            assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{coding}");
            assert_eq!(answer.header("cache-control"), "no-store");
        }
        // No bomb, and still too long.
        assert_eq!(send(wire, "gzip", gzip(&noise(LONGEST + 1))).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(
            send(wire, "gzip", gzip(&noise(LONGEST))).await.status,
            StatusCode::OK,
            "exactly as long as allowed"
        );
    }
}

/// Long before it is as long as a body may be.
#[tokio::test]
async fn a_body_that_grows_too_much_is_refused_whatever_its_length() {
    let limits = RequestDecodingConfig { body_bytes_max: 64 << 20, ..LIMITS };
    let zeros = vec![0; 4 << 20];
    for wire in serve_within(limits).await {
        for (coding, bomb) in
            [("gzip", gzip(&zeros)), ("deflate", deflate(&zeros)), ("br", br(&zeros)), ("zstd", zstd(&zeros))]
        {
            let answer = send(wire, coding, bomb).await;
            assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{coding}");
        }
        assert_eq!(send(wire, "gzip", gzip(&noise(1 << 20))).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn unknown_codings_and_long_chains_are_refused_with_advice() {
    for wire in serve().await {
        for coding in ["compress", "gzip, sdch", "gzip, gzip, gzip"] {
            let answer = send(wire, coding, gzip(b"x")).await;
            assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{coding}");
            assert_eq!(answer.header("accept-encoding"), "br, zstd, gzip, deflate");
        }
    }
}

#[tokio::test]
async fn what_is_not_what_it_says_is_a_bad_request() {
    let (whole, brotli) = (gzip(&json(5_000)), br(&json(5_000)));
    let packed = zstd(&json(5_000));
    // A frame of unknown length with a window of 16 MiB.
    let wide = b"\x28\xb5\x2f\xfd\x00\x70\x01\0\0".to_vec();
    let mut flipped = whole.clone();
    let last = flipped.len() - 6;
    flipped[last] ^= 1;
    for wire in serve().await {
        for (coding, body) in [
            ("gzip", b"no gzip at all".to_vec()),
            ("gzip", whole[..whole.len() - 1].to_vec()),
            ("gzip", whole[..9].to_vec()),
            ("gzip", [&whole[..], b"and more"].concat()),
            ("gzip", flipped.clone()),
            ("deflate", [&deflate(&json(500))[..], b"more"].concat()),
            ("deflate", b"\x78\x9c".to_vec()),
            ("br", brotli[..brotli.len() - 1].to_vec()),
            ("br", [&brotli[..], b"more"].concat()),
            ("zstd", packed[..packed.len() - 1].to_vec()),
            ("zstd", [&packed[..], b"more"].concat()),
            ("zstd", b"no zstd at all".to_vec()),
            ("zstd", wide.clone()),
            ("br", b"\x11\x1e\x00\x00\x00\x00\x00\x00".to_vec()),
        ] {
            assert_eq!(send(wire, coding, body).await.status, StatusCode::BAD_REQUEST, "{coding}");
        }
    }
}

/// The service sees why, and what it saw before stays within the limits.
#[tokio::test]
async fn reading_stops_with_a_typed_error_long_before_memory_runs_out() {
    let read = Arc::new(AtomicUsize::new(0));
    let service = service_fn({
        let read = Arc::clone(&read);
        move |request: Request<DecodedBody<Full<Bytes>>>| {
            let read = Arc::clone(&read);
            async move {
                let mut body = request.into_body();
                while let Some(frame) = body.frame().await {
                    match frame {
                        Ok(frame) => {
                            read.fetch_add(frame.into_data().expect("data").len(), Ordering::Relaxed);
                        }
                        Err(error) => {
                            let reason = error.downcast::<DecodeError>().expect("typed");
                            assert!(matches!(
                                *reason,
                                DecodeError::TooLarge { .. } | DecodeError::RatioTooHigh { .. }
                            ));
                        }
                    }
                }
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
            }
        }
    });
    let service = RequestDecodingLayer::new(LIMITS).expect("valid").layer(service);
    let bomb = Full::new(Bytes::from(gzip(&vec![0; 4 << 20])));
    let request = Request::post("/").header("content-encoding", "gzip").body(bomb).expect("valid");
    let answer = service.oneshot(request).await.expect("answered");
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(read.load(Ordering::Relaxed) <= LONGEST);
}

#[test]
fn limits_are_checked() {
    for limits in [
        RequestDecodingConfig { body_bytes_max: 0, ..LIMITS },
        RequestDecodingConfig { ratio_max: 0, ..LIMITS },
        RequestDecodingConfig { chain_max: 0, ..LIMITS },
    ] {
        assert!(RequestDecodingLayer::new(limits).is_err());
    }
    assert!(serde_json::from_str::<RequestDecodingConfig>(r#"{"size":1}"#).is_err());
}

/// What comes out of reading these bytes as a body in this coding, in frames of this length.
fn read(coding: &str, bytes: &[u8], frame_bytes: usize) -> Result<Vec<u8>, DecodeError> {
    let frames: Vec<_> = bytes.chunks(frame_bytes).map(Bytes::copy_from_slice).collect();
    let frames = frames.into_iter().map(|data| Ok::<_, Infallible>(http_body::Frame::data(data)));
    let body = http_body_util::StreamBody::new(futures_util::stream::iter(frames));
    let result = Arc::new(std::sync::Mutex::new(Ok(Vec::new())));
    let kept = Arc::clone(&result);
    let service = service_fn(move |request: Request<DecodedBody<_>>| {
        let kept = Arc::clone(&kept);
        async move {
            let whole = request.into_body().collect().await.map(|body| body.to_bytes().to_vec());
            let whole = whole.map_err(|error: forebay_response::BoxError| *error.downcast().expect("typed"));
            *kept.lock().expect("not poisoned") = whole;
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
        }
    });
    let service = RequestDecodingLayer::new(LIMITS).expect("valid").layer(service);
    let request = Request::post("/").header("content-encoding", coding).body(body).expect("valid");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(service.oneshot(request)).expect("answered");
    result.lock().expect("not poisoned").clone()
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 100, ..Default::default() })]

    #[test]
    fn frames_may_be_cut_anywhere(text in "[a-c]{0,3000}", frame_bytes in 1_usize..2_000) {
        let text_bytes = text.as_bytes();
        for (coding, bytes) in [
            ("gzip", gzip(text_bytes)),
            ("deflate", deflate(text_bytes)),
            ("br", br(text_bytes)),
            ("zstd", zstd(text_bytes)),
        ] {
            let read = read(coding, &bytes, frame_bytes);
            proptest::prop_assert_eq!(read.as_deref(), Ok(text.as_bytes()), "{}", coding);
        }
    }

    #[test]
    fn noise_is_an_error_or_within_the_limits(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 1..400),
        start in 0_usize..4,
        frame_bytes in 1_usize..400,
    ) {
        // With the start of a real body, so that more than the first byte is looked at.
        let real = json(400);
        for (coding, real) in
            [("gzip", gzip(&real)), ("deflate", deflate(&real)), ("br", br(&real)), ("zstd", zstd(&real))]
        {
            let bytes = [&real[..real.len() * start / 4], &bytes].concat();
            if let Ok(read) = read(coding, &bytes, frame_bytes) {
                proptest::prop_assert!(read.len() <= LONGEST);
            }
        }
    }
}
