use crate::stage::{Answer, ask, get, json, layer, measured, request, respond};
use http::{Method, StatusCode};

const HEADERS: [(&str, &str); 9] = [
    ("cache-control", "max-age=60"),
    ("access-control-allow-origin", "https://example.org"),
    ("link", "</style.css>; rel=preload"),
    ("content-location", "/users/7"),
    ("expires", "Thu, 01 Dec 2044 16:00:00 GMT"),
    ("surrogate-key", "user:7"),
    ("content-language", "en"),
    ("last-modified", "Thu, 01 Dec 1994 16:00:00 GMT"),
    ("content-md5", "x"),
];

async fn tag(coding: &str) -> String {
    get(&[("accept-encoding", coding)], respond(json(5_000), &[])).await.header("etag").to_owned()
}

async fn with(none_match: &str, coding: &str) -> Answer {
    get(&[("accept-encoding", coding), ("if-none-match", none_match)], respond(json(5_000), &HEADERS)).await
}

#[tokio::test]
async fn the_304_keeps_what_does_not_speak_of_the_body() {
    let tag = tag("gzip").await;
    let answer = with(&tag, "gzip").await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::NOT_MODIFIED, 0));
    for (name, value) in &HEADERS[..6] {
        assert_eq!(answer.header(name), *value);
    }
    for gone in [
        "content-language",
        "last-modified",
        "content-md5",
        "content-type",
        "content-encoding",
        "content-length",
    ] {
        assert!(!answer.headers.contains_key(gone), "{gone}");
    }
    assert_eq!((answer.header("etag"), answer.header("vary")), (tag.as_str(), "accept-encoding"));
}

#[tokio::test]
async fn lists_weak_tags_and_the_wildcard_are_understood() {
    let (plain, gzip) = (tag("").await, tag("gzip").await);
    for listed in [
        format!("\"other\", {gzip}"),
        format!("\"with, comma\",W/\"x\" ,{gzip}, \"y\""),
        format!("W/{gzip}"),
        plain.clone(),
        "*".to_owned(),
    ] {
        assert_eq!(with(&listed, "gzip").await.status, StatusCode::NOT_MODIFIED, "{listed}");
    }
    for listed in ["\"other\"", "", "garbage", plain.trim_matches('"'), "\"\"", "W/", "\"*\""] {
        assert_eq!(with(listed, "gzip").await.status, StatusCode::OK, "{listed}");
    }
}

#[tokio::test]
async fn several_lines_are_one_list() {
    let tag = tag("").await;
    let asked = [("if-none-match", "\"a\""), ("if-none-match", tag.as_str())];
    assert_eq!(get(&asked, respond(json(5_000), &[])).await.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn a_client_that_changed_its_codings_keeps_its_304() {
    let (plain, gzip, br) = (tag("").await, tag("gzip").await, tag("br").await);
    // The copy is a gzip one, and now brotli would be chosen: the answer names the copy.
    let answer = with(&gzip, "br, gzip").await;
    assert_eq!((answer.status, answer.header("etag")), (StatusCode::NOT_MODIFIED, gzip.as_str()));
    let answer = with(&plain, "br").await;
    assert_eq!((answer.status, answer.header("etag")), (StatusCode::NOT_MODIFIED, plain.as_str()));
    // A copy in a coding that is no longer accepted is of no use to the client.
    assert_eq!(with(&br, "gzip").await.status, StatusCode::OK);
    assert_eq!(with(&gzip, "").await.status, StatusCode::OK);
    assert_eq!(with(&plain, "gzip, identity;q=0").await.status, StatusCode::OK);
}

#[tokio::test]
async fn tags_that_only_look_like_ours_are_others() {
    let plain = tag("").await;
    let base = plain.trim_matches('"');
    for listed in [
        format!("\"{base}.gz\""),
        format!("\"{base}.zz4\""),
        format!("\"{base}.gz444-1\""),
        format!("\"{base}.gz4\""),
        format!("\"{base}.gz4-\""),
        format!("\"{base}.gz4-1.\""),
        format!("\"{base}x\""),
    ] {
        assert_eq!(with(&listed, "br, gzip").await.status, StatusCode::OK, "{listed}");
    }
}

#[tokio::test]
async fn nothing_is_encoded_for_a_304() {
    let tag = tag("gzip").await;
    let (builder, counts) = measured();
    let layer = builder.build().expect("valid");
    let asked = request(Method::GET, &[("accept-encoding", "gzip"), ("if-none-match", &tag)]);
    assert_eq!(ask(&layer, asked, respond(json(5_000), &[])).await.status, StatusCode::NOT_MODIFIED);
    assert_eq!(counts.since_last_look()("forebay_response_encode_seconds"), 0);
    let asked = request(Method::GET, &[("accept-encoding", "gzip")]);
    ask(&layer, asked, respond(json(5_000), &[])).await;
    assert_eq!(counts.since_last_look()("forebay_response_encode_seconds"), 1);
}

#[tokio::test]
async fn a_handlers_own_tag_is_compared_weakly_and_its_body_is_not_read() {
    let own = [("etag", "\"v1\"")];
    for (listed, status) in [
        ("\"v1\"", 304),
        ("W/\"v1\"", 304),
        ("\"v0\", W/\"v1\"", 304),
        ("*", 304),
        ("\"v2\"", 200),
        ("v1", 200),
    ] {
        let answer = get(&[("if-none-match", listed)], respond(json(5_000), &own)).await;
        assert_eq!(answer.status.as_u16(), status, "{listed}");
    }
    let unread = http_body_util::StreamBody::new(futures_util::stream::poll_fn(
        |_| -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, std::io::Error>>> {
            panic!("a 304 has no use for the body")
        },
    ));
    let response = respond(json(2), &own).map(|_| unread);
    let answer = ask(&layer(), request(Method::GET, &[("if-none-match", "\"v1\"")]), response).await;
    assert_eq!((answer.status, answer.header("etag")), (StatusCode::NOT_MODIFIED, "\"v1\""));
}

#[tokio::test]
async fn dates_count_only_without_tags() {
    let modified = [("last-modified", "Thu, 01 Dec 1994 16:00:00 GMT")];
    let since = |date| [("if-modified-since", date)];
    let ask_since = async |date| get(&since(date), respond(json(5_000), &modified)).await;
    assert_eq!(ask_since("Thu, 01 Dec 1994 16:00:00 GMT").await.status, StatusCode::NOT_MODIFIED);
    assert_eq!(ask_since("Fri, 02 Dec 1994 16:00:00 GMT").await.status, StatusCode::NOT_MODIFIED);
    assert_eq!(ask_since("Wed, 30 Nov 1994 16:00:00 GMT").await.status, StatusCode::OK);
    assert_eq!(ask_since("yesterday").await.status, StatusCode::OK);
    let both = [("if-modified-since", "Fri, 02 Dec 1994 16:00:00 GMT"), ("if-none-match", "\"other\"")];
    assert_eq!(get(&both, respond(json(5_000), &modified)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn only_a_200_to_get_or_head_becomes_a_304() {
    let tag = tag("").await;
    let asked = |method| request(method, &[("if-none-match", tag.as_str())]);
    let head = ask(&layer(), asked(Method::HEAD), respond(json(5_000), &[])).await;
    assert_eq!(head.status, StatusCode::NOT_MODIFIED);
    let post = ask(&layer(), asked(Method::POST), respond(json(5_000), &[("etag", &tag)])).await;
    assert_eq!(post.status, StatusCode::OK);
    let mut failed = respond(json(5_000), &[("etag", &tag)]);
    *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    assert_eq!(ask(&layer(), asked(Method::GET), failed).await.status, StatusCode::INTERNAL_SERVER_ERROR);
}
