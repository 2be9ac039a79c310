//! Bodies from streams, as a client sees them over a socket, plain and encoded, on both versions of HTTP.

use axum::{Router, routing};
use bytes::Bytes;
use forebay_metrics::Meter;
use forebay_response::{BoxError, Event, Events, JsonArray, JsonLines, ResponseLayer};
use futures_util::stream;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{
    io::Read,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::net::{TcpListener, TcpStream};

type Item = Result<u32, &'static str>;

fn items(fail: bool) -> stream::Iter<std::vec::IntoIter<Item>> {
    let mut items: Vec<Item> = (1..=3).map(Ok).collect();
    items.extend(fail.then_some(Err("the database went away")));
    stream::iter(items)
}

fn events(fail: bool) -> impl futures_util::Stream<Item = Result<Event, &'static str>> + Send {
    use futures_util::StreamExt;
    items(fail).map(|item| item.map(|number| Event::new(number.to_string()).id(number.to_string())))
}

async fn serve() -> SocketAddr {
    let text = |error: &BoxError| error.to_string();
    let routes = Router::new()
        .route("/lines", routing::get(async || JsonLines::new(items(false))))
        .route("/array", routing::get(async || JsonArray::new(items(false))))
        .route("/events", routing::get(async || Events::new(events(false))))
        .route("/none", routing::get(async || JsonArray::new(stream::iter(Vec::<Item>::new()))))
        .route("/lines/fail", routing::get(async || JsonLines::new(items(true))))
        .route("/array/fail", routing::get(async || JsonArray::new(items(true))))
        .route("/events/fail", routing::get(async || Events::new(events(true))))
        .route("/lines/told", routing::get(async move || JsonLines::new(items(true)).tell_errors(text)))
        .route("/array/told", routing::get(async move || JsonArray::new(items(true)).tell_errors(text)))
        .route("/events/told", routing::get(async move || Events::new(events(true)).tell_errors(text)))
        .layer(ResponseLayer::builder().meter(Meter::disabled()).build().expect("valid"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

/// What came of a body, and whether it came to a good end.
struct Answer {
    headers: HeaderMap,
    body: Vec<u8>,
    whole: bool,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// As much text as there is, and whether the coding came to its end as well.
    fn text(&self) -> (String, bool) {
        let mut plain = Vec::new();
        let whole = match self.header("content-encoding") {
            "" => {
                plain.clone_from(&self.body);
                true
            }
            "gzip" => flate2::read::GzDecoder::new(&self.body[..]).read_to_end(&mut plain).is_ok(),
            "br" => brotli::Decompressor::new(&self.body[..], 4096).read_to_end(&mut plain).is_ok(),
            other => panic!("unexpected coding {other}"),
        };
        (String::from_utf8(plain).expect("text"), whole)
    }
}

async fn open(at: SocketAddr, http2: bool, path: &str, coding: &str) -> Response<Incoming> {
    let stream = TokioIo::new(TcpStream::connect(at).await.expect("listening"));
    let request = Request::builder().uri(format!("http://{at}{path}")).header("host", "test");
    let request = request.header("accept-encoding", coding).body(Empty::<Bytes>::new()).expect("a request");
    if http2 {
        let (mut send, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.expect("h2");
        tokio::spawn(connection);
        send.send_request(request).await.expect("answered")
    } else {
        let (mut send, connection) = hyper::client::conn::http1::handshake(stream).await.expect("http/1.1");
        tokio::spawn(connection);
        send.send_request(request).await.expect("answered")
    }
}

async fn ask(at: SocketAddr, http2: bool, path: &str, coding: &str) -> Answer {
    let (parts, mut incoming) = open(at, http2, path, coding).await.into_parts();
    let (mut body, mut whole) = (Vec::new(), true);
    while let Some(frame) = incoming.frame().await {
        match frame {
            Ok(frame) => body.extend(frame.into_data().unwrap_or_default()),
            Err(_) => {
                whole = false;
                break;
            }
        }
    }
    Answer { headers: parts.headers, body, whole }
}

const WAYS: [(bool, &str); 6] =
    [(false, ""), (false, "gzip"), (false, "br"), (true, ""), (true, "gzip"), (true, "br")];

#[tokio::test]
async fn items_arrive_with_their_content_type() {
    let at = serve().await;
    for (http2, coding) in WAYS {
        for (path, content_type, text) in [
            ("/lines", "application/x-ndjson", "1\n2\n3\n"),
            ("/array", "application/json", "[1,2,3]"),
            ("/events", "text/event-stream", "id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nid: 3\ndata: 3\n\n"),
            ("/none", "application/json", "[]"),
        ] {
            let answer = ask(at, http2, path, coding).await;
            assert_eq!(answer.header("content-type"), content_type);
            assert_eq!(answer.header("content-encoding"), coding, "{path}");
            assert!(answer.whole && answer.text() == (text.to_owned(), true), "{path} {coding} {http2}");
        }
        let events = ask(at, http2, "/events", coding).await;
        assert_eq!((events.header("cache-control"), events.header("x-accel-buffering")), ("no-cache", "no"));
    }
}

/// What was written before the error arrives; that it is not all shows in the transfer, and in the coding.
#[tokio::test]
async fn an_error_aborts_the_body() {
    let at = serve().await;
    for (http2, coding) in WAYS {
        for (path, begun) in [
            ("/lines/fail", "1\n2\n3\n"),
            ("/array/fail", "[1,2,3"),
            ("/array/told", "[1,2,3"),
            ("/events/fail", "id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nid: 3\ndata: 3\n\n"),
        ] {
            let answer = ask(at, http2, path, coding).await;
            assert!(!answer.whole, "{path} {coding} http2={http2} looks whole");
            let (text, coding_ended) = answer.text();
            assert!(begun.starts_with(&text), "{path}: {text}");
            assert!(coding.is_empty() || !coding_ended, "{path}: the coding looks whole");
        }
    }
}

#[tokio::test]
async fn an_error_that_is_told_ends_the_body_well() {
    let at = serve().await;
    for (http2, coding) in WAYS {
        let lines = ask(at, http2, "/lines/told", coding).await;
        let told = "1\n2\n3\n{\"error\":\"the database went away\"}\n".to_owned();
        assert!(lines.whole && lines.text() == (told, true));
        let events = ask(at, http2, "/events/told", coding).await;
        let (text, ended) = events.text();
        assert!(events.whole && ended && text.ends_with("event: error\ndata: the database went away\n\n"));
    }
}

fn poll<B: Body<Data = Bytes, Error = BoxError>>(
    body: &mut Pin<Box<B>>,
) -> Poll<Option<Result<Bytes, String>>> {
    let frame = body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop()));
    frame.map(|frame| {
        frame.map(|frame| frame.map(|frame| frame.into_data().expect("data")).map_err(|e| e.to_string()))
    })
}

#[test]
fn a_stream_is_asked_only_for_what_there_is_room_for() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let endless = stream::repeat_with(move || {
        count.fetch_add(1, Ordering::Relaxed);
        Ok::<_, BoxError>("0123456789")
    });
    let mut body = Box::pin(JsonLines::new(endless).frame_bytes(100));
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    let Poll::Ready(Some(Ok(first))) = poll(&mut body) else { panic!("ready") };
    assert_eq!((first.len(), asked.load(Ordering::Relaxed)), (8 * 13, 8));
    drop(poll(&mut body));
    assert_eq!(asked.load(Ordering::Relaxed), 16);
}

/// Once it has ended, or failed, the stream is not polled again: many streams panic then.
#[test]
fn a_stream_is_not_polled_after_its_end() {
    for fail in [false, true] {
        let mut items = vec![Ok(1), Ok(2)].into_iter();
        let mut ended = false;
        let once = stream::poll_fn(move |_| {
            assert!(!ended, "polled after its end");
            let item = items.next();
            ended = item.is_none();
            Poll::Ready(item.or_else(|| fail.then_some(Err("failed"))))
        });
        let mut body = Box::pin(JsonArray::new(once));
        let expected = if fail { &b"[1,2"[..] } else { b"[1,2]" };
        assert_eq!(poll(&mut body), Poll::Ready(Some(Ok(Bytes::copy_from_slice(expected)))));
        if fail {
            assert_eq!(poll(&mut body), Poll::Pending, "the server may send what it has");
            assert_eq!(poll(&mut body), Poll::Ready(Some(Err("failed".to_owned()))));
        }
        assert_eq!((poll(&mut body), body.is_end_stream()), (Poll::Ready(None), true));
    }
}

#[test]
fn an_item_that_cannot_be_written_leaves_nothing_of_itself() {
    struct Broken;
    impl serde::Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::{Error, SerializeSeq};
            let mut seq = serializer.serialize_seq(None)?;
            seq.serialize_element(&1)?;
            Err(S::Error::custom("broken"))
        }
    }
    let mut body = Box::pin(JsonArray::new(stream::iter([Ok::<_, BoxError>(Broken)])));
    assert_eq!(poll(&mut body), Poll::Ready(Some(Ok(Bytes::from_static(b"[")))));
    assert_eq!(poll(&mut body), Poll::Pending);
    assert_eq!(poll(&mut body), Poll::Ready(Some(Err("broken".to_owned()))));
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_by_something_that_means_nothing() {
    let never = || stream::pending::<Result<Event, BoxError>>();
    let mut live = Box::pin(Events::new(never()));
    let began = tokio::time::Instant::now();
    for beat in 1..=3 {
        let frame = live.frame().await.expect("a beat").expect("no error");
        assert_eq!(frame.into_data().expect("data"), ":\n\n");
        assert_eq!(began.elapsed().as_secs(), 15 * beat);
    }
    let numbers = || stream::pending::<Result<u8, BoxError>>();
    let mut lines = Box::pin(JsonLines::new(numbers()).heartbeat(Duration::from_secs(1)));
    assert_eq!(lines.frame().await.expect("a beat").expect("fine").into_data().expect("data"), "\n");
    let mut quiet = Box::pin(Events::new(never()).heartbeat(None));
    assert!(tokio::time::timeout(Duration::from_secs(3600), quiet.frame()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_puts_the_heartbeat_off() {
    let ticks = stream::unfold(0_u32, async |n| {
        tokio::time::sleep(Duration::from_secs(10)).await;
        Some((Ok::<_, BoxError>(n), n + 1))
    });
    let mut lines = Box::pin(JsonLines::new(ticks).heartbeat(Duration::from_secs(15)));
    for n in 0..5 {
        let frame = lines.frame().await.expect("a line").expect("no error");
        assert_eq!(frame.into_data().expect("data"), format!("{n}\n"));
    }
}

#[test]
fn nothing_in_an_event_breaks_out_of_its_field() {
    let event =
        Event::new("a\r\nb\rc\n").id("1\nevent: x\0").name("n\r\ndata: y").retry(Duration::from_secs(2));
    assert_eq!(
        event.to_string(),
        "id: 1 event: x \nevent: n  data: y\nretry: 2000\ndata: a\ndata: b\ndata: c\ndata: \n\n"
    );
    assert_eq!(Event::json(&[1, 2]).expect("JSON").to_string(), "data: [1,2]\n\n");
}
