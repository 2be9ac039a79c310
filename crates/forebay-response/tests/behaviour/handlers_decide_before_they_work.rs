use crate::{
    stage::{json, layer},
    wire::{Wire, wires},
};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderName, HeaderValue, header::CONTENT_TYPE},
    routing::get,
};
use forebay_response::{Preconditions, Unmet, Validators};
use http::{Method, Request, StatusCode};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

/// A document that is replaced as a whole.
#[derive(Debug, Clone, Default)]
struct Document(Arc<Mutex<Stored>>);

#[derive(Debug, Default)]
struct Stored {
    text: Option<Bytes>,
    writes: u64,
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Document {
    fn validators(&self) -> Validators {
        let stored = self.0.lock().expect("not poisoned");
        match &stored.text {
            Some(_) => Validators::new().etag(stored.writes),
            None => Validators::absent(),
        }
    }

    fn writes(&self) -> u64 {
        self.0.lock().expect("not poisoned").writes
    }
}

async fn read(
    State(document): State<Document>,
) -> Result<(Validators, [(HeaderName, HeaderValue); 1], Bytes), StatusCode> {
    let text = document.0.lock().expect("not poisoned").text.clone();
    let text = text.ok_or(StatusCode::NOT_FOUND)?;
    Ok((document.validators(), [(CONTENT_TYPE, JSON)], text))
}

async fn replace(
    State(document): State<Document>,
    preconditions: Preconditions,
    text: Bytes,
) -> Result<(Validators, StatusCode), Unmet> {
    preconditions.require()?;
    preconditions.check(&document.validators())?;
    let mut stored = document.0.lock().expect("not poisoned");
    stored.writes += 1;
    stored.text = Some(text);
    Ok((Validators::new().etag(stored.writes), StatusCode::NO_CONTENT))
}

async fn put(wire: Wire, headers: &[(&str, &str)]) -> u16 {
    wire.ask(Method::PUT, "/", headers, json(5_000)).await.status.as_u16()
}

async fn serve() -> (Document, [Wire; 2]) {
    let document = Document::default();
    let routes = Router::new().route("/", get(read).put(replace)).with_state(document.clone());
    (document, wires(routes.layer(layer())).await)
}

#[tokio::test]
async fn nothing_is_written_unless_the_client_knows_the_present_state() {
    let (document, [wire, second]) = serve().await;
    assert_eq!(put(wire, &[]).await, 428);
    assert_eq!(put(wire, &[("if-match", "*")]).await, 412, "there is nothing to replace");
    assert_eq!(document.writes(), 0);
    assert_eq!(put(wire, &[("if-none-match", "*")]).await, 204);
    assert_eq!(put(second, &[("if-none-match", "*")]).await, 412, "it is there now");
    assert_eq!(put(second, &[("if-match", "\"0\"")]).await, 412);
    assert_eq!(put(second, &[("if-match", "W/\"1\"")]).await, 412);
    assert_eq!(put(second, &[("if-match", "\"1.gz\"")]).await, 412);
    assert_eq!(document.writes(), 1);
    assert_eq!(put(second, &[("if-match", "\"1\"")]).await, 204);
    assert_eq!(document.writes(), 2);
}

#[tokio::test]
async fn a_client_that_read_an_encoded_form_can_replace_what_it_read() {
    let (document, both) = serve().await;
    assert_eq!(put(both[0], &[("if-none-match", "*")]).await, 204);
    for wire in both {
        for coding in ["gzip", "br", ""] {
            let read = wire.get("/", &[("accept-encoding", coding)]).await;
            assert_eq!(read.header("content-encoding"), coding);
            let (tag, before) = (read.header("etag"), document.writes());
            assert_eq!(put(wire, &[("if-match", tag)]).await, 204, "{tag}");
            assert_eq!(put(wire, &[("if-match", tag)]).await, 412, "{tag} is of the past");
            assert_eq!(document.writes(), before + 1);
        }
    }
}

#[test]
fn the_layers_own_tag_can_be_made_from_a_stored_body() {
    let current = Validators::new().of_body(&JSON, &json(100));
    let mut headers = http::HeaderMap::new();
    current.apply(&mut headers);
    let tag = headers["etag"].to_str().expect("text").to_owned();
    let base = tag.trim_matches('"');
    for (listed, fine) in
        [(tag.clone(), true), (format!("\"{base}.gz5-1\""), true), (format!("\"{base}0\""), false)]
    {
        let request = Request::put("/").header("if-match", &listed).body(()).expect("valid");
        assert_eq!(Preconditions::of(&request).check(&current).is_ok(), fine, "{listed}");
    }
}

#[test]
fn dates_have_whole_seconds_and_tags_any_text() {
    let changed = SystemTime::UNIX_EPOCH + Duration::from_millis(784_111_777_900);
    let current = Validators::new().etag("a \"b\" 100%").last_modified(changed);
    let mut headers = http::HeaderMap::new();
    current.apply(&mut headers);
    assert_eq!(headers["last-modified"], "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(headers["etag"], "\"a%20%22b%22%20100%25\"");
    let known = Request::get("/").header("if-modified-since", &headers["last-modified"]);
    let unmet = Preconditions::of(&known.body(()).expect("valid")).check(&current).expect_err("known");
    let answer = unmet.into_response();
    assert_eq!((answer.status(), &answer.headers()["etag"]), (StatusCode::NOT_MODIFIED, &headers["etag"]));
    let changed = Request::put("/").header("if-unmodified-since", "Sun, 06 Nov 1994 08:49:36 GMT");
    let changed = Preconditions::of(&changed.body(()).expect("valid"));
    assert!(changed.require().is_ok());
    assert_eq!(changed.check(&current), Err(Unmet::Failed));
}
