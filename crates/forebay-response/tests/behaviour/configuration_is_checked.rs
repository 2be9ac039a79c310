use forebay_response::{Coding, Error, ResponseConfig, ResponseLayer};

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
    assert_eq!((config.min_bytes, config.brotli.level, config.brotli.prepared_level), (256, 3, 5));
    assert!(serde_json::from_str::<ResponseConfig>(r#"{"min_byte":1}"#).is_err());
}

#[tokio::test]
async fn the_server_ranks() {
    use crate::stage::{ask, builder, json, request, respond};
    let layer = builder().codings([Coding::Gzip, Coding::Brotli]).build().expect("valid");
    let asked = request(http::Method::GET, &[("accept-encoding", "br;q=1, gzip;q=0.1")]);
    assert_eq!(ask(&layer, asked, respond(json(5_000), &[])).await.header("content-encoding"), "gzip");
    let off = builder().codings([]).build().expect("valid");
    let asked = request(http::Method::GET, &[("accept-encoding", "br")]);
    let answer = ask(&off, asked, respond(json(5_000), &[])).await;
    assert_eq!((answer.header("content-encoding"), answer.header("vary")), ("", ""));
    assert_eq!(answer.header("etag").len(), 34);
}
