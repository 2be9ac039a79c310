use crate::stage::{ask, builder, json, layer, measured, noise, request, respond};
use bytes::Bytes;
use forebay_response::Prepared;
use http::{Method, StatusCode};
use http_body_util::Full;

const ENCODINGS: &str = "forebay_response_encode_seconds";

#[tokio::test]
async fn all_forms_are_served_and_each_is_made_once() {
    let (builder, counts) = measured();
    let layer = builder.build().expect("valid");
    let prepared = Prepared::json(json(9_000));
    for _ in 0..3 {
        for coding in ["br", "gzip", ""] {
            let asked = request(Method::GET, &[("accept-encoding", coding)]);
            let answer = ask(&layer, asked, prepared.clone().into_response()).await;
            assert_eq!(
                (answer.header("content-encoding"), answer.header("vary")),
                (coding, "accept-encoding")
            );
            assert_eq!(answer.decoded(), json(9_000));
        }
    }
    assert_eq!(counts.since_last_look()(ENCODINGS), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn simultaneous_first_responses_encode_once() {
    let (builder, counts) = measured();
    let layer = builder.build().expect("valid");
    let prepared = Prepared::json(json(200_000));
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (layer, prepared) = (layer.clone(), prepared.clone());
            let asked = request(Method::GET, &[("accept-encoding", "br")]);
            tokio::spawn(async move { ask(&layer, asked, prepared.into_response()).await.body })
        })
        .collect();
    for task in tasks {
        assert_eq!(crate::stage::decode("br", &task.await.expect("answered")), json(200_000));
    }
    assert_eq!(counts.since_last_look()(ENCODINGS), 1);
}

#[tokio::test]
async fn it_has_the_same_tags_as_any_body() {
    for coding in ["br", "gzip", ""] {
        let mut config = forebay_response::ResponseConfig::default();
        config.gzip.level = config.gzip.prepared_level;
        config.brotli.level = config.brotli.prepared_level;
        let layer = builder().config(config).build().expect("valid");
        let asked = || request(Method::GET, &[("accept-encoding", coding)]);
        let plain = ask(&layer, asked(), respond(json(9_000), &[])).await;
        let prepared = ask(&layer, asked(), Prepared::json(json(9_000)).into_response()).await;
        assert_eq!(plain.headers.get("etag"), prepared.headers.get("etag"));
        assert_eq!(plain.body, prepared.body);
    }
}

#[tokio::test]
async fn a_known_copy_is_answered_without_encoding() {
    let (builder, counts) = measured();
    let layer = builder.build().expect("valid");
    let prepared = Prepared::json(json(9_000));
    let plain = ask(&layer, request(Method::GET, &[]), prepared.clone().into_response()).await;
    let asked = request(Method::GET, &[("accept-encoding", "br"), ("if-none-match", plain.header("etag"))]);
    let answer = ask(&layer, asked, prepared.into_response()).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(counts.since_last_look()(ENCODINGS), 0);
}

#[tokio::test]
async fn a_body_that_was_replaced_on_the_way_is_the_one_that_is_sent() {
    let prepared = Prepared::json(json(9_000));
    // Other bytes, other bytes of the same length, and an equal copy.
    for other in [json(7_000), noise(9_000), Bytes::copy_from_slice(&json(9_000))] {
        for coding in ["br", ""] {
            let response = prepared.clone().into_response().map(|_| Full::new(other.clone()));
            let asked = request(Method::GET, &[("accept-encoding", coding)]);
            assert_eq!(ask(&layer(), asked, response).await.decoded(), other);
        }
    }
}

#[tokio::test]
async fn a_handlers_headers_and_status_are_respected() {
    let asked = || request(Method::GET, &[("accept-encoding", "br")]);
    let mut response = Prepared::json(json(9_000)).into_response();
    response.headers_mut().insert("etag", http::HeaderValue::from_static("\"v1\""));
    let own = format!("\"v1.br{}-1\"", layer().config().brotli.prepared_level);
    assert_eq!(ask(&layer(), asked(), response).await.header("etag"), own);
    let mut response = Prepared::json(json(9_000)).into_response();
    *response.status_mut() = StatusCode::NOT_FOUND;
    let answer = ask(&layer(), asked(), response).await;
    assert_eq!((answer.header("content-encoding"), answer.header("etag")), ("br", ""));
    let mut response = Prepared::json(json(9_000)).into_response();
    response.headers_mut().insert("cache-control", http::HeaderValue::from_static("no-transform"));
    assert_eq!(ask(&layer(), asked(), response).await.body, json(9_000));
}

#[tokio::test]
async fn a_form_that_is_no_shorter_is_not_sent() {
    let prepared = Prepared::new(http::HeaderValue::from_static("text/plain"), noise(9_000));
    let asked = request(Method::GET, &[("accept-encoding", "br")]);
    let answer = ask(&layer(), asked, prepared.clone().into_response()).await;
    assert_eq!((answer.header("content-encoding"), &answer.body[..]), ("", &noise(9_000)[..]));
    let asked = request(Method::GET, &[("accept-encoding", "br, identity;q=0")]);
    let answer = ask(&layer(), asked, prepared.into_response()).await;
    assert_eq!((answer.header("content-encoding"), answer.decoded()), ("br", noise(9_000).to_vec()));
}

#[tokio::test]
async fn without_the_layer_the_plain_body_is_sent() {
    let answer = crate::stage::Answer::of(Prepared::json(json(2_000)).into_response()).await;
    assert_eq!((answer.header("content-type"), &answer.body[..]), ("application/json", &json(2_000)[..]));
}

#[tokio::test]
async fn memory_held_includes_the_forms_made_so_far() {
    let prepared = Prepared::json(json(9_000));
    assert_eq!(prepared.bytes_held(), 9_000);
    let asked = request(Method::GET, &[("accept-encoding", "br")]);
    let sent = ask(&layer(), asked, prepared.clone().into_response()).await.body.len();
    assert_eq!(prepared.bytes_held(), 9_000 + sent);
}

#[test]
fn it_can_be_stored_and_comes_back() {
    let prepared = Prepared::new(http::HeaderValue::from_static("text/html; charset=utf-8"), "<p>hello</p>");
    let packed = rmp_serde::to_vec(&prepared).expect("packed");
    assert!(packed.len() < 50, "bytes are stored as bytes: {}", packed.len());
    assert_eq!(rmp_serde::from_slice::<Prepared>(&packed).expect("unpacked"), prepared);
    let text = serde_json::to_string(&prepared).expect("written");
    assert_eq!(serde_json::from_str::<Prepared>(&text).expect("read"), prepared);
    let hostile = r#"{"content_type":"a\r\nset-cookie: x","body":[1]}"#;
    assert!(serde_json::from_str::<Prepared>(hostile).is_err());
}
