//! A database with something of everything, and plans out of it.

use forebay_plan::{Plan, read};
use forebay_tests::{TestDatabase, shared};
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::cases::Case;

const SCHEMA: &str = "
    CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, team int, score int);
    INSERT INTO users SELECT i, 'user ' || i, i % 50, (i * 7919) % 1000 FROM generate_series(1, 10000) i;
    CREATE INDEX users_team ON users (team);
    CREATE INDEX users_score ON users (score);
    CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users, amount int, note text);
    INSERT INTO orders SELECT i, 1 + (i * 31) % 10000, i % 100, repeat('x', 50) FROM generate_series(1, 20000) i;
    CREATE INDEX orders_user ON orders (user_id);
    CREATE TABLE events (at int, what text) PARTITION BY RANGE (at);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);
    CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (1000) TO (2000);
    INSERT INTO events SELECT i, 'e' FROM generate_series(0, 1999) i;
    CREATE INDEX ON events (at);
    CREATE TABLE \"Odd on Name\" (\"a b\" int, \"using\" int);
    INSERT INTO \"Odd on Name\" SELECT i, i FROM generate_series(1, 10) i;
    CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER orders_told AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION told();
    VACUUM ANALYZE;";

pub(crate) async fn database(test: &str) -> (TestDatabase, Client) {
    let database = shared().await.database(test).await;
    let client = database.client().await;
    for statement in SCHEMA.split(";\n") {
        client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
    (database, client)
}

/// What `EXPLAIN` prints of a case; what it did is undone.
pub(crate) async fn explain(client: &Client, case: &Case, options: &str) -> String {
    let begin = format!("BEGIN; {};", case.settings);
    client.batch_execute(&begin).await.unwrap_or_else(|error| panic!("{begin}: {error:?}"));
    let text = rows(client, &format!("EXPLAIN ({options}) {}", case.sql)).await;
    client.batch_execute("ROLLBACK").await.expect("a transaction is open");
    text
}

pub(crate) async fn plan(client: &Client, case: &Case, options: &str) -> Plan {
    let text = explain(client, case, options).await;
    let mut plans = read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(plans.len(), 1, "{text}");
    plans.remove(0)
}

/// The first column of what a statement gives, a line for each row.
pub(crate) async fn rows(client: &Client, sql: &str) -> String {
    let messages = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let lines: Vec<&str> = messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        })
        .collect();
    lines.join("\n")
}

pub(crate) async fn major(client: &Client) -> u32 {
    let version: u32 = rows(client, "SHOW server_version_num").await.parse().expect("a number");
    version / 10_000
}
