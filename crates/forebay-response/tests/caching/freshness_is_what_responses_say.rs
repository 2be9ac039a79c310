use crate::site::{Site, date, respond, rules};
use forebay_response::CacheRules;
use std::time::Duration;

/// How many seconds long a response with these headers is served again.
async fn fresh_for(headers: &[(&str, String)]) -> u64 {
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let site = Site::new(move |call, _| {
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        respond(format!("call {call}"), &headers)
    })
    .await;
    site.get("/").await;
    for second in 0..200 {
        if site.get("/").await.text() != "call 1" {
            return second;
        }
        site.passes(1);
    }
    200
}

fn cache_control(line: &str) -> (&'static str, String) {
    ("cache-control", line.to_owned())
}

#[tokio::test]
async fn s_maxage_goes_before_max_age_and_that_before_expires() {
    assert_eq!(fresh_for(&[cache_control("max-age=3")]).await, 3);
    assert_eq!(fresh_for(&[cache_control("max-age=9, s-maxage=4")]).await, 4);
    assert_eq!(fresh_for(&[("expires", date(5))]).await, 5);
    assert_eq!(fresh_for(&[("expires", date(5)), cache_control("max-age=2")]).await, 2);
    assert_eq!(fresh_for(&[("expires", "0".to_owned())]).await, 0);
}

/// RFC 9111 section 4.2 relaxes what RFC 9110 section 5.6.7 says of case; a zone that is not GMT makes it no date.
#[tokio::test]
async fn dates_are_read_in_all_three_forms_and_in_any_case() {
    for (expires, fresh) in [
        ("Thu, 01 Jan 2026 00:00:05 GMT", 5),
        ("Thursday, 01-Jan-26 00:00:05 GMT", 5),
        ("Thu Jan  1 00:00:05 2026", 5),
        ("THU, 01 JAN 2026 00:00:05 gmt", 5),
        ("Fri, 01 Jan 2026 00:00:05 GMT", 5),
        ("Thu, 01 Jan 2026 00:00:05 PST", 0),
        ("Thu, 01 Jan 2026 00:00:05 +0000", 0),
        ("Thu, 1 Jan 2026 00:00:05 GMT", 0),
    ] {
        assert_eq!(fresh_for(&[("expires", expires.to_owned())]).await, fresh, "{expires}");
    }
}

#[tokio::test]
async fn an_age_that_it_has_already_counts() {
    assert_eq!(fresh_for(&[cache_control("max-age=9"), ("age", "6".to_owned())]).await, 3);
    assert_eq!(fresh_for(&[cache_control("max-age=9"), ("age", "9".to_owned())]).await, 0);
    assert_eq!(
        fresh_for(&[
            cache_control("max-age=9"),
            (
                "date",
                httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_secs(crate::site::START - 5))
            )
        ])
        .await,
        4
    );
}

#[tokio::test]
async fn of_several_the_shortest_counts_and_nonsense_is_stale() {
    assert_eq!(fresh_for(&[cache_control("max-age=9"), cache_control("max-age=2")]).await, 2);
    assert_eq!(fresh_for(&[cache_control("max-age=2.5")]).await, 0);
    assert_eq!(fresh_for(&[cache_control("max-age=\"3\"")]).await, 3);
    assert_eq!(fresh_for(&[cache_control("x=\"max-age=9\", max-age=3")]).await, 3);
}

#[tokio::test]
async fn what_is_targeted_at_shared_caches_goes_first() {
    let targeted = |line: &str| ("cdn-cache-control", line.to_owned());
    assert_eq!(fresh_for(&[cache_control("no-store"), targeted("max-age=3")]).await, 3);
    assert_eq!(fresh_for(&[cache_control("max-age=9"), targeted("no-store")]).await, 0);
    assert_eq!(fresh_for(&[cache_control("max-age=4"), targeted("max-age=")]).await, 4);
    assert_eq!(fresh_for(&[("expires", date(9)), targeted("must-revalidate")]).await, 0);
}

#[tokio::test]
async fn age_is_told_and_is_right() {
    let site = Site::new(|call, _| {
        respond(format!("call {call}"), &[("cache-control", "max-age=60"), ("age", "7")])
    })
    .await;
    assert_eq!(site.get("/").await.header("age"), "7");
    site.passes(5);
    let hit = site.get("/").await;
    assert_eq!((hit.header("age"), hit.header("cache-status")), ("12", "forebay; hit; ttl=48"));
    assert_eq!(hit.headers.get_all("age").iter().count(), 1);
    assert_eq!(hit.header("date"), date(0));
}

#[tokio::test]
async fn what_comes_from_the_handler_has_no_age() {
    let site = Site::new(|call, _| crate::site::minute(call)).await;
    assert!(!site.get("/").await.headers.contains_key("age"));
    assert_eq!(site.get("/").await.header("age"), "0");
}

#[tokio::test]
async fn a_time_is_guessed_only_if_that_is_configured() {
    let rules = CacheRules { default_ttl: Some(Duration::from_secs(5)), ..rules() };
    let site = Site::with(rules, |call, _| respond(format!("call {call}"), &[])).await;
    site.get("/").await;
    site.passes(4);
    assert_eq!(site.get("/").await.text(), "call 1");
    site.passes(1);
    assert_eq!(site.get("/").await.text(), "call 2");
}
