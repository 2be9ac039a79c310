//! Values are kept where they are asked for, and shown to nobody.

use crate::observed::Observed;
use forebay_plan::CaptureConfig;
use forebay_pool::ObservedValues;
use forebay_scope::Scope;
use std::time::Duration;
use tokio_postgres::types::{ToSql, Type};

const SQL: &str =
    "SELECT $1::text || ' von gestern', $2::int8, $3::text[], $4::timestamptz IS NULL, pg_sleep($5)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_calls_are_kept_with_values_that_can_be_bound_again() {
    let config = CaptureConfig { samples_max: 2, ..CaptureConfig::default() };
    let Observed { pool, capture, database } =
        Observed::new("capture_values", config, ObservedValues::Shown).await;
    let none: Option<std::time::SystemTime> = None;
    let scope = Scope::new();
    let slow: [&(dyn ToSql + Sync); 5] = [&"geheim", &7_i64, &vec!["streng", "vertraulich"], &none, &0.3_f64];
    scope.run(pool.query(SQL, &slow)).await.unwrap();
    for n in 0..50_i64 {
        pool.query(SQL, &[&"schnell", &n, &vec!["a"], &none, &0_f64]).await.unwrap();
    }
    let samples = capture.samples(forebay_sql::fingerprint(SQL));
    assert_eq!(samples.len(), 2);
    let slowest = &samples[0];
    assert!(slowest.took >= Duration::from_millis(300), "a call a thousand times as slow is kept");
    assert_eq!(slowest.request, Some(scope.id()));
    let types: Vec<Type> = slowest.values.iter().map(|value| value.ty().clone()).collect();
    assert_eq!(types, [Type::TEXT, Type::INT8, Type::TEXT_ARRAY, Type::TIMESTAMPTZ, Type::FLOAT8]);

    let values: Vec<_> =
        slowest.values.iter().map(|value| (value as &(dyn ToSql + Sync), value.ty().clone())).collect();
    let row = database.client().await.query_typed_one(SQL, &values).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "geheim von gestern");
    assert_eq!(row.get::<_, i64>(1), 7);
    assert_eq!(row.get::<_, Vec<String>>(2), ["streng", "vertraulich"]);
    assert!(row.get::<_, bool>(3), "NULL is NULL again");

    let report = capture.statement(forebay_sql::fingerprint(SQL)).unwrap();
    assert_eq!(report.samples[0].types, ["text", "int8", "_text", "timestamptz", "float8"]);
    assert_eq!(report.samples[0].request, Some(scope.id().to_string()));
    for shown in [format!("{capture:?} {samples:?} {report:?}"), serde_json::to_string(&report).unwrap()] {
        for value in ["geheim", "gestern", "streng"] {
            assert!(!shown.contains(value), "{value} in {shown}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_kept_of_hidden_values_or_altered_sessions() {
    let config = CaptureConfig::default();
    let Observed { pool, capture, database: _database } =
        Observed::new("capture_hidden", config.clone(), ObservedValues::Hidden).await;
    pool.query("SELECT $1::int", &[&1_i32]).await.unwrap();
    pool.query("SELECT 'geheim'", &[]).await.unwrap();
    for sql in ["SELECT $1::int", "SELECT 'geheim'"] {
        assert!(capture.samples(forebay_sql::fingerprint(sql)).is_empty(), "{sql}");
    }

    let Observed { pool, capture, database: _database } =
        Observed::new("capture_altered", config, ObservedValues::Shown).await;
    let writer = pool.write().await.unwrap();
    writer.query("SELECT $1::int", &[&1_i32]).await.unwrap();
    writer.query("SET search_path = pg_catalog", &[]).await.unwrap();
    writer.query("SELECT $1::text", &[&"a"]).await.unwrap();
    assert_eq!(capture.samples(forebay_sql::fingerprint("SELECT $1::int")).len(), 1);
    assert!(capture.samples(forebay_sql::fingerprint("SELECT $1::text")).is_empty());
}
