//! `pg_stat_statements`, by the same fingerprints.

use forebay_plan::ServerStatements;
use forebay_tests::{Postgres, PostgresSpec};
use tokio_postgres::{Client, NoTls};

async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the server is there");
    tokio::spawn(connection);
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_what_came_in_between() {
    let spec = PostgresSpec::default().setting("shared_preload_libraries", "pg_stat_statements");
    let postgres = Postgres::start(spec).await.unwrap();
    let (client, other) = (client(&postgres.primary_url()).await, client(&postgres.primary_url()).await);
    let mut server = ServerStatements::new(1000);
    assert_eq!(server.read(&client).await.unwrap(), None, "there is no extension");
    client
        .batch_execute("CREATE SCHEMA \"Odd\"; CREATE EXTENSION pg_stat_statements SCHEMA \"Odd\"")
        .await
        .unwrap();
    other.query("SELECT 7 AS a, 'x'", &[]).await.unwrap();
    assert_eq!(server.read(&client).await.unwrap(), None, "from here on");
    let ours = forebay_sql::fingerprint("SELECT $1 AS a, $2");
    let mut seen = async || {
        let delta = server.read(&client).await.unwrap().expect("it was read before");
        let calls = delta.statements.iter().find(|statement| statement.fingerprint == ours);
        (calls.map_or(0, |statement| statement.calls), delta.incomplete)
    };
    for n in 0..5 {
        other.query(&format!("SELECT {n} AS a, 'y'"), &[]).await.unwrap();
    }
    assert_eq!(seen().await, (5, false));
    assert_eq!(seen().await, (0, false));
    other.batch_execute("SELECT \"Odd\".pg_stat_statements_reset()").await.unwrap();
    other.query("SELECT 8 AS a, 'z'", &[]).await.unwrap();
    assert_eq!(seen().await, (1, true), "counters began anew in between");
}
