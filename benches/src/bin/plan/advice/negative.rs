//! Workloads that want for no index.

use anyhow::{Context as _, Result};
use forebay_benches::{Aim, Report};
use forebay_plan::advise::{Options, Statement, Workload, advise};
use tokio_postgres::Client;

const TABLES: &str = "
    CREATE TABLE colours (id int PRIMARY KEY, name text, code int);
    INSERT INTO colours SELECT i, 'colour ' || i, i FROM generate_series(1, 90) i;
    CREATE TABLE people (id int PRIMARY KEY, male boolean, team int, level int, seen int, name text);
    INSERT INTO people SELECT i, i % 2 = 0, i % 400, i % 7, 0, rpad('person ' || i, 60, ' of some kind') FROM generate_series(1, 80000) i;
    CREATE INDEX people_by_team ON people (team, level);
    CREATE TABLE sessions (id int PRIMARY KEY, hits int, data text);
    INSERT INTO sessions SELECT i, i % 50, rpad('', 40, 'data') FROM generate_series(1, 40000) i;";

/// What it is, and statements with how often each runs.
const WORKLOADS: [(&str, &[(&str, f64)]); 6] = [
    ("a tiny table", &[("SELECT name FROM colours WHERE code = 17", 1000.0)]),
    ("half of a table", &[("SELECT count(*), max(name) FROM people WHERE male", 10.0)]),
    ("all of a table", &[("SELECT level, count(*), max(name) FROM people GROUP BY level", 10.0)]),
    ("found by the primary key", &[("SELECT * FROM people WHERE id = 4711", 1000.0)]),
    (
        "covered by what is there",
        &[
            ("SELECT * FROM people WHERE team = 17", 100.0),
            ("SELECT * FROM people WHERE team = 17 AND level = 3", 100.0),
        ],
    ),
    (
        "a column that is written all the time",
        &[
            ("UPDATE sessions SET hits = hits + 1 WHERE id = 17", 100_000.0),
            ("SELECT count(*), max(data) FROM sessions WHERE hits > 45", 1.0),
        ],
    ),
];

pub(super) async fn run(report: &mut Report, client: &Client) -> Result<()> {
    client.batch_execute("CREATE SCHEMA negative; SET search_path = negative, public").await?;
    client.batch_execute(TABLES).await?;
    // The columns' own updates, as a live system has them.
    client.batch_execute("UPDATE sessions SET hits = hits + 1 WHERE id % 4 = 0").await?;
    for table in ["colours", "people", "sessions"] {
        client.batch_execute(&format!("VACUUM ANALYZE {table}")).await?;
    }
    let mut wrong = 0;
    for (what, statements) in WORKLOADS {
        let statements = statements.iter().map(|(sql, weight)| {
            let mut statement = Statement::new(*sql);
            statement.weight = *weight;
            statement
        });
        let workload = Workload { statements: statements.collect(), problems: Vec::new() };
        let advice = advise(client, &workload, &Options::default()).await.context(what)?;
        for index in &advice.indexes {
            report.progress(&format!("{what}: {} {} was advised", index.table, index.definition.sql()));
        }
        wrong += usize::from(!advice.indexes.is_empty());
    }
    client.batch_execute("DROP SCHEMA negative CASCADE; SET search_path = public").await?;
    report.value(
        "advise.negative_controls_with_advice",
        Aim::AtMost(0.0),
        wrong as f64,
        "workloads",
        WORKLOADS.len(),
    );
    Ok(())
}
