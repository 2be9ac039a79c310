use crate::stage::{ask, builder, json, request, respond};
use forebay_response::{Coding, Error, Prepared, ResponseConfig, ResponseLayer};

#[test]
fn values_out_of_range_are_named() {
    let mut config = ResponseConfig::default();
    config.gzip.level = 10;
    let error = config.check().expect_err("gzip has nine levels");
    assert_eq!(error.to_string(), "response configuration: `gzip.level` must be 1 to 9, not 10");
    let error = ResponseLayer::builder().codings([Coding::Gzip, Coding::Gzip]).build().expect_err("twice");
    assert_eq!(error, Error::Repeated(Coding::Gzip));
    let mut config = ResponseConfig::default();
    config.brotli.prepared_level = 12;
    assert!(ResponseLayer::builder().config(config).build().is_err());
}

#[test]
fn it_is_plain_data() {
    let config: ResponseConfig =
        serde_json::from_str(r#"{"codings":["gzip","br"],"min_bytes":256,"brotli":{"level":3}}"#)
            .expect("read");
    assert_eq!(config.codings, [Coding::Gzip, Coding::Brotli]);
    assert_eq!((config.min_bytes, config.brotli.level, config.brotli.prepared_level), (Some(256), 3, 5));
    assert!(serde_json::from_str::<ResponseConfig>(r#"{"min_byte":1}"#).is_err());
}

#[tokio::test]
async fn the_server_ranks() {
    let asked = || request(http::Method::GET, &[("accept-encoding", "br;q=1, gzip;q=0.1")]);
    let coding =
        async |layer, response| ask(layer, asked(), response).await.header("content-encoding").to_owned();
    let once = || respond(json(5_000), &[]);
    let kept = || Prepared::json(json(5_000)).into_response();
    let default = builder().build().expect("valid");
    assert_eq!(
        (coding(&default, once()).await, coding(&default, kept()).await),
        ("gzip".into(), "br".into())
    );
    let strict = builder().quick([Coding::Brotli]).build().expect("valid");
    assert_eq!((coding(&strict, once()).await, coding(&strict, kept()).await), ("br".into(), "br".into()));
    let turned = builder().codings([Coding::Gzip, Coding::Brotli]).build().expect("valid");
    assert_eq!(coding(&turned, kept()).await, "gzip");
    let only = builder().codings([Coding::Brotli]).build().expect("valid");
    assert_eq!(coding(&only, once()).await, "br");
}

#[tokio::test]
async fn without_codings_there_are_still_tags() {
    let off = builder().codings([]).build().expect("valid");
    let asked = request(http::Method::GET, &[("accept-encoding", "br")]);
    let answer = ask(&off, asked, respond(json(5_000), &[])).await;
    assert_eq!((answer.header("content-encoding"), answer.header("vary")), ("", ""));
    assert_eq!(answer.header("etag").len(), 34);
}
