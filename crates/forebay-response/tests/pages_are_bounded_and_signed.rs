//! Lists in pages: sizes, cursors, links, and what is refused.

use axum::{Extension, Json, Router, body::Body, routing};
use forebay_response::{BadPage, CursorError, Cursors, Page, PageConfig, PageRequest};
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::BodyExt;
use proptest::prelude::*;
use serde_json::{Value, json};
use tower::ServiceExt;

const OLD: &[u8] = b"the old key of the service";
const NEW: &[u8] = b"the new key of the service";

fn cursors(keys: &[&[u8]]) -> Cursors<(String, i64)> {
    Cursors::new("users by name", keys).expect("good keys")
}

fn place(id: i64) -> (String, i64) {
    (format!("user {id}"), id)
}

/// A list of 120 users, by id.
async fn users(
    asked: PageRequest,
    Extension(cursors): Extension<Cursors<i64>>,
    uri: Uri,
) -> Result<(HeaderMap, Json<Page<i64>>), BadPage> {
    let after = asked.after(&cursors)?.unwrap_or(0);
    let rows: Vec<i64> = (after + 1..=120).take(usize::try_from(asked.fetch()).expect("small")).collect();
    let page = asked.page(rows, &cursors, |id| *id).expect("a number is JSON");
    let mut headers = HeaderMap::new();
    page.link(&uri, &PageConfig::default(), &mut headers);
    Ok((headers, Json(page)))
}

fn service() -> Router {
    let cursors: Cursors<i64> = Cursors::new("users by id", [NEW]).expect("a good key");
    Router::new().route("/users", routing::get(users)).layer(Extension(cursors))
}

async fn get(service: &Router, target: &str) -> (StatusCode, HeaderMap, Value) {
    let request = Request::builder().uri(target).body(Body::empty()).expect("a request");
    let response = service.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    (parts.status, parts.headers, serde_json::from_slice(&body).expect("JSON"))
}

/// The target of `rel="next"`.
fn next(headers: &HeaderMap) -> Option<String> {
    let links = headers.get("link")?.to_str().expect("text").split(", ");
    let next = links.filter_map(|link| link.strip_suffix(">; rel=\"next\"")).next()?;
    Some(next.trim_start_matches('<').to_owned())
}

#[tokio::test]
async fn links_lead_through_the_whole_list_once() {
    let service = service();
    for (start, sizes) in [("/users?q=a%20b", vec![50, 50, 20]), ("/users?limit=40&q=c", vec![40, 40, 40])] {
        let (mut target, mut seen, mut found) = (start.to_owned(), Vec::new(), Vec::new());
        loop {
            let (status, headers, page) = get(&service, &target).await;
            assert_eq!(status, StatusCode::OK);
            let first = format!("<{start}>; rel=\"first\"");
            assert!(headers["link"].to_str().expect("text").starts_with(&first), "{headers:?}");
            let items = page["items"].as_array().expect("items");
            found.push(items.len());
            seen.extend(items.iter().map(|id| id.as_i64().expect("a number")));
            match next(&headers) {
                Some(link) => {
                    assert!(link.contains("q="), "other parameters stay: {link}");
                    target = link;
                }
                None => break assert_eq!(page["next"], Value::Null),
            }
        }
        assert_eq!((seen, found), ((1..=120).collect(), sizes));
    }
}

#[tokio::test]
async fn a_bad_page_is_a_400_that_says_why() {
    let service = service();
    let size = "`limit` must be a whole number from 1 to 50";
    let long = format!("/users?cursor={}", "a".repeat(1025));
    for (target, detail) in [
        ("/users?limit=0", size),
        ("/users?limit=51", size),
        ("/users?limit=-1", size),
        ("/users?limit=%2B5", size),
        ("/users?limit=99999999999", size),
        ("/users?limit=", size),
        ("/users?limit=1&limit=2", "`limit` is given more than once"),
        ("/users?cursor=made-up", "the cursor is not one of this list: begin again without it"),
        ("/users?cursor=%FF", "the parameters of the page are not UTF-8"),
        (long.as_str(), "the cursor is longer than 1024 bytes"),
    ] {
        let (status, headers, problem) = get(&service, target).await;
        assert_eq!((status, &problem["detail"]), (StatusCode::BAD_REQUEST, &json!(detail)), "{target}");
        assert_eq!(headers["content-type"], "application/problem+json");
    }
    let (status, _, page) = get(&service, "/users?cursor=&limit=1").await;
    assert_eq!((status, &page["items"]), (StatusCode::OK, &json!([1])), "an empty cursor is none");
}

#[tokio::test]
async fn sizes_and_names_are_settings() {
    let config = PageConfig {
        size_default: 2,
        size_max: 3,
        size_parameter: "n".to_owned(),
        cursor_parameter: "from".to_owned(),
        ..PageConfig::default()
    };
    let service = service().layer(Extension(config));
    assert_eq!(get(&service, "/users").await.2["items"], json!([1, 2]));
    assert_eq!(get(&service, "/users?n=3&limit=9").await.2["items"], json!([1, 2, 3]));
    assert_eq!(get(&service, "/users?n=4").await.0, StatusCode::BAD_REQUEST);
}

#[test]
fn keys_rotate_without_a_broken_cursor() {
    let (old, both, turned, new) =
        (cursors(&[OLD]), cursors(&[OLD, NEW]), cursors(&[NEW, OLD]), cursors(&[NEW]));
    let by_old = old.sign(&place(1)).expect("JSON");
    let by_turned = turned.sign(&place(2)).expect("JSON");
    assert_eq!((both.verify(&by_old), turned.verify(&by_old)), (Ok(place(1)), Ok(place(1))));
    assert_eq!(new.verify(&by_old), Err(BadPage::Cursor), "dropped");
    assert_eq!((both.verify(&by_turned), new.verify(&by_turned)), (Ok(place(2)), Ok(place(2))));
    assert_eq!(old.verify(&by_turned), Err(BadPage::Cursor));
}

#[test]
fn a_cursor_belongs_to_one_list_and_one_form_of_its_places() {
    let users = cursors(&[NEW]);
    let cursor = users.sign(&place(1)).expect("JSON");
    let others: Cursors<(String, i64)> = Cursors::new("users by age", [NEW]).expect("a key");
    assert_eq!(others.verify(&cursor), Err(BadPage::Cursor));
    let changed: Cursors<u8> = Cursors::new("users by name", [NEW]).expect("a key");
    assert_eq!(changed.verify(&cursor), Err(BadPage::Cursor));
    assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
}

#[test]
fn weak_keys_are_refused() {
    let none: [&[u8]; 0] = [];
    assert!(matches!(Cursors::<i64>::new("list", none), Err(CursorError::NoKey)));
    assert!(matches!(Cursors::<i64>::new("list", [NEW, b"short"]), Err(CursorError::ShortKey)));
    assert!(!format!("{:?}", cursors(&[NEW])).contains("service"), "keys are not shown");
}

proptest! {
    #[test]
    fn what_was_changed_is_refused(id: i64, at: prop::sample::Index, bit in 0_u8..7, cut in 0_usize..60) {
        let users = cursors(&[NEW, OLD]);
        let cursor = users.sign(&place(id)).expect("JSON");
        prop_assert_eq!(users.verify(&cursor), Ok(place(id)));
        let mut bytes = cursor.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let changed = String::from_utf8_lossy(&bytes).into_owned();
        prop_assert_eq!(users.verify(&changed), Err(BadPage::Cursor));
        let cut = cut.min(cursor.len() - 1);
        prop_assert_eq!(users.verify(&cursor[..cut]), Err(BadPage::Cursor));
    }
}
