use crate::site::{Site, respond};
use http::StatusCode;

/// Text that shrinks well.
fn text() -> String {
    (0..500).map(|n| format!("line {n} of many\n")).collect()
}

async fn site() -> Site {
    Site::new(|_, _| respond(text(), &[("cache-control", "max-age=60"), ("content-type", "text/plain")]))
        .await
}

#[tokio::test]
async fn a_part_of_a_stored_response_is_sent_without_asking_the_handler() {
    let site = site().await;
    let whole = site.get("/").await;
    site.passes(7);
    let part = site.get_with("/", &[("range", "bytes=5-14")]).await;
    assert_eq!((part.status, part.text()), (StatusCode::PARTIAL_CONTENT, &text()[5..15]));
    assert_eq!((part.handled().as_str(), part.header("age")), ("hit", "7"));
    assert_eq!(part.header("etag"), whole.header("etag"));
    let beyond = site.get_with("/", &[("range", "bytes=99999-")]).await;
    assert_eq!(
        (beyond.status, beyond.header("cache-control")),
        (StatusCode::RANGE_NOT_SATISFIABLE, "no-store")
    );
    assert_eq!(site.calls(), 1);
}

#[tokio::test]
async fn a_download_goes_on_in_the_stored_form_it_began_in() {
    let site = site().await;
    for coding in ["br", "gzip"] {
        let whole = site.get_with("/", &[("accept-encoding", coding)]).await;
        assert_eq!(whole.header("content-encoding"), coding);
        let asked =
            [("range", "bytes=50-"), ("if-range", whole.header("etag")), ("accept-encoding", "gzip, br")];
        let rest = site.get_with("/", &asked).await;
        assert_eq!((rest.status, rest.header("content-encoding")), (StatusCode::PARTIAL_CONTENT, coding));
        assert_eq!([&whole.body[..50], &rest.body].concat(), whole.body);
    }
    assert_eq!(site.calls(), 1);
}

#[tokio::test]
async fn a_known_copy_of_a_stored_response_is_not_sent_again_in_whatever_form() {
    let site = site().await;
    for coding in ["br", "gzip", ""] {
        let whole = site.get_with("/", &[("accept-encoding", coding)]).await;
        let asked = [("if-none-match", whole.header("etag")), ("accept-encoding", "gzip, br")];
        let known = site.get_with("/", &asked).await;
        assert_eq!((known.status, known.header("etag")), (StatusCode::NOT_MODIFIED, whole.header("etag")));
        assert_eq!(known.header("cache-control"), "max-age=60");
    }
    assert_eq!(site.calls(), 1);
}
