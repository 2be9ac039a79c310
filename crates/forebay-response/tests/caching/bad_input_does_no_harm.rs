//! Requests and responses built to break the cache: the right status, nothing kept that should not be, and the next client is
//! served.

use crate::site::{Site, ask, minute, respond, rules};
use axum::body::Body;
use bytes::Bytes;
use forebay_response::CacheRules;
use forebay_tests::eventually;
use http::{Method, StatusCode};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The first line of the answer to these bytes; nothing when the server only closes.
async fn status_line(site: &Site, request: String) -> String {
    let mut client = TcpStream::connect(site.at).await.expect("listening");
    // It may be closed before all is sent.
    drop(client.write_all(request.as_bytes()).await);
    let mut read = vec![0; 1024];
    let length = client.read(&mut read).await.unwrap_or(0);
    String::from_utf8_lossy(&read[..length]).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_flood_of_fields_is_refused_and_a_long_list_is_read() {
    let site = Site::new(|call, _| minute(call)).await;
    let tag = site.get("/").await.header("etag").to_owned();
    let flood: String = (0..5_000).map(|n| format!("x-{n}: y\r\n")).collect();
    let flooded = status_line(&site, format!("GET / HTTP/1.1\r\nhost: site.test\r\n{flood}\r\n")).await;
    assert_eq!(flooded, "HTTP/1.1 431 Request Header Fields Too Large");
    let long = format!("GET /{} HTTP/1.1\r\nhost: site.test\r\n\r\n", "a".repeat(100_000));
    assert_eq!(status_line(&site, long).await, "HTTP/1.1 414 URI Too Long");
    // As much as hyper takes: the last of a thousand tags is the right one.
    let tags = vec!["\"another\""; 1_000].join(", ");
    let listed = format!("{tags}, {tag}");
    let lines = vec![("accept-encoding", "gzip;q=0.5, br;q=0.1"); 80];
    let known = [&lines[..], &[("if-none-match", listed.as_str())]].concat();
    assert_eq!(site.get_with("/", &known).await.status, StatusCode::NOT_MODIFIED);
    assert_eq!((site.get("/").await.text(), site.calls()), ("call 1", 1));
}

#[tokio::test]
async fn absurd_ages_and_contradictions_are_read_to_the_safe_side() {
    let many = "9".repeat(300);
    let long = format!("max-age={many}");
    for (headers, kept) in [
        (vec![("cache-control", long.as_str())], true),
        (vec![("cache-control", "max-age=-1")], false),
        (vec![("cache-control", "max-age=60"), ("age", many.as_str())], false),
        (vec![("cache-control", "max-age=60"), ("age", "-5")], true),
        (vec![("cache-control", "max-age=60"), ("date", "Fri, 31 Dec 9999 23:59:59 GMT")], true),
        (vec![("cache-control", "max-age=60"), ("date", "Thu, 01 Jan 1970 00:00:00 GMT")], false),
        (vec![("expires", "Fri, 31 Dec 9999 23:59:59 GMT"), ("date", "x")], true),
        (vec![("cache-control", "public, private, max-age=60")], false),
        (vec![("cache-control", "max-age=60"), ("cache-control", "no-store")], false),
        (vec![("cache-control", "max-age=60, max-age=0")], false),
        (vec![("cache-control", "no-store=\"")], false),
        (vec![("cache-control", "max-age=60, private=\"unclosed")], false),
        (vec![("cache-control", "max-age=60"), ("cache-control", "private")], false),
    ] {
        let owned: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let site = Site::new(move |call, _| {
            let headers: Vec<(&str, &str)> =
                owned.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            respond(format!("call {call}"), &headers)
        })
        .await;
        site.get("/").await;
        assert_eq!(site.get("/").await.handled() == "hit", kept, "{headers:?}");
    }
}

#[tokio::test]
async fn vary_is_read_once_for_each_name_and_nonsense_is_not_kept() {
    for (vary, kept) in [
        ("foo, foo, FOO", true),
        (", ,foo,,", true),
        ("a b", false),
        ("foo;q=1", false),
        ("\"foo\"", false),
        ("foo, *", false),
        ("* ", false),
    ] {
        let site = Site::new(move |call, _| {
            respond(format!("call {call}"), &[("cache-control", "max-age=60"), ("vary", vary)])
        })
        .await;
        let ask = async |foo: &str| site.get_with("/", &[("foo", foo)]).await;
        ask("1").await;
        assert_eq!(ask("1").await.handled() == "hit", kept, "{vary}");
        assert_ne!(ask("2").await.handled(), "hit", "{vary}");
    }
    // Every line of a flood counts.
    let site = Site::new(|call, _| {
        let mut response = minute(call);
        for n in 0..2_000 {
            let name = format!("x-{}", n % 1_000);
            response.headers_mut().append("vary", name.parse().expect("a value"));
        }
        response
    })
    .await;
    site.get_with("/", &[("x-999", "1")]).await;
    assert_eq!(site.get_with("/", &[("x-999", "1")]).await.text(), "call 1");
    assert_eq!(site.get_with("/", &[("x-999", "2")]).await.text(), "call 2");
}

/// Endless keys: each request has one of its own, and memory stays within its bound.
#[tokio::test]
async fn a_flood_of_queries_stays_within_the_bound() {
    let site = Site::built(
        |cache| cache.rules(rules()).bytes_max(256 << 10),
        |_, _| async { respond(vec![b'x'; 4_000], &[("cache-control", "max-age=60")]) },
    )
    .await;
    for n in 0..300 {
        assert_eq!(site.get(&format!("/?{n}={}", "q".repeat(500))).await.status, StatusCode::OK);
    }
    site.get("/?0").await;
    assert!(site.cache.cache().weight() <= 256 << 10, "{}", site.cache.cache().weight());
}

/// One that never reads, and one that goes away in mid-body: the others are served from the same entry.
#[tokio::test]
async fn clients_that_do_not_read_or_go_away_keep_nobody_waiting() {
    let body = Bytes::from(vec![b'x'; 4 << 20]);
    let rules = CacheRules { body_bytes_max: 8 << 20, ..rules() };
    let site = Site::with(rules, move |_, _| {
        respond(Body::from(body.clone()), &[("cache-control", "max-age=60"), ("content-type", "image/png")])
    })
    .await;
    let mut idle = Vec::new();
    for _ in 0..20 {
        let mut client = TcpStream::connect(site.at).await.expect("listening");
        client.write_all(b"GET / HTTP/1.1\r\nhost: site.test\r\n\r\n").await.expect("sent");
        idle.push(client);
    }
    for _ in 0..5 {
        let mut gone = TcpStream::connect(site.at).await.expect("listening");
        gone.write_all(b"GET / HTTP/1.1\r\nhost: site.test\r\n\r\n").await.expect("sent");
        gone.read_exact(&mut [0; 1_000]).await.expect("the beginning");
    }
    let answer = site.get("/").await;
    assert_eq!((answer.body.len(), answer.handled().as_str(), site.calls()), (4 << 20, "hit", 1));
    // One byte at a time is slow, and comes to the end.
    let mut slow = idle.pop().expect("one");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(slow.read_u8().await.expect("a byte"));
    }
    let mut rest = vec![0; 4 << 20];
    slow.read_exact(&mut rest).await.expect("the whole body");
    assert!(rest.iter().all(|&byte| byte == b'x'));
}

/// The client of an answer that is not kept goes away: the handler's stream is dropped, not read to its end.
#[tokio::test]
async fn a_stream_ends_with_the_client_it_is_for() {
    struct Held(Arc<AtomicUsize>);
    impl Drop for Held {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let open = Arc::new(AtomicUsize::new(0));
    let count = open.clone();
    let site = Site::new(move |_, _| {
        count.fetch_add(1, Ordering::SeqCst);
        let endless = futures_util::stream::unfold(Held(count.clone()), |held| async {
            tokio::task::yield_now().await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 1024])), held))
        });
        respond(Body::from_stream(endless), &[("cache-control", "no-store")])
    })
    .await;
    let mut client = TcpStream::connect(site.at).await.expect("listening");
    client.write_all(b"GET / HTTP/1.1\r\nhost: site.test\r\n\r\n").await.expect("sent");
    client.read_exact(&mut [0; 10_000]).await.expect("the beginning");
    assert_eq!(open.load(Ordering::SeqCst), 1);
    drop(client);
    eventually("the stream is dropped", async || open.load(Ordering::SeqCst) == 0).await;
    assert_eq!(ask(site.at, Method::HEAD, "/", &[]).await.status, StatusCode::OK);
}
