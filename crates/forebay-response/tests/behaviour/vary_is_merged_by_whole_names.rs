use crate::stage::{get, json, request, respond};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header::ACCEPT_ENCODING};

fn merged(lines: &[&'static str]) -> Vec<String> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("vary", HeaderValue::from_static(line));
    }
    forebay_response::merge_vary(&mut headers, &ACCEPT_ENCODING);
    headers.get_all("vary").iter().map(|line| line.to_str().expect("text").to_owned()).collect()
}

#[test]
fn a_name_that_only_contains_ours_is_another_name() {
    assert_eq!(merged(&["x-accept-encoding-hint"]), ["x-accept-encoding-hint, accept-encoding"]);
    assert_eq!(merged(&["Origin, Accept-Encoding"]), ["Origin, Accept-Encoding"]);
    assert_eq!(merged(&["origin", "accept-language"]), ["origin, accept-language, accept-encoding"]);
    assert_eq!(merged(&["origin, *"]), ["origin, *"]);
    assert_eq!(merged(&[""]), ["accept-encoding"]);
    assert_eq!(merged(&[]), ["accept-encoding"]);
}

#[tokio::test]
async fn every_eligible_response_says_that_it_varies() {
    let plain = get(&[], respond(json(5_000), &[])).await;
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "accept-encoding"));
    let small = get(&[("accept-encoding", "gzip")], respond(json(50), &[])).await;
    assert_eq!((small.header("content-encoding"), small.header("vary")), ("", "accept-encoding"));
    let known = get(&[("if-none-match", plain.header("etag"))], respond(json(5_000), &[])).await;
    assert_eq!((known.status, known.header("vary")), (StatusCode::NOT_MODIFIED, "accept-encoding"));
}

#[tokio::test]
async fn a_handlers_own_304_says_so_too() {
    let mut response = respond(json(2), &[("etag", "\"v1\"")]);
    response.headers_mut().remove("content-type");
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    let answer = crate::stage::ask(&crate::stage::layer(), request(Method::GET, &[]), response).await;
    assert_eq!(answer.header("vary"), "accept-encoding");
}

#[tokio::test]
async fn what_never_varies_does_not_say_so() {
    for head in
        [("content-type", "image/png"), ("cache-control", "no-transform"), ("content-encoding", "gzip")]
    {
        let answer = get(&[("accept-encoding", "gzip")], respond(json(5_000), &[head])).await;
        assert_eq!(answer.header("vary"), "", "{head:?}");
    }
}
