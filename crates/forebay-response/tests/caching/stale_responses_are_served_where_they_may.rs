use crate::site::{Site, minute, respond};
use forebay_tests::eventually;
use http::StatusCode;

#[tokio::test]
async fn a_stale_response_is_served_while_it_is_refreshed() {
    let site = Site::new(|call, _| {
        respond(format!("call {call}"), &[("cache-control", "max-age=10, stale-while-revalidate=20")])
    })
    .await;
    site.get("/").await;
    site.passes(15);
    let stale = site.get("/").await;
    assert_eq!(
        (stale.text(), stale.header("cache-status"), stale.header("age")),
        ("call 1", "forebay; hit; ttl=-5", "15")
    );
    eventually("it is refreshed", async || site.get("/").await.text() == "call 2").await;
    assert_eq!(site.calls(), 2);
    site.passes(31);
    assert_eq!(site.get("/").await.text(), "call 3", "beyond the window it is not served");
}

#[tokio::test]
async fn a_stale_response_stands_in_for_an_error() {
    for (status, window, after, expected) in
        [(503, 20, 15, "call 1"), (500, 20, 15, "call 1"), (503, 20, 31, "call 2"), (404, 20, 15, "call 2")]
    {
        let site = Site::new(move |call, _| {
            let line = format!("max-age=10, stale-if-error={window}");
            let mut response = respond(format!("call {call}"), &[("cache-control", &line)]);
            if call > 1 {
                *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            }
            response
        })
        .await;
        site.get("/").await;
        site.passes(after);
        assert_eq!(site.get("/").await.text(), expected, "{status} after {after} s");
    }
}

#[tokio::test]
async fn nothing_stands_in_where_that_is_forbidden() {
    for more in ["must-revalidate", "proxy-revalidate", "no-cache"] {
        let site = Site::new(move |call, _| {
            let line = format!("max-age=10, stale-if-error=20, stale-while-revalidate=20, {more}");
            let mut response =
                respond(format!("call {call}"), &[("cache-control", &line), ("etag", "\"v1\"")]);
            if call > 1 {
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            }
            response
        })
        .await;
        site.get("/").await;
        site.passes(15);
        assert_eq!(site.get("/").await.status, StatusCode::SERVICE_UNAVAILABLE, "{more}");
    }
}

#[tokio::test]
async fn what_stands_in_is_said_to() {
    let site = Site::new(|call, _| {
        let mut response =
            respond(format!("call {call}"), &[("cache-control", "max-age=10, stale-if-error=20")]);
        if call > 1 {
            *response.status_mut() = StatusCode::BAD_GATEWAY;
        }
        response
    })
    .await;
    site.get("/").await;
    site.passes(15);
    assert_eq!(site.get("/").await.handled(), "fwd=stale; fwd-status=502; detail=error");
}

#[tokio::test]
async fn a_client_that_wants_it_fresh_gets_no_stale_response() {
    let site = Site::new(|call, _| {
        respond(format!("call {call}"), &[("cache-control", "max-age=10, stale-while-revalidate=20")])
    })
    .await;
    site.get("/").await;
    site.passes(15);
    let fresh = site.get_with("/", &[("cache-control", "max-age=60")]).await;
    assert_ne!((fresh.text(), fresh.header("age")), ("call 1", "15"));
}

#[tokio::test]
async fn an_error_does_not_push_out_what_is_good() {
    let site = Site::new(|call, _| {
        let mut response = minute(call);
        if call == 2 {
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response.headers_mut().remove("cache-control");
        }
        response
    })
    .await;
    site.get("/").await;
    let asked = [("cache-control", "no-cache")];
    assert_eq!(site.get_with("/", &asked).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(site.get("/").await.text(), "call 1");
}
