//! On real servers: each statement called a read runs on a standby, and on the primary takes no transaction id and no advisory lock.

use forebay_sql::statements;
use forebay_tests::shared;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

const SCHEMA: &str = include_str!("corpus/schema.sql");
const READ: &str = include_str!("corpus/read.sql");

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the lab's server answers");
    tokio::spawn(connection);
    client
}

/// Run a statement, whatever protocol it needs, and forget its rows.
async fn run(client: &Client, sql: &str) -> Result<(), String> {
    let done = if sql.starts_with("COPY") {
        client.copy_out(sql).await.map(drop)
    } else {
        client.simple_query(sql).await.map(drop)
    };
    done.map_err(|error| match error.as_db_error() {
        Some(error) => format!("{} {}", error.code().code(), error.message()),
        None => error.to_string(),
    })
}

/// The one value of a query.
async fn value(client: &Client, sql: &str) -> String {
    let messages = client.simple_query(sql).await.expect("a plain query");
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("").to_owned()),
        _ => None,
    });
    row.expect("one row")
}

#[tokio::test]
async fn reads_run_on_a_standby() {
    let database = shared().await.database("reads_run_on_a_standby").await;
    database.execute(SCHEMA).await;
    let standby = connect(&database.replica_urls()[0]).await;
    assert_eq!(value(&standby, "SELECT pg_is_in_recovery()").await, "t");
    let mut refused = String::new();
    let mut count = 0;
    for (_, sql) in statements(READ) {
        count += 1;
        if let Err(error) = run(&standby, sql).await {
            refused.push_str(&format!("{sql}\n    {error}\n"));
        }
    }
    assert!(count > 150, "the corpus has {count} statements");
    assert!(refused.is_empty(), "a standby refuses:\n{refused}");
}

#[tokio::test]
async fn reads_leave_no_trace_on_the_primary() {
    let database = shared().await.database("reads_leave_no_trace").await;
    database.execute(SCHEMA).await;
    let primary = connect(&database.primary_url()).await;
    let mut traces = String::new();
    for (_, sql) in statements(READ) {
        primary.batch_execute("BEGIN").await.expect("a transaction begins");
        if let Err(error) = run(&primary, sql).await {
            traces.push_str(&format!("{sql}\n    {error}\n"));
        } else {
            let id = value(&primary, "SELECT coalesce(pg_current_xact_id_if_assigned()::text, '')").await;
            let locks = "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND (locktype = 'advisory' OR mode LIKE 'Row%')";
            let locks = value(&primary, locks).await;
            if !id.is_empty() || locks != "0" {
                traces.push_str(&format!("{sql}\n    transaction id {id}, locks {locks}\n"));
            }
        }
        primary.batch_execute("ROLLBACK").await.expect("a transaction ends");
    }
    assert!(traces.is_empty(), "not only reading:\n{traces}");
}
