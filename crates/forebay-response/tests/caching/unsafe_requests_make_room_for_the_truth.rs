use crate::site::{Site, minute, respond};
use http::{Method, StatusCode};

#[tokio::test]
async fn what_an_unsafe_request_may_have_changed_is_forgotten() {
    for method in [
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::from_bytes(b"MOVE").expect("a method"),
    ] {
        let site = Site::new(|call, _| minute(call)).await;
        site.get("/a?x=1").await;
        site.get("/b").await;
        site.ask(method, "/a?x=1", &[]).await;
        assert_eq!(site.get("/a?x=1").await.text(), "call 4");
        assert_eq!(site.get("/b").await.text(), "call 2");
    }
}

#[tokio::test]
async fn safe_methods_and_requests_that_failed_change_nothing() {
    let site = Site::new(|call, request| {
        let mut response = minute(call);
        if request.method() == Method::POST {
            *response.status_mut() = StatusCode::CONFLICT;
        }
        response
    })
    .await;
    site.get("/").await;
    site.ask(Method::POST, "/", &[]).await;
    site.ask(Method::OPTIONS, "/", &[]).await;
    assert_eq!(site.get("/").await.text(), "call 1");
}

#[tokio::test]
async fn so_is_what_its_response_names_of_the_same_origin() {
    let site = Site::new(|call, request| {
        let headers = [
            ("location", "/made"),
            ("content-location", "//site.test/listed"),
            ("cache-control", "max-age=60"),
        ];
        match *request.method() {
            Method::POST if request.uri().path() == "/abroad" => {
                respond("", &[("location", "http://elsewhere.test/other")])
            }
            Method::POST => respond("", &headers),
            _ => minute(call),
        }
    })
    .await;
    for path in ["/made", "/listed", "/other"] {
        site.get(path).await;
    }
    site.ask(Method::POST, "/", &[]).await;
    site.ask(Method::POST, "/abroad", &[]).await;
    assert_eq!(site.get("/made").await.text(), "call 6");
    assert_eq!(site.get("/listed").await.text(), "call 7");
    assert_eq!(site.get("/other").await.text(), "call 3");
}

#[tokio::test]
async fn every_variant_is_forgotten() {
    let site = Site::new(|call, _| {
        respond(format!("call {call}"), &[("cache-control", "max-age=60"), ("vary", "foo")])
    })
    .await;
    for foo in ["1", "2"] {
        site.get_with("/", &[("foo", foo)]).await;
    }
    site.ask(Method::POST, "/", &[]).await;
    assert_eq!(site.get_with("/", &[("foo", "2")]).await.text(), "call 4");
    assert_eq!(site.get_with("/", &[("foo", "1")]).await.text(), "call 5");
}

#[tokio::test]
async fn groups_of_the_origin_are_invalidated_by_name() {
    let site = Site::new(|call, request| match *request.method() {
        Method::POST => respond("", &[("cache-group-invalidation", "\"scripts\", \"x\"")]),
        Method::GET if request.uri().path() == "/b" => respond(
            format!("call {call}"),
            &[("cache-control", "max-age=60"), ("cache-groups", "\"Scripts\"")],
        ),
        _ => respond(
            format!("call {call}"),
            &[("cache-control", "max-age=60"), ("cache-groups", "\"a\", \"scripts\"")],
        ),
    })
    .await;
    site.get("/a").await;
    site.get("/b").await;
    site.ask(Method::POST, "/c", &[]).await;
    assert_eq!(site.get("/a").await.text(), "call 4");
    assert_eq!(site.get("/b").await.text(), "call 2", "names are told apart by case");
}

#[tokio::test]
async fn a_get_invalidates_no_group() {
    let site = Site::new(|call, request| {
        let headers = [
            ("cache-control", "max-age=60"),
            ("cache-groups", "\"g\""),
            ("cache-group-invalidation", "\"g\""),
        ];
        respond(format!("call {call}"), if request.uri().path() == "/a" { &headers[..2] } else { &headers })
    })
    .await;
    site.get("/a").await;
    site.get("/b").await;
    assert_eq!(site.get("/a").await.text(), "call 1");
}
