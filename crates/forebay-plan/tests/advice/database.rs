//! A shop's database, and advice for it.

use forebay_plan::advise::{Advice, IndexAdvice, Options, Workload, advise};
use forebay_tests::{Postgres, PostgresSpec, TestDatabase, shared};
use tokio_postgres::{Client, NoTls};

const SCHEMA: &str = "
    CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, status text NOT NULL, placed date NOT NULL, amount numeric NOT NULL,
                         note text, gone timestamptz, hits int NOT NULL DEFAULT 0);
    INSERT INTO orders SELECT i, (i * 7919) % 20000, CASE WHEN i % 100 = 0 THEN 'open' ELSE 'done' END,
                              date '2020-01-01' + (i * 31) % 1500, i % 997, 'note ' || (i * 13) % 40000,
                              CASE WHEN i % 50 > 0 THEN timestamptz '2024-01-01' END
                       FROM generate_series(1, 60000) i;
    CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, country text NOT NULL);
    INSERT INTO customers SELECT i, 'Name ' || (i * 17) % 20000, 'c' || i % 5 FROM generate_series(0, 19999) i;
    CREATE TABLE tiny (id int, name text);
    INSERT INTO tiny SELECT i, 'n' || i FROM generate_series(1, 300) i;";

/// A database with the shop's tables, and HypoPG where the server has it; whether it has.
pub(crate) async fn shop(test: &str) -> (TestDatabase, Client, bool) {
    let database = shared().await.database(test).await;
    let client = database.client().await;
    let there = fill(&client).await;
    (database, client, there)
}

/// A server of one's own that counts statements, with the shop's tables.
pub(crate) async fn counting_shop() -> (Postgres, Client, bool) {
    let spec = PostgresSpec::default().setting("shared_preload_libraries", "pg_stat_statements");
    let postgres = Postgres::start(spec).await.expect("the programs are there");
    let client = client(&postgres.primary_url()).await;
    let there = fill(&client).await;
    let counting = "CREATE EXTENSION pg_stat_statements; SELECT pg_stat_statements_reset()";
    client.batch_execute(counting).await.expect("it is loaded");
    (postgres, client, there)
}

pub(crate) async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the server is there");
    tokio::spawn(connection);
    client
}

#[expect(clippy::print_stdout, reason = "the run says what it leaves out")]
async fn fill(client: &Client) -> bool {
    client.batch_execute(SCHEMA).await.expect("the schema is right");
    client.batch_execute("VACUUM ANALYZE").await.expect("a superuser may");
    let available = "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'hypopg')";
    let there: bool = client.query_one(available, &[]).await.expect("a row").get(0);
    if there {
        client.batch_execute("CREATE EXTENSION hypopg").await.expect("it is available");
    } else {
        println!("HypoPG is not on this server: what needs the planner's word is left out");
    }
    there
}

pub(crate) async fn advice(client: &Client, script: &str) -> Advice {
    advice_with(client, script, &Options::default()).await
}

pub(crate) async fn advice_with(client: &Client, script: &str, options: &Options) -> Advice {
    let advice = advise(client, &Workload::parse(script), options).await;
    advice.unwrap_or_else(|error| panic!("{error:?}"))
}

/// What the proposed indexes index, in the order of their gain.
pub(crate) fn definitions(advice: &Advice) -> Vec<String> {
    advice.indexes.iter().map(|index| format!("{} {}", index.table, index.definition.sql())).collect()
}

/// Makes a proposed index, as the advice says.
pub(crate) async fn make(client: &Client, index: &IndexAdvice) {
    for statement in &index.ddl {
        client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
}
