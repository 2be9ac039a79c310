use crate::site::{Site, minute, respond, rules};
use forebay_response::CacheRules;
use http::StatusCode;

async fn after(seconds: u64, asked: &str) -> String {
    let site = Site::new(|call, _| minute(call)).await;
    site.get("/").await;
    site.passes(seconds);
    site.get_with("/", &[("cache-control", asked)]).await.text().to_owned()
}

#[tokio::test]
async fn a_client_may_ask_for_what_is_fresher() {
    assert_eq!(after(10, "max-age=10").await, "call 1");
    assert_eq!(after(11, "max-age=10").await, "call 2");
    assert_eq!(after(0, "no-cache").await, "call 2");
    assert_eq!(after(30, "min-fresh=30").await, "call 1");
    assert_eq!(after(31, "min-fresh=30").await, "call 2");
    assert_eq!(after(1, "max-age=0").await, "call 2");
}

#[tokio::test]
async fn what_a_client_had_fetched_anew_is_served_to_others() {
    let site = Site::new(|call, _| minute(call)).await;
    site.get("/").await;
    assert_eq!(site.get_with("/", &[("pragma", "no-cache")]).await.text(), "call 2");
    assert_eq!(site.get("/").await.text(), "call 2");
}

#[tokio::test]
async fn clients_have_no_say_where_that_is_off() {
    let rules = CacheRules { client_directives: false, ..rules() };
    let site = Site::with(rules, |call, _| minute(call)).await;
    site.get("/").await;
    assert_eq!(site.get_with("/", &[("cache-control", "no-cache")]).await.text(), "call 1");
}

#[tokio::test]
async fn only_if_cached_is_never_forwarded() {
    let site = Site::new(|call, _| minute(call)).await;
    let asked = [("cache-control", "only-if-cached")];
    assert_eq!(site.get_with("/", &asked).await.status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(site.calls(), 0);
    site.get("/").await;
    assert_eq!(site.get_with("/", &asked).await.text(), "call 1");
    site.passes(61);
    assert_eq!(site.get_with("/", &asked).await.status, StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test]
async fn what_was_asked_for_with_no_store_is_not_kept() {
    let site = Site::new(|call, _| respond(format!("call {call}"), &[("cache-control", "max-age=60")])).await;
    site.get_with("/", &[("cache-control", "no-store")]).await;
    assert_eq!(site.get("/").await.text(), "call 2");
}
