use crate::stage::{ask, json, layer, request, respond};
use bytes::Bytes;
use http::Method;
use http_body::Frame;
use http_body_util::StreamBody;
use std::convert::Infallible;

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    for coding in ["br", "gzip", ""] {
        for length in [40, 5_000] {
            let asked = |method| request(method, &[("accept-encoding", coding)]);
            let get = ask(&layer(), asked(Method::GET), respond(json(length), &[("x-own", "1")])).await;
            let mut head = ask(&layer(), asked(Method::HEAD), respond(json(length), &[("x-own", "1")])).await;
            assert_eq!(head.body.len(), 0);
            assert_eq!(head.header("content-length"), get.body.len().to_string());
            // A server writes this one for GET from the body itself.
            if !get.headers.contains_key("content-length") {
                head.headers.remove("content-length");
            }
            assert_eq!(head.headers, get.headers);
        }
    }
}

#[tokio::test]
async fn head_of_a_stream_too() {
    let stream = || {
        let frame = Ok::<_, Infallible>(Frame::data(json(5_000)));
        respond(Bytes::new(), &[]).map(|_| StreamBody::new(futures_util::stream::iter([frame])))
    };
    let asked = |method| request(method, &[("accept-encoding", "br")]);
    let get = ask(&layer(), asked(Method::GET), stream()).await;
    let head = ask(&layer(), asked(Method::HEAD), stream()).await;
    assert_eq!(head.headers, get.headers);
    assert_eq!((head.header("content-encoding"), head.body.len()), ("br", 0));
}

#[tokio::test]
async fn a_handler_that_left_the_body_out_is_not_given_a_length_that_get_would_not_have() {
    let response = || respond(Bytes::new(), &[("content-length", "5000")]);
    let asked = |coding| request(Method::HEAD, &[("accept-encoding", coding)]);
    let encoded = ask(&layer(), asked("br"), response()).await;
    assert_eq!((encoded.header("content-length"), encoded.header("vary")), ("", "accept-encoding"));
    let plain = ask(&layer(), asked(""), response()).await;
    assert_eq!((plain.header("content-length"), plain.header("vary")), ("5000", "accept-encoding"));
    assert_eq!(plain.header("etag"), "", "the tag of nothing is not the tag of the body");
}

#[tokio::test]
async fn nor_a_tag_or_a_digest_that_speaks_of_other_bytes() {
    let heads = [("content-length", "5000"), ("etag", "\"v1\""), ("repr-digest", "x")];
    let asked = |coding| request(Method::HEAD, &[("accept-encoding", coding)]);
    let encoded = ask(&layer(), asked("br"), respond(Bytes::new(), &heads)).await;
    assert_eq!((encoded.header("etag"), encoded.header("repr-digest")), ("W/\"v1\"", ""));
    let plain = ask(&layer(), asked(""), respond(Bytes::new(), &heads)).await;
    assert_eq!((plain.header("etag"), plain.header("repr-digest")), ("\"v1\"", "x"));
}
