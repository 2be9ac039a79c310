use crate::stage::{Counts, ask, builder, json, measured, noise, request, respond, send};
use bytes::Bytes;
use forebay_metrics::Meter;
use forebay_response::{FieldsConfig, ItemsMeter, JsonLines, METRICS, Prepared, ResponseLayer};
use http::{Method, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use metrics_util::debugging::DebuggingRecorder;
use std::convert::Infallible;

const GZIP: (&str, &str) = ("accept-encoding", "gzip");

fn layer() -> (ResponseLayer, Counts) {
    let (builder, counts) = measured();
    (builder.build().expect("valid"), counts)
}

#[tokio::test]
async fn each_skip_has_its_reason() {
    let (layer, counts) = layer();
    let plain = || respond(json(5_000), &[]);
    let with = |headers: &[(&str, &str)]| respond(json(5_000), headers);
    let get = |headers| request(Method::GET, headers);
    let cases = [
        ("partial", get(&[GZIP]), with(&[("content-range", "bytes 0-4999/9000")])),
        ("encoded", get(&[GZIP]), with(&[("content-encoding", "br")])),
        ("no_transform", get(&[GZIP]), with(&[("cache-control", "no-transform")])),
        ("ineligible", get(&[GZIP]), with(&[("content-type", "image/png")])),
        ("not_accepted", get(&[]), plain()),
        ("small", get(&[GZIP]), respond(json(100), &[])),
        ("no_gain", get(&[GZIP]), respond(noise(5_000), &[])),
        ("status", request(Method::CONNECT, &[GZIP]), plain()),
        ("head", request(Method::HEAD, &[GZIP]), respond(Bytes::new(), &[])),
    ];
    for (reason, asked, response) in cases {
        ask(&layer, asked, response).await;
        let seen = counts.since_last_look();
        assert_eq!(seen(&format!("forebay_response_skipped_total {reason}")), 1, "{reason}");
        assert_eq!(seen("forebay_response_skipped_total"), 1, "{reason}");
    }
}

#[tokio::test]
async fn bytes_ratios_hits_and_304s() {
    let (layer, counts) = layer();
    let sent = ask(&layer, request(Method::GET, &[GZIP]), respond(json(5_000), &[])).await;
    let seen = counts.since_last_look();
    assert_eq!(seen("forebay_response_body_bytes_total gzip"), 5_000);
    assert_eq!(seen("forebay_response_sent_bytes_total gzip"), sent.body.len() as u64);
    assert_eq!(seen("forebay_response_encoded_ratio gzip"), 1);

    let known = [GZIP, ("if-none-match", sent.header("etag"))];
    let answer = ask(&layer, request(Method::GET, &known), respond(json(5_000), &[])).await;
    assert_eq!(answer.status, StatusCode::NOT_MODIFIED);
    assert_eq!(counts.since_last_look()("forebay_response_not_modified_total"), 1);

    let prepared = Prepared::json(json(5_000));
    for hits in [0, 1] {
        ask(&layer, request(Method::GET, &[GZIP]), prepared.clone().into_response()).await;
        assert_eq!(counts.since_last_look()("forebay_response_variant_hits_total prepared"), hits);
    }
    ask(&layer, request(Method::GET, &[GZIP]), respond(json(5_000), &[])).await;
    assert_eq!(counts.since_last_look()("forebay_response_variant_hits_total store"), 1);

    let frames = futures_util::stream::iter([Ok::<_, Infallible>(Frame::data(json(5_000)))]);
    let streamed = respond(Bytes::new(), &[]).map(|_| StreamBody::new(frames));
    ask(&layer, request(Method::GET, &[GZIP]), streamed).await;
    assert_eq!(counts.since_last_look()("forebay_response_streams_total gzip"), 1);
}

#[tokio::test]
async fn what_came_of_masks_is_counted() {
    let (builder, counts) = measured();
    let layer = builder.fields(FieldsConfig { buffer_bytes_max: 6_000, ..FieldsConfig::default() });
    let layer = layer.build().expect("valid");
    let masked = |mask: &str| {
        let mut asked = request(Method::GET, &[]);
        *asked.uri_mut() = format!("/?fields={mask}").parse().expect("a uri");
        asked
    };
    let text = [("content-type", "text/plain")];
    let items = |count| Bytes::from(format!("[{}1]", r#"{"id":1,"name":"Ada"},"#.repeat(count)));
    let length = items(200).len() as u64;
    let cases = [
        ("selected", "id", respond(items(200), &[])),
        ("refused", "a(", respond(json(5_000), &[])),
        ("malformed", "id", respond(Bytes::from_static(b"[1,"), &[])),
        ("passed", "id", respond(json(5_000), &text)),
    ];
    for (outcome, mask, response) in cases {
        ask(&layer, masked(mask), response).await;
        let seen = counts.since_last_look();
        assert_eq!(seen(&format!("forebay_response_fields_total {outcome}")), 1, "{outcome}");
        assert_eq!(seen("forebay_response_fields_total"), 1, "{outcome}");
        let (read, sent) = (
            seen("forebay_response_fields_read_bytes_total"),
            seen("forebay_response_fields_sent_bytes_total"),
        );
        let expected = if outcome == "selected" { length } else { 0 };
        assert!(read == expected && (sent > 0) == (read > 0) && sent <= read, "{outcome}: {sent} of {read}");
    }
    // Longer ones are selected from while they are sent.
    let long = Bytes::from([&items(400)[..], b"]"].concat());
    let body = send(&layer, masked("id"), respond(long, &[])).await.into_body();
    assert!(body.collect().await.is_err(), "it is no JSON at its end");
    let seen = counts.since_last_look();
    let of = |outcome: &str| seen(&format!("forebay_response_fields_total {outcome}"));
    assert_eq!((of("selected"), of("malformed")), (1, 1));
}

#[tokio::test]
async fn items_of_streams_are_counted_by_the_name_of_the_stream() {
    let recorder = DebuggingRecorder::new();
    let counts = Counts(recorder.snapshotter());
    let orders = ItemsMeter::new(&Meter::new(recorder), "orders");
    let stream = |items: Vec<Result<u8, &'static str>>| {
        JsonLines::new(futures_util::stream::iter(items)).measured(&orders)
    };
    stream(vec![Ok(1), Ok(2)]).collect().await.expect("whole");
    assert!(stream(vec![Ok(1), Err("no")]).collect().await.is_err());
    stream(vec![Err("no")]).tell_errors(|error| error.to_string()).collect().await.expect("told");
    drop(stream(vec![Ok(1)]));
    let seen = counts.since_last_look();
    assert_eq!(seen("forebay_response_items_total orders"), 3);
    for (end, count) in [("whole", 1), ("error", 2), ("dropped", 1)] {
        assert_eq!(seen(&format!("forebay_response_item_streams_total {end}")), count, "{end}");
    }
}

#[test]
fn the_book_lists_every_metric() {
    let page = include_str!("../../../../docs/src/response-watching.md");
    for metric in METRICS {
        let name = metric.name.strip_prefix("forebay_response_").expect("of this crate");
        let row = page.lines().find(|line| line.starts_with('|') && line.contains(&format!("`{name}`")));
        let row = row.unwrap_or_else(|| panic!("{name} is not in the table"));
        for label in metric.labels {
            assert!(row.contains(&format!("`{label}`")), "{name} has the label {label}");
        }
    }
}

#[test]
fn descriptions_name_the_crate_and_are_unique() {
    let mut names: Vec<_> = METRICS.iter().map(|metric| metric.name).collect();
    assert!(names.iter().all(|name| name.starts_with("forebay_response_")));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), METRICS.len());
    assert!(builder().build().is_ok(), "nothing has to be measured");
}
