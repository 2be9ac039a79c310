//! Indexes that are advised, against none and against an expert's, on TPC-H: advised for one half of the draws, really built, and judged
//! on the other half. And workloads that want for no index.

mod data;
mod negative;
mod queries;

use anyhow::{Context as _, Result};
use forebay_benches::{Aim, Report, Summary};
use forebay_plan::advise::{Options, Statement, Workload, advise};
use forebay_tests::{Postgres, PostgresSpec};
use std::{
    env,
    time::{Duration, Instant},
};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// Of TPC-H, unless `FOREBAY_BENCH_SCALE` says otherwise.
const SCALE: f64 = 0.2;
/// Draws that are advised for, and as many others that are judged on.
const DRAWS: u64 = 2;
/// A question that takes longer is ended, and counts with what it took and touched up to then.
const PATIENCE: Duration = Duration::from_secs(6);

/// What an administrator who knows these questions makes: written before any advice was seen.
const EXPERT: [(&str, &str); 9] = [
    ("lineitem", "l_partkey, l_suppkey"),
    ("lineitem", "l_shipdate"),
    ("lineitem", "l_receiptdate"),
    ("lineitem", "l_suppkey"),
    ("orders", "o_orderdate"),
    ("orders", "o_custkey"),
    ("partsupp", "ps_suppkey"),
    ("part", "p_brand, p_container"),
    ("customer", "c_nationkey"),
];

/// A round of questions under a set of indexes.
struct Run {
    blocks: f64,
    seconds: f64,
    /// Questions that were ended.
    ended: usize,
    /// Of the indexes.
    bytes: f64,
}

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    for peer in ["index_advisor", "postgres-mcp"] {
        // Neither is a package of the distribution's.
        report.peer(peer, "missing");
    }
    runtime.block_on(Box::pin(measure(report)))
}

async fn measure(report: &mut Report) -> Result<()> {
    let scale = match env::var("FOREBAY_BENCH_SCALE") {
        Ok(scale) => scale.parse().context("FOREBAY_BENCH_SCALE is no number")?,
        Err(_) => SCALE,
    };
    let spec = PostgresSpec { shared_buffers_mb: 768, ..PostgresSpec::default() };
    let server = Postgres::start(spec.setting("autovacuum", "off").setting("wal_level", "replica")).await?;
    let (client, connection) = tokio_postgres::connect(&server.primary_url(), NoTls).await?;
    tokio::spawn(connection);
    client
        .batch_execute(&format!(
            "SET work_mem = '64MB'; SET maintenance_work_mem = '256MB'; SET jit = off;
             SET max_parallel_workers_per_gather = 0; SET max_parallel_maintenance_workers = 0; SET client_min_messages = warning;
             CREATE EXTENSION hypopg; SET statement_timeout = {}",
            5 * 60 * 1000
        ))
        .await
        .context("HypoPG is needed")?;
    negative::run(report, &client).await?;
    report.progress(&format!("filling TPC-H at scale factor {scale}"));
    data::fill(&client, scale).await?;
    // Both halves: advised for, and judged on.
    let known: Vec<String> = (0..DRAWS).flat_map(|draw| queries::round(2 * draw)).collect();
    let unknown: Vec<String> = (0..DRAWS).flat_map(|draw| queries::round(2 * draw + 1)).collect();

    let once = ask(&client, &known[..22]).await?;
    let none = ask(&client, &unknown).await?;
    report.progress("the expert's indexes");
    let expert: Vec<String> =
        EXPERT.iter().map(|(table, columns)| format!("CREATE INDEX ON {table} ({columns})")).collect();
    let expert = with(&client, &expert, &unknown).await?;

    let mut options = Options::default();
    options.bytes_max = Some(expert.bytes as u64);
    let workload = Workload { statements: known.iter().map(Statement::new).collect(), problems: Vec::new() };
    let began = Instant::now();
    let advice = advise(&client, &workload, &options).await?;
    let advising = began.elapsed().as_secs_f64();
    for problem in &advice.problems {
        report.progress(&format!("not planned: {}: {}", problem.what, problem.statement));
    }
    for index in &advice.indexes {
        report.progress(&format!(
            "advised: {} {} ({} bytes)",
            index.table,
            index.definition.sql(),
            index.bytes
        ));
    }
    let statements: Vec<String> = advice.indexes.iter().flat_map(|index| index.ddl.clone()).collect();
    let predicted: Vec<(String, f64)> =
        advice.indexes.iter().map(|index| (index.name.clone(), index.bytes as f64)).collect();
    for statement in &statements {
        client.batch_execute(statement).await.with_context(|| statement.clone())?;
    }
    sizes(report, &client, &predicted).await?;
    let ours = Run { bytes: bytes(&client).await?, ..ask(&client, &unknown).await? };
    figures(report, unknown.len(), [&none, &ours, &expert], advising / once.seconds);
    Ok(())
}

fn figures(report: &mut Report, asked: usize, [none, ours, expert]: [&Run; 3], advising: f64) {
    report.progress(&format!(
        "{asked} questions were judged on; ended after {PATIENCE:?}: {} without indexes, {} with ours, {} with the expert's",
        none.ended, ours.ended, expert.ended
    ));
    let ratios = [
        ("advise.buffers_vs_none", Aim::None, ours.blocks / none.blocks),
        ("advise.time_vs_none", Aim::None, ours.seconds / none.seconds),
        ("expert.buffers_vs_none", Aim::None, expert.blocks / none.blocks),
        ("expert.time_vs_none", Aim::None, expert.seconds / none.seconds),
        ("advise.buffers_vs_expert", Aim::AtMost(1.0), ours.blocks / expert.blocks),
        ("advise.time_vs_expert", Aim::AtMost(1.0), ours.seconds / expert.seconds),
        ("advise.size_vs_expert", Aim::AtMost(1.0), ours.bytes / expert.bytes),
        ("advise.advising_vs_workload_once", Aim::AtMost(1.0), advising),
    ];
    for (name, aim, ratio) in ratios {
        report.value(name, aim, ratio, "ratio", asked);
    }
    report.value("advise.index_bytes", Aim::None, ours.bytes, "bytes", 1);
    report.value("expert.index_bytes", Aim::None, expert.bytes, "bytes", 1);
}

/// Builds indexes, asks, and drops them.
async fn with(client: &Client, indexes: &[String], questions: &[String]) -> Result<Run> {
    for index in indexes {
        client.batch_execute(index).await.with_context(|| index.clone())?;
    }
    let run = Run { bytes: bytes(client).await?, ..ask(client, questions).await? };
    let drop = "SELECT coalesce(string_agg(format('DROP INDEX %I', c.relname), '; '), '') FROM pg_index i
                JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT indisprimary AND relnamespace = 'public'::regnamespace";
    let drop: String = client.query_one(drop, &[]).await?.get(0);
    client.batch_execute(&drop).await?;
    Ok(run)
}

async fn bytes(client: &Client) -> Result<f64> {
    let sum = "SELECT coalesce(sum(pg_relation_size(indexrelid)), 0)::float8 FROM pg_index i
               JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT indisprimary AND relnamespace = 'public'::regnamespace";
    Ok(client.query_one(sum, &[]).await?.get(0))
}

/// How far predicted sizes are from real ones.
async fn sizes(report: &mut Report, client: &Client, predicted: &[(String, f64)]) -> Result<()> {
    let mut errors = Vec::new();
    for (name, predicted) in predicted {
        let size = "SELECT pg_relation_size(oid)::float8 FROM pg_class WHERE relname = $1";
        let real: f64 = client.query_one(size, &[name]).await.with_context(|| name.clone())?.get(0);
        errors.push((predicted / real - 1.0).abs());
    }
    report.spread("advise.size_error_median", Aim::AtMost(0.25), Summary::of(errors), "share", 0.0);
    Ok(())
}

/// Asks each question once, with everything in the server's memory.
async fn ask(client: &Client, questions: &[String]) -> Result<Run> {
    let mut run = Run { blocks: 0.0, seconds: 0.0, ended: 0, bytes: 0.0 };
    client.batch_execute(&format!("SET statement_timeout = {}", PATIENCE.as_millis())).await?;
    for question in questions {
        let before = touched(client).await?;
        let explain = format!("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {question}");
        let began = Instant::now();
        match client.simple_query(&explain).await {
            Ok(rows) => {
                let text = rows.iter().find_map(|message| match message {
                    SimpleQueryMessage::Row(row) => row.get(0),
                    _ => None,
                });
                let plan = serde_json::from_str::<serde_json::Value>(text.context("no plan was printed")?)?;
                let count = |key: &str| plan[0]["Plan"][key].as_f64().unwrap_or(0.0);
                run.blocks += count("Shared Hit Blocks") + count("Shared Read Blocks");
                run.seconds += plan[0]["Execution Time"].as_f64().unwrap_or(0.0) / 1e3;
            }
            Err(_) if began.elapsed() >= PATIENCE => {
                run.blocks += touched(client).await? - before;
                run.seconds += PATIENCE.as_secs_f64();
                run.ended += 1;
            }
            Err(error) => return Err(error).with_context(|| question.clone()),
        }
    }
    client.batch_execute("SET statement_timeout = '5min'").await?;
    Ok(run)
}

/// Blocks that this database's sessions have touched so far, by the server's own count.
async fn touched(client: &Client) -> Result<f64> {
    client.execute("SELECT pg_stat_force_next_flush()", &[]).await?;
    let sum =
        "SELECT (blks_hit + blks_read)::float8 FROM pg_stat_database WHERE datname = current_database()";
    Ok(client.query_one(sum, &[]).await?.get(0))
}
