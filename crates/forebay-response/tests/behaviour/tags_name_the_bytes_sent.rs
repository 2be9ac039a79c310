use crate::stage::{Answer, ask, builder, get, json, layer, request, respond};
use http::Method;

/// That of gzip's encoder in this build.
const REVISION: &str = if cfg!(feature = "libdeflate") { "d1" } else { "1" };

async fn tag(coding: &str, headers: &[(&str, &str)]) -> Answer {
    get(&[("accept-encoding", coding)], respond(json(5_000), headers)).await
}

#[tokio::test]
async fn each_form_has_a_strong_tag_of_its_own_and_they_share_a_base() {
    let (plain, gzip, br) = (tag("", &[]).await, tag("gzip", &[]).await, tag("br", &[]).await);
    let base = plain.header("etag").trim_matches('"').to_owned();
    assert_eq!(base.len(), 32);
    assert_eq!(gzip.header("etag"), format!("\"{base}.gz{}-{REVISION}\"", layer().config().gzip.level));
    assert_eq!(br.header("etag"), format!("\"{base}.br{}-1\"", layer().config().brotli.level));
    assert_eq!(tag("gzip", &[]).await.header("etag"), gzip.header("etag"), "the same on another node");
}

/// Where this fails, a library was changed so that the same level gives other bytes: raise `Coding::revision` with
/// the sum here, or copies from before the change would be taken for the new bytes.
#[tokio::test]
async fn the_same_tag_names_the_same_bytes_in_every_release() {
    let mut sums = Vec::new();
    for coding in ["br", "zstd", "gzip", "deflate"] {
        sums.push(format!("{coding} {:016x}", xxhash_rust::xxh3::xxh3_64(&tag(coding, &[]).await.body)));
    }
    assert_eq!(
        sums,
        ["br d75edba35dd6ba44", "zstd 9e8aa0ac28bdbd0d", "gzip 5959aae2a2964ee5", "deflate ea765f397c02bd94"]
    );
}

#[tokio::test]
async fn another_body_or_type_has_another_tag() {
    let plain = tag("", &[]).await;
    let other = get(&[], respond(json(5_001), &[])).await;
    let text = tag("", &[("content-type", "text/plain")]).await;
    assert_ne!(plain.header("etag"), other.header("etag"));
    assert_ne!(plain.header("etag"), text.header("etag"));
}

#[tokio::test]
async fn another_level_has_another_tag() {
    let mut config = forebay_response::ResponseConfig::default();
    config.gzip.level = 9;
    let layer = builder().config(config).build().expect("valid");
    let asked = request(Method::GET, &[("accept-encoding", "gzip")]);
    let answer = ask(&layer, asked, respond(json(5_000), &[])).await;
    assert_ne!(answer.header("etag"), tag("gzip", &[]).await.header("etag"));
}

#[tokio::test]
async fn a_handlers_tag_is_kept_and_marked_on_other_bytes() {
    let gzip = format!("\"v1.gz5-{REVISION}\"");
    for (own, encoded) in [("\"v1\"", gzip.as_str()), ("W/\"v1\"", "W/\"v1\"")] {
        assert_eq!(tag("", &[("etag", own)]).await.header("etag"), own);
        assert_eq!(tag("gzip", &[("etag", own)]).await.header("etag"), encoded);
    }
    // Encoded for this answer alone: nothing is promised of its bytes.
    let once = tag("gzip", &[("etag", "\"v1\""), ("cache-control", "no-store")]).await;
    assert_eq!(once.header("etag"), "W/\"v1\"");
}

#[tokio::test]
async fn no_tag_where_none_is_of_use() {
    let stored_nowhere = tag("gzip", &[("cache-control", "no-store")]).await;
    assert_eq!((stored_nowhere.header("etag"), stored_nowhere.header("content-encoding")), ("", "gzip"));
    let posted =
        ask(&layer(), request(Method::POST, &[("accept-encoding", "gzip")]), respond(json(5_000), &[])).await;
    assert_eq!((posted.header("etag"), posted.header("content-encoding")), ("", "gzip"));
    let off = builder().etag(false).build().expect("valid");
    let answer = ask(&off, request(Method::GET, &[]), respond(json(5_000), &[])).await;
    assert_eq!(answer.header("etag"), "");
}
