use crate::stage::{Answer, ask, builder, get, json, layer, request, respond, send};
use bytes::Bytes;
use forebay_response::{ContentTypes, Eligible};
use http::{Method, Response, StatusCode, response::Parts};
use http_body_util::Full;

const ALL: (&str, &str) = ("accept-encoding", "gzip");

#[tokio::test]
async fn types_off_the_list_are_left_alone() {
    for kind in ["application/zip", "image/png", "video/mp4", "application/octet-stream", "application/grpc"]
    {
        let answer = get(&[ALL], respond(json(5_000), &[("content-type", kind)])).await;
        assert_eq!(answer.header("content-encoding"), "", "{kind}");
        assert_eq!(answer.body, json(5_000), "{kind}");
    }
    for kind in ["text/html; charset=utf-8", "application/problem+json", "image/svg+xml", "Application/JSON"]
    {
        let answer = get(&[ALL], respond(json(5_000), &[("content-type", kind)])).await;
        assert_eq!(answer.header("content-encoding"), "gzip", "{kind}");
    }
}

#[tokio::test]
async fn a_body_that_is_encoded_partial_or_fixed_stays_as_it_is() {
    let heads = [
        ("content-encoding", "gzip"),
        ("content-encoding", "zstd"),
        ("content-range", "bytes 0-4999/9000"),
        ("cache-control", "max-age=60, No-Transform"),
    ];
    for head in heads {
        let answer = get(&[ALL], respond(json(5_000), &[head])).await;
        assert_eq!(answer.body, json(5_000), "{head:?}");
        assert_eq!(answer.headers.get(head.0).expect("kept"), head.1);
    }
}

#[tokio::test]
async fn a_client_can_forbid_transformation() {
    let answer = get(&[ALL, ("cache-control", "no-transform")], respond(json(5_000), &[])).await;
    assert_eq!(answer.body, json(5_000));
    assert_eq!(answer.header("vary"), "accept-encoding", "other clients get it encoded");
}

#[tokio::test]
async fn statuses_without_a_body_of_their_own_are_left_alone() {
    for status in [StatusCode::PARTIAL_CONTENT, StatusCode::NO_CONTENT, StatusCode::SWITCHING_PROTOCOLS] {
        let mut response = respond(json(5_000), &[]);
        *response.status_mut() = status;
        let answer = ask(&layer(), request(Method::GET, &[ALL]), response).await;
        assert_eq!((answer.header("content-encoding"), answer.header("etag")), ("", ""), "{status}");
        assert_eq!(answer.body, json(5_000), "{status}");
    }
}

#[tokio::test]
async fn a_tunnel_is_not_http_any_more() {
    let answer = ask(&layer(), request(Method::CONNECT, &[ALL]), respond(json(5_000), &[])).await;
    assert_eq!(
        (answer.header("content-encoding"), answer.header("vary"), answer.header("etag")),
        ("", "", "")
    );
}

#[tokio::test]
async fn error_pages_are_encoded_and_never_tagged() {
    let mut response = respond(json(5_000), &[]);
    *response.status_mut() = StatusCode::NOT_FOUND;
    let answer = ask(&layer(), request(Method::GET, &[ALL]), response).await;
    assert_eq!((answer.header("content-encoding"), answer.header("etag")), ("gzip", ""));
    assert_eq!(answer.decoded(), json(5_000));
}

#[tokio::test]
async fn the_condition_can_be_narrowed_by_a_closure() {
    let no_secrets = |parts: &Parts| !parts.headers.contains_key("x-secret");
    let layer = builder().eligible(ContentTypes::default().and(no_secrets)).build().expect("valid");
    for (headers, coding) in [(&[][..], "gzip"), (&[("x-secret", "1")][..], "")] {
        let response: Response<Full<Bytes>> = respond(json(5_000), headers);
        let answer = Answer::of(send(&layer, request(Method::GET, &[ALL]), response).await).await;
        assert_eq!(answer.header("content-encoding"), coding);
    }
}
