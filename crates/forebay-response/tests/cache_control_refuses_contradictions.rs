//! `Cache-Control` and its targeted relatives as they are written, and what is refused.

use forebay_response::{
    CacheControl, CacheControlBuilder, CacheControlError, CacheDirectives, CacheExtension, CacheTarget,
    Qualified,
};
use http::{
    HeaderMap,
    header::{AUTHORIZATION, SET_COOKIE},
};
use std::time::Duration;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn says() -> CacheControlBuilder {
    CacheControl::builder()
}

fn written(builder: CacheControlBuilder) -> (String, String) {
    let value = builder.build().expect("no contradiction");
    let text = |value: &http::HeaderValue| value.to_str().expect("text").to_owned();
    (text(value.header_value()), text(value.targeted_value()))
}

#[test]
fn every_directive_of_a_response_is_written() {
    let all = says()
        .public()
        .no_transform()
        .immutable()
        .no_cache_fields([SET_COOKIE])
        .private_fields([SET_COOKIE, AUTHORIZATION])
        .max_age(seconds(60))
        .s_maxage(seconds(120))
        .stale_while_revalidate(seconds(30))
        .stale_if_error(seconds(86_400))
        .extension("Community", Some("UCI"));
    let same = "private=\"set-cookie, authorization\", no-cache=\"set-cookie\", public, no-transform, immutable, \
                max-age=60, s-maxage=120, stale-while-revalidate=30, stale-if-error=86400, community=";
    assert_eq!(written(all), (format!("{same}UCI"), format!("{same}\"UCI\"")));
    let strict = says().private().no_cache().must_revalidate().max_age(seconds(0));
    assert_eq!(written(strict).0, "private, no-cache, must-revalidate, max-age=0");
    assert_eq!(written(says().proxy_revalidate().max_age(seconds(9))).0, "proxy-revalidate, max-age=9");
    assert_eq!(written(says().no_store()).0, "no-store");
}

/// RFC 9111, section 5.2.2.3: it stands beside `no-store`, which those who know it ignore.
#[test]
fn must_understand_brings_its_no_store_and_may_say_more() {
    let (text, _) = written(says().must_understand().max_age(seconds(5)));
    assert_eq!(text, "no-store, must-understand, max-age=5");
}

/// RFC 9111, section 1.2.2.
#[test]
fn long_times_are_written_as_the_longest_one() {
    let value = CacheControl::builder().max_age(Duration::MAX).build();
    assert!(matches!(value, Err(CacheControlError::NotWholeSeconds { directive: "max-age", .. })));
    assert_eq!(written(says().max_age(seconds(u64::MAX))).0, "max-age=2147483648");
    let half = says().stale_if_error(Duration::from_millis(1500)).build();
    let said = half.expect_err("no whole seconds").to_string();
    assert_eq!(said, "cache-control: `stale-if-error` must be a whole number of seconds, not 1.5s");
}

#[test]
fn what_allows_and_forbids_the_same_is_refused() {
    let some = seconds(60);
    let wrong = [
        (says().private().s_maxage(some), "s-maxage", "private"),
        (says().private().public(), "public", "private"),
        (says().private().proxy_revalidate(), "proxy-revalidate", "private"),
        (says().no_store().max_age(some), "max-age", "no-store"),
        (says().no_store().max_age(seconds(0)), "max-age", "no-store"),
        (says().no_store().s_maxage(some), "s-maxage", "no-store"),
        (says().no_store().public(), "public", "no-store"),
        (says().no_store().immutable(), "immutable", "no-store"),
        (says().no_store().stale_while_revalidate(some), "stale-while-revalidate", "no-store"),
        (says().no_store().stale_if_error(some), "stale-if-error", "no-store"),
        (says().must_revalidate().stale_while_revalidate(some), "stale-while-revalidate", "must-revalidate"),
        (says().must_revalidate().stale_if_error(some), "stale-if-error", "must-revalidate"),
        (says().no_cache().max_age(some), "max-age", "no-cache"),
        (says().no_cache().s_maxage(some), "s-maxage", "no-cache"),
        (says().no_cache().immutable(), "immutable", "no-cache"),
        (says().no_cache().stale_if_error(some), "stale-if-error", "no-cache"),
        (says().max_age(seconds(0)).immutable(), "immutable", "max-age=0"),
    ];
    for (builder, one, other) in wrong {
        match builder.clone().build() {
            Err(CacheControlError::Contradiction { allows, forbids, .. }) => {
                assert_eq!((allows, forbids), (one, other), "{builder:?}");
            }
            other => panic!("{builder:?} gave {other:?}"),
        }
    }
}

#[test]
fn what_only_restricts_may_be_said_together() {
    let careful = [
        says().no_store().no_cache().private().must_revalidate(),
        says().no_cache().max_age(seconds(0)),
        says().private_fields([SET_COOKIE]).s_maxage(seconds(60)).public(),
        says().s_maxage(seconds(60)).max_age(seconds(5)).stale_while_revalidate(seconds(5)),
        says().immutable().must_revalidate().max_age(seconds(60)),
    ];
    for builder in careful {
        assert!(builder.clone().build().is_ok(), "{builder:?}");
    }
}

#[test]
fn what_cannot_be_written_is_refused() {
    let extension = |name: &str, value| says().extension(name, value).build();
    let refused = |result| matches!(result, Err(CacheControlError::Extension { .. }));
    assert!(
        refused(extension("a b", None)) && refused(extension("", None)) && refused(extension("1a", None))
    );
    assert!(refused(extension("max-age", Some("1"))) && refused(extension("a", Some("ä"))));
    assert!(refused(extension("a", Some("1\r\nset-cookie: b"))));
    assert!(refused(says().extension("a", None).extension("A", None).build()));
    assert_eq!(says().build(), Err(CacheControlError::Empty));
    assert_eq!(says().private_fields([]).build(), Err(CacheControlError::NoFields("private")));
}

/// RFC 9213, section 2.1; RFC 9651, sections 3.3.1 and 3.3.3.
#[test]
fn targeted_fields_are_structured() {
    let value = says()
        .max_age(seconds(3600))
        .extension("a", Some(r#"x"\y"#))
        .extension("n", Some("007"))
        .extension("long", Some("1234567890123456"))
        .extension("flag", None);
    let (list, dictionary) = written(value);
    assert_eq!(dictionary, r#"max-age=3600, a="x\"\\y", n=7, long="1234567890123456", flag"#);
    assert_eq!(list, r#"max-age=3600, a="x\"\\y", n=7, long=1234567890123456, flag"#);
}

#[test]
fn each_target_has_a_field_of_its_own() {
    let mut headers = HeaderMap::new();
    let value = says().max_age(seconds(1)).build().expect("fine");
    let vendor = CacheTarget::named("Vendor-CDN-Cache-Control").expect("a target");
    value.insert_for(&CacheTarget::CDN, &mut headers);
    value.insert_for(&vendor, &mut headers);
    assert_eq!((headers.len(), headers.get("cache-control")), (2, None));
    assert_eq!(headers["vendor-cdn-cache-control"], "max-age=1");
    for wrong in ["cache-control", "-cache-control", "x-cache", "a b-cache-control", ""] {
        assert_eq!(CacheTarget::named(wrong), Err(CacheControlError::Target(wrong.to_owned())));
    }
}

#[test]
fn directives_are_plain_data_that_can_be_checked() {
    let mut read = CacheDirectives { max_age: Some(seconds(1)), ..CacheDirectives::default() };
    read.extensions.push(CacheExtension { name: "ext".to_owned(), value: None });
    let checked = says().directives(read.clone()).build().expect("fine");
    assert_eq!(checked.directives(), &read);
    read.private = Qualified::Whole;
    read.public = true;
    assert!(says().directives(read).build().is_err());
}
