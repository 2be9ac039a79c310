//! The text of a plan tells what its JSON does.

use std::collections::BTreeMap;

use forebay_plan::{Object, Plan, Value};

use crate::cases::CASES;
use crate::database::{database, major, plan};

/// What one run differs from the next by, or what the text tells otherwise: of grouping sets it shows no structure, and that an input
/// is unique only with `VERBOSE`.
const LEFT_OUT: [&str; 7] = [
    "Peak Memory Usage",
    "Sort Space Used",
    "Grouping Sets",
    "Group Key",
    "Hash Key",
    "Disk Usage",
    "Inner Unique",
];

/// What JSON says where the text says nothing.
fn says_nothing(key: &str, value: &Value) -> bool {
    match value {
        Value::Bool(value) => !value,
        Value::Number(_) => value.number() == Some(0.0),
        Value::Text(text) => matches!(
            (key, text.as_str()),
            ("Scan Direction", "Forward" | "NoMovement") | ("Strategy", "Plain") | ("Partial Mode", "Simple")
        ),
        Value::List(values) => values.is_empty(),
        _ => false,
    }
}

/// Keys with what they say, those that say nothing aside; a list of one is what stands in it.
fn told(fields: &Object) -> BTreeMap<String, String> {
    let pairs = fields.iter().filter(|(key, value)| !LEFT_OUT.contains(key) && !says_nothing(key, value));
    pairs
        .map(|(key, value)| match value {
            Value::Object(inner) => (key.to_owned(), format!("{:?}", told(inner))),
            Value::Number(_) => (key.to_owned(), format!("{:?}", value.number())),
            _ => (key.to_owned(), value.to_string()),
        })
        .collect()
}

fn compare(text: &Plan, json: &Plan, sql: &str) {
    assert_eq!(text.nodes().len(), json.nodes().len(), "{sql}\n{text}\n{json}");
    for (ours, theirs) in text.nodes().iter().zip(json.nodes()) {
        assert_eq!(told(ours.fields()), told(theirs.fields()), "{sql}");
        assert_eq!((ours.parent(), ours.depth()), (theirs.parent(), theirs.depth()), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_model_is_the_same() {
    let (_database, client) = database("text_as_json").await;
    let major = major(&client).await;
    for case in CASES.iter().filter(|case| case.since <= major) {
        for options in
            ["VERBOSE, SETTINGS", "COSTS OFF", "ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF"]
        {
            if options.starts_with("ANALYZE") && !case.runs {
                continue;
            }
            let text = plan(&client, case, &format!("{options}, FORMAT TEXT")).await;
            let json = plan(&client, case, &format!("{options}, FORMAT JSON")).await;
            compare(&text, &json, &format!("{options}: {}", case.sql));
            if !options.starts_with("ANALYZE") {
                assert_eq!(told(text.fields()), told(json.fields()), "{options}: {}", case.sql);
            }
        }
    }
}
