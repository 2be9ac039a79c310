use crate::stage::{CODINGS, builder, decode, json, layer, request, respond, send};
use bytes::Bytes;
use forebay_response::{BoxError, ResponseLayer};
use futures_util::stream;
use http::{HeaderMap, Method, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, StreamBody};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::mpsc;

type Frames = Result<Frame<Bytes>, io::Error>;

/// A body that ends when it is told to, and panics when it is asked for more after that: `unfold` does.
fn fed(kind: &str) -> (mpsc::Sender<Frames>, Response<impl Body<Data = Bytes, Error = io::Error> + use<>>) {
    let (feed, frames) = mpsc::channel(1);
    let frames = stream::unfold(frames, |mut frames: mpsc::Receiver<Frames>| async move {
        frames.recv().await.map(|frame| (frame, frames))
    });
    (feed, respond(Bytes::new(), &[("content-type", kind)]).map(|_| StreamBody::new(frames)))
}

/// A body that also says how long it is.
pub(crate) struct Sized<B> {
    pub(crate) length: u64,
    pub(crate) body: B,
}

impl<B: Body + Unpin> Body for Sized<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

async fn data<B: Body<Data = Bytes, Error = BoxError> + Unpin>(body: &mut B) -> Option<Bytes> {
    body.frame().await.map(|frame| frame.expect("no error").into_data().expect("data"))
}

/// What can be decoded of a body that has not ended.
pub(crate) fn so_far(coding: &str, body: &[u8]) -> String {
    use std::io::Read;
    let mut plain = Vec::new();
    let mut reader: Box<dyn Read> = match coding {
        "br" => Box::new(brotli::Decompressor::new(body, 4096)),
        "zstd" => Box::new(zstd::stream::Decoder::new(body).expect("a decoder")),
        "deflate" => Box::new(flate2::read::ZlibDecoder::new(body)),
        _ => Box::new(flate2::read::GzDecoder::new(body)),
    };
    // The error says that more was expected, as it is.
    let _ = reader.read_to_end(&mut plain);
    String::from_utf8(plain).expect("text")
}

/// The next piece is produced only after the client has decoded the one before, so a single byte held back
/// would end in a deadlock; time does not pass unless nothing else can happen, and the layer's own delays are
/// a minute.
async fn ping_pong(kind: &str, pieces: &[&str]) {
    for coding in CODINGS {
        let layer = builder().flush_after(Duration::from_secs(60)).build().expect("valid");
        let (feed, response) = fed(kind);
        let began = tokio::time::Instant::now();
        let mut response = send(&layer, request(Method::GET, &[("accept-encoding", coding)]), response).await;
        assert_eq!(response.headers()["content-encoding"], coding);
        let (mut sent, mut wire) = (String::new(), Vec::new());
        for piece in pieces {
            feed.send(Ok(Frame::data(Bytes::copy_from_slice(piece.as_bytes())))).await.expect("listening");
            sent.push_str(piece);
            while so_far(coding, &wire) != sent {
                wire.extend(data(response.body_mut()).await.expect("more to come"));
            }
        }
        drop(feed);
        while let Some(more) = data(response.body_mut()).await {
            wire.extend(more);
        }
        assert_eq!(decode(coding, &wire), sent.as_bytes());
        assert!(began.elapsed() < Duration::from_secs(1), "{coding} waited for a timer");
    }
}

#[tokio::test(start_paused = true)]
async fn events_arrive_one_by_one() {
    ping_pong("text/event-stream", &["data: 1\n\n", "data: 2\n\n", "id: 3\r\ndata: 3\r\n\r\n", ": ping\r\r"])
        .await;
    ping_pong("text/event-stream; charset=utf-8", &["data: 1\n\n", "data: 2\ndata: 3\n\ndata: 4\n\n"]).await;
}

#[tokio::test(start_paused = true)]
async fn lines_arrive_one_by_one() {
    ping_pong("application/x-ndjson", &["{\"id\":1}\n", "{\"id\":2}\n", "{\"id\":3}\n{\"id\":4}\n"]).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_bytes_of_anything_arrive_at_once() {
    ping_pong("application/json", &["["]).await;
    ping_pong("text/html", &["<!doctype html>"]).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_split_over_frames_arrives_with_its_end() {
    for coding in CODINGS {
        let layer = builder().flush_after(Duration::from_secs(60)).build().expect("valid");
        let (feed, response) = fed("text/event-stream");
        let mut response = send(&layer, request(Method::GET, &[("accept-encoding", coding)]), response).await;
        let began = tokio::time::Instant::now();
        let mut wire = Vec::new();
        for (pieces, whole) in
            [(&["data: 1\n\n"][..], "data: 1\n\n"), (&["da", "ta: 2\n", "\n"], "data: 1\n\ndata: 2\n\n")]
        {
            let pieces: Vec<_> = pieces.iter().map(|piece| Bytes::from_static(piece.as_bytes())).collect();
            let feed = feed.clone();
            tokio::spawn(async move {
                for piece in pieces {
                    feed.send(Ok(Frame::data(piece))).await.expect("listening");
                }
            });
            while so_far(coding, &wire) != whole {
                wire.extend(data(response.body_mut()).await.expect("more to come"));
            }
        }
        assert!(began.elapsed() < Duration::from_secs(1), "{coding} waited for a timer");
    }
}

#[tokio::test(start_paused = true)]
async fn other_bytes_arrive_by_age() {
    for coding in CODINGS {
        let (feed, response) = fed("text/html");
        let mut response =
            send(&layer(), request(Method::GET, &[("accept-encoding", coding)]), response).await;
        let mut wire = Vec::new();
        for (piece, waited) in [("<p>one</p>", Duration::ZERO), ("<p>two</p>", Duration::from_millis(5))] {
            let began = tokio::time::Instant::now();
            feed.send(Ok(Frame::data(Bytes::from_static(piece.as_bytes())))).await.expect("listening");
            while !so_far(coding, &wire).ends_with(piece) {
                wire.extend(data(response.body_mut()).await.expect("more to come"));
            }
            let took = began.elapsed();
            assert!(took >= waited && took < waited + Duration::from_millis(5), "{coding} {piece} {took:?}");
        }
    }
}

#[tokio::test]
async fn bytes_that_come_fast_are_let_go_by_size() {
    let frames = stream::unfold((), |()| async { Some((Ok::<_, io::Error>(Frame::data(json(4_000))), ())) });
    let response = respond(Bytes::new(), &[]).map(|_| StreamBody::new(frames));
    let mut response = send(&layer(), request(Method::GET, &[("accept-encoding", "br")]), response).await;
    let mut wire = Vec::new();
    // The source never ends and never pauses; its bytes arrive nevertheless.
    while so_far("br", &wire).len() < 1_000_000 {
        wire.extend(data(response.body_mut()).await.expect("it never ends"));
    }
}

#[tokio::test]
async fn the_end_is_asked_for_once() {
    for (kind, coding) in [("text/html", "br"), ("text/html", "gzip"), ("image/png", "br"), ("text/html", "")]
    {
        let (feed, response) = fed(kind);
        let mut response =
            send(&layer(), request(Method::GET, &[("accept-encoding", coding)]), response).await;
        feed.send(Ok(Frame::data(json(3_000)))).await.expect("listening");
        drop(feed);
        while data(response.body_mut()).await.is_some() {}
        for _ in 0..3 {
            assert!(response.body_mut().frame().await.is_none(), "{kind} {coding}");
        }
        assert!(response.body().is_end_stream());
    }
}

#[tokio::test]
async fn trailers_follow_the_last_byte() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", http::HeaderValue::from_static("1"));
    for coding in ["br", "gzip", ""] {
        let frames = [Frame::data(json(3_000)), Frame::trailers(trailers.clone())].map(Ok::<_, io::Error>);
        let response = respond(Bytes::new(), &[]).map(|_| StreamBody::new(stream::iter(frames)));
        let answer =
            crate::stage::ask(&layer(), request(Method::GET, &[("accept-encoding", coding)]), response).await;
        assert_eq!((answer.header("content-encoding"), answer.trailers.as_ref()), (coding, Some(&trailers)));
        assert_eq!(answer.decoded(), json(3_000));
    }
}

#[tokio::test]
async fn an_error_in_mid_stream_is_passed_on_and_nothing_after_it() {
    for coding in ["br", "gzip", ""] {
        let (feed, response) = fed("text/html");
        let mut response =
            send(&layer(), request(Method::GET, &[("accept-encoding", coding)]), response).await;
        feed.send(Ok(Frame::data(json(3_000)))).await.expect("listening");
        assert!(data(response.body_mut()).await.is_some());
        feed.send(Err(io::Error::other("the database went away"))).await.expect("listening");
        let error = response.body_mut().frame().await.expect("an answer").expect_err("an error");
        assert_eq!(error.to_string(), "the database went away");
        assert!(
            response.body_mut().frame().await.is_none(),
            "a proper end would hide that bytes are missing"
        );
    }
}

async fn slow(layer: &ResponseLayer, coding: &str) -> (Duration, String, Vec<u8>) {
    let (feed, response) = fed("application/json");
    let response = response.map(|body| Sized { length: 6_000, body: Box::pin(body) });
    tokio::spawn(async move {
        for half in [json(6_000).slice(..3_000), json(6_000).slice(3_000..)] {
            feed.send(Ok(Frame::data(half))).await.expect("listening");
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
    });
    let began = tokio::time::Instant::now();
    let response = send(layer, request(Method::GET, &[("accept-encoding", coding)]), response).await;
    let headed = began.elapsed();
    let answer = crate::stage::Answer::of(response).await;
    (headed, answer.header("etag").to_owned(), answer.decoded())
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_of_known_length_does_not_hold_up_the_head() {
    for coding in ["br", "gzip", ""] {
        let (headed, etag, body) = slow(&layer(), coding).await;
        assert!(headed < Duration::from_secs(1), "{coding} {headed:?}");
        assert_eq!((etag.as_str(), &body[..]), ("", &json(6_000)[..]), "{coding}");
        let patient = builder().buffer_wait(Duration::from_secs(60)).build().expect("valid");
        let (headed, etag, body) = slow(&patient, coding).await;
        assert!(headed >= Duration::from_secs(10) && !etag.is_empty(), "{coding}");
        assert_eq!(body, json(6_000), "{coding}");
    }
}

#[tokio::test]
async fn a_body_over_the_bound_streams_through() {
    let layer = builder().buffer_bytes_max(50_000).build().expect("valid");
    for (coding, length) in [("br", 50_001), ("gzip", 50_001), ("", 50_001), ("br", 50_000)] {
        let asked = request(Method::GET, &[("accept-encoding", coding)]);
        let answer = crate::stage::ask(&layer, asked, respond(json(length), &[])).await;
        assert_eq!((answer.header("content-encoding"), answer.decoded()), (coding, json(length).to_vec()));
        assert_eq!(answer.header("etag").is_empty(), length > 50_000);
    }
}

#[tokio::test]
async fn a_body_longer_than_it_said_is_sent_to_its_end() {
    let layer = builder().buffer_bytes_max(50_000).build().expect("valid");
    for coding in ["br", ""] {
        let (feed, response) = fed("application/json");
        let response = response.map(|body| Sized { length: 5_000, body: Box::pin(body) });
        tokio::spawn(async move {
            for _ in 0..4 {
                feed.send(Ok(Frame::data(json(20_000)))).await.expect("listening");
            }
        });
        let asked = request(Method::GET, &[("accept-encoding", coding)]);
        let answer = crate::stage::ask(&layer, asked, response).await;
        assert_eq!(answer.decoded(), json(20_000).repeat(4), "{coding}");
    }
}

#[tokio::test]
async fn streams_can_be_left_alone() {
    let layer = builder().streams(false).build().expect("valid");
    let (feed, response) = fed("text/html");
    feed.send(Ok(Frame::data(json(3_000)))).await.expect("listening");
    drop(feed);
    let answer =
        crate::stage::ask(&layer, request(Method::GET, &[("accept-encoding", "br")]), response).await;
    assert_eq!((answer.header("content-encoding"), &answer.body[..]), ("", &json(3_000)[..]));
    assert_eq!(answer.header("vary"), "accept-encoding");
}

#[test]
fn no_runtime_is_needed() {
    let (feed, response) = fed("text/html");
    feed.try_send(Ok(Frame::data(json(3_000)))).expect("room");
    drop(feed);
    let asked = request(Method::GET, &[("accept-encoding", "br")]);
    let answer = futures_util::FutureExt::now_or_never(crate::stage::ask(&layer(), asked, response));
    assert_eq!(answer.expect("nothing to wait for").decoded(), json(3_000));
}
