//! Of a list what a field mask selects: our scanner, against a tree of the document in memory.

use crate::bodies;
use forebay_benches::{Aim, PAIRS, Report, Summary};
use forebay_response::{FieldFilter, FieldMask, FieldsConfig, JsonFraming};
use serde_json::Value;
use std::time::{Duration, Instant};

/// As a connection brings it.
const FRAME_BYTES: usize = 16 << 10;
const BODY_BYTES: usize = 100_000;
const ROUNDS: u32 = 40;

/// Megabytes of body a second, and how many times that is what a tree takes.
pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let body = bodies::api(BODY_BYTES, 3);
    let mask = FieldMask::parse("items(id,name,city)")?;
    let config = FieldsConfig::default();
    let scan = || -> anyhow::Result<Vec<u8>> {
        let mut filter = FieldFilter::new(&mask, JsonFraming::Document, &config);
        let mut out = Vec::new();
        for frame in body.chunks(FRAME_BYTES) {
            filter.push(frame, &mut out)?;
        }
        filter.finish()?;
        Ok(out)
    };
    let tree = || -> anyhow::Result<Vec<u8>> {
        let mut document: Value = serde_json::from_slice(&body)?;
        let items = document["items"].as_array_mut().into_iter().flatten();
        for members in items.filter_map(Value::as_object_mut) {
            members.retain(|name, _| matches!(name.as_str(), "id" | "name" | "city"));
        }
        Ok(serde_json::to_vec(&document)?)
    };
    let (ours, theirs): (Value, Value) =
        (serde_json::from_slice(&scan()?)?, serde_json::from_slice(&tree()?)?);
    anyhow::ensure!(ours == theirs, "both select the same");
    let rates = (0..PAIRS).map(|_| f64::from(ROUNDS) * body.len() as f64 / 1e6 / time(&scan).as_secs_f64());
    report.spread(
        "response.fields_mb_per_s",
        Aim::AtLeast(1000.0),
        Summary::of(rates.collect()),
        "MB/s",
        0.0,
    );
    let name = "response.fields_vs_serde_json_tree";
    report.throughput_ratio(name, Aim::AtLeast(1.0), PAIRS, || time(&scan), || time(&tree));
    Ok(())
}

fn time(work: &impl Fn() -> anyhow::Result<Vec<u8>>) -> Duration {
    let began = Instant::now();
    for _ in 0..ROUNDS {
        std::hint::black_box(work().expect("it went well before"));
    }
    began.elapsed()
}
