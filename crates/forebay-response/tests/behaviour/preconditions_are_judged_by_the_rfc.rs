use crate::{
    stage::{json, layer, respond},
    wire::{Wire, wires},
};
use axum::{Router, body::Body, routing::get};
use forebay_response::Prepared;
use http::{HeaderMap, Method, Response, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use std::convert::Infallible;

const BEFORE: &str = "Wed, 30 Nov 1994 16:00:00 GMT";
const THEN: &str = "Thu, 01 Dec 1994 16:00:00 GMT";
const AFTER: &str = "Fri, 02 Dec 1994 16:00:00 GMT";
const OTHER: &str = "\"other\"";

/// JSON with these headers.
fn answer(headers: &[(&str, &str)]) -> Response<Body> {
    respond(json(5_000), headers).map(Body::new)
}

async fn serve() -> [Wire; 2] {
    let prepared = Prepared::json(json(5_000));
    let routes = Router::new()
        .route(
            "/hashed",
            get(async || answer(&[("access-control-allow-origin", "*"), ("set-cookie", "a=b")])),
        )
        .route("/prepared", get(async move || prepared.clone()))
        .route("/own", get(async || answer(&[("etag", "\"v1\""), ("last-modified", THEN)])))
        .route("/weak", get(async || answer(&[("etag", "W/\"v1\"")])))
        .route("/dated", get(async || answer(&[("last-modified", THEN), ("cache-control", "max-age=9")])))
        .route("/missing", get(async || (StatusCode::NOT_FOUND, [("etag", "\"v1\"")], "no")))
        .route("/stream", get(stream));
    wires(routes.layer(layer())).await
}

async fn stream() -> Response<Body> {
    let frames = futures_util::stream::iter([Ok::<_, Infallible>(Frame::data(json(5_000)))]);
    respond(json(2), &[]).map(|_| Body::new(StreamBody::new(frames)))
}

async fn tag(wire: Wire, path: &str, coding: &str) -> String {
    let tag = wire.get(path, &[("accept-encoding", coding)]).await.header("etag").to_owned();
    assert!(tag.starts_with('"'), "{path} {coding}: {tag}");
    tag
}

/// Step 1 of section 13.2.2.
#[tokio::test]
async fn if_match_takes_any_current_form_and_compares_strongly() {
    for wire in serve().await {
        for path in ["/hashed", "/prepared", "/own"] {
            for coding in ["", "gzip", "br"] {
                let current = tag(wire, path, coding).await;
                let lists = [current.clone(), format!("{OTHER}, {current}"), "*".to_owned()];
                for listed in lists {
                    let ok = wire.get(path, &[("if-match", &listed), ("accept-encoding", "gzip")]).await;
                    assert_eq!(ok.status, StatusCode::OK, "{path}: {listed}");
                }
                for listed in [OTHER.to_owned(), format!("W/{current}"), "garbage".to_owned()] {
                    let failed = wire.get(path, &[("if-match", &listed)]).await;
                    assert_eq!(failed.status, StatusCode::PRECONDITION_FAILED, "{path}: {listed}");
                }
            }
        }
        assert_eq!(wire.get("/weak", &[("if-match", "W/\"v1\"")]).await.status, 412);
        assert_eq!(wire.get("/stream", &[("if-match", "\"v1\"")]).await.status, 412, "it has no tag");
        assert_eq!(wire.get("/stream", &[("if-match", "*")]).await.status, 200);
    }
}

/// Step 2.
#[tokio::test]
async fn if_unmodified_since_counts_only_without_if_match() {
    for wire in serve().await {
        for path in ["/dated", "/own"] {
            for (since, status) in [(BEFORE, 412), (THEN, 200), (AFTER, 200), ("yesterday", 200)] {
                assert_eq!(wire.get(path, &[("if-unmodified-since", since)]).await.status, status, "{since}");
            }
        }
        let both = [("if-unmodified-since", BEFORE), ("if-match", "\"v1\"")];
        assert_eq!(wire.get("/own", &both).await.status, 200);
        let twice = [("if-unmodified-since", BEFORE), ("if-unmodified-since", BEFORE)];
        assert_eq!(wire.get("/own", &twice).await.status, 200, "a list of dates is no date");
        assert_eq!(
            wire.get("/hashed", &[("if-unmodified-since", BEFORE)]).await.status,
            200,
            "no date known"
        );
    }
}

/// Steps 3 and 4.
#[tokio::test]
async fn if_none_match_goes_before_if_modified_since() {
    for wire in serve().await {
        for listed in ["\"v1\"", "W/\"v1\"", "\"v0\" , \"v1\"", "*"] {
            let known = wire.get("/own", &[("if-none-match", listed), ("if-modified-since", BEFORE)]).await;
            assert_eq!((known.status, known.header("etag").is_empty()), (StatusCode::NOT_MODIFIED, false));
        }
        let changed = wire.get("/own", &[("if-none-match", OTHER), ("if-modified-since", AFTER)]).await;
        assert_eq!(changed.status, 200);
        for (since, status) in
            [(BEFORE, 200), (THEN, 304), (AFTER, 304), ("Thursday, 01-Dec-94 16:00:00 GMT", 304)]
        {
            assert_eq!(wire.get("/dated", &[("if-modified-since", since)]).await.status, status, "{since}");
        }
        assert_eq!(wire.get("/stream", &[("if-none-match", "*")]).await.status, 304);
    }
}

#[tokio::test]
async fn a_failed_if_match_is_told_before_a_known_copy() {
    for wire in serve().await {
        for path in ["/own", "/hashed"] {
            let current = tag(wire, path, "").await;
            let asked = [("if-match", OTHER), ("if-none-match", current.as_str())];
            assert_eq!(wire.get(path, &asked).await.status, 412);
            let asked = [("if-match", current.as_str()), ("if-none-match", current.as_str())];
            assert_eq!(wire.get(path, &asked).await.status, 304);
        }
        let asked = [("if-unmodified-since", BEFORE), ("if-modified-since", AFTER)];
        assert_eq!(wire.get("/dated", &asked).await.status, 412);
    }
}

#[tokio::test]
async fn what_is_no_success_is_never_made_conditional() {
    for wire in serve().await {
        for (name, value) in [("if-match", OTHER), ("if-none-match", "\"v1\""), ("if-none-match", "*")] {
            assert_eq!(wire.get("/missing", &[(name, value)]).await.status, 404, "{name}: {value}");
        }
    }
}

/// What tower-http does with a status of its own: it keeps the tag, the freshness and the body of the 200.
#[tokio::test]
async fn a_refusal_carries_nothing_that_a_cache_could_keep() {
    for wire in serve().await {
        let failed = wire.get("/dated", &[("if-unmodified-since", BEFORE)]).await;
        let (headers, body) = (&failed.headers, &failed.body);
        assert_eq!((failed.header("cache-control"), body.len()), ("no-store", 0));
        for gone in ["etag", "last-modified", "content-type", "content-encoding", "expires", "accept-ranges"]
        {
            assert!(!headers.contains_key(gone), "{gone}");
        }
        let failed = wire.get("/hashed", &[("if-match", OTHER)]).await;
        assert_eq!(failed.header("access-control-allow-origin"), "*", "a page may read why");
        assert_eq!(failed.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn head_is_judged_like_get() {
    for wire in serve().await {
        for path in ["/hashed", "/own", "/prepared"] {
            let current = tag(wire, path, "gzip").await;
            for (name, value, status) in [
                ("if-match", OTHER, 412),
                ("if-match", current.as_str(), 200),
                ("if-none-match", current.as_str(), 304),
                ("if-none-match", OTHER, 200),
            ] {
                let asked = [(name, value), ("accept-encoding", "gzip")];
                let mut heads = Vec::new();
                for method in [Method::GET, Method::HEAD] {
                    let answer = wire.ask(method, path, &asked, "").await;
                    assert_eq!(answer.status, status, "{path} {name}: {value}");
                    heads.push(without_date(answer.headers));
                }
                heads[0].remove("content-length");
                heads[1].remove("content-length");
                assert_eq!(heads[0], heads[1], "{path} {name}: {value}");
            }
        }
    }
}

fn without_date(mut headers: HeaderMap) -> HeaderMap {
    headers.remove("date");
    headers
}

/// Caddy takes its suffix off only when the whole header is one tag with the coding chosen now; tower-http and
/// actix put the handler's strong tag on encoded bytes.
#[tokio::test]
async fn a_handlers_tag_has_a_form_for_each_coding_and_all_of_them_are_known_again() {
    for wire in serve().await {
        let (plain, gzip, br) =
            (tag(wire, "/own", "").await, tag(wire, "/own", "gzip").await, tag(wire, "/own", "br").await);
        assert_eq!((plain.as_str(), &gzip[..6], &br[..6]), ("\"v1\"", "\"v1.gz", "\"v1.br"));
        for listed in [&plain, &gzip, &br] {
            for list in [listed.clone(), format!("{OTHER},{listed}"), format!("W/{listed}")] {
                let asked = [("if-none-match", list.as_str()), ("accept-encoding", "br, gzip")];
                let known = wire.get("/own", &asked).await;
                assert_eq!(known.status, 304, "{list}");
                assert!(list.ends_with(known.header("etag")), "{list}: {}", known.header("etag"));
            }
        }
        let asked = [("if-none-match", br.as_str()), ("accept-encoding", "gzip")];
        assert_eq!(wire.get("/own", &asked).await.status, 200, "a copy it cannot decode any more");
        assert_eq!(wire.get("/weak", &[("accept-encoding", "gzip")]).await.header("etag"), "W/\"v1\"");
        let looks_alike = [("if-none-match", "\"v1.gz5-1\""), ("accept-encoding", "gzip")];
        assert_eq!(wire.get("/weak", &looks_alike).await.status, 200, "a weak tag has no forms");
    }
}
