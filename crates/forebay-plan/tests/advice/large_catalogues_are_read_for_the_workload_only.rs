//! However many tables there are, what is read of the catalogue is about those of the workload.

use tokio_postgres::Client;

use crate::database::{advice, counting_shop, definitions};

const TABLES: i64 = 10_000;

/// Advice, the questions it took and the rows they had.
async fn asked(client: &Client) -> (Vec<String>, i64, i64) {
    client.batch_execute("SELECT pg_stat_statements_reset()").await.expect("a superuser may");
    let found = advice(client, "SELECT * FROM orders WHERE customer = 17").await;
    let counted =
        "SELECT sum(calls)::int8, sum(rows)::int8 FROM pg_stat_statements WHERE query LIKE '%pg_catalog%'";
    let row = client.query_one(counted, &[]).await.expect("it is loaded");
    (definitions(&found), row.get(0), row.get(1))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_tables_cost_no_question_and_no_row_more() {
    let (_server, client, _) = counting_shop().await;
    let few = asked(&client).await;
    assert_eq!(few.0.len(), 1, "{few:?}");
    let make = format!(
        "DO $$BEGIN FOR i IN 1..{TABLES} LOOP EXECUTE 'CREATE TABLE many_' || i || ' (id int, name int)';
           IF i % 500 = 0 THEN COMMIT; END IF; END LOOP; END$$"
    );
    client.batch_execute(&make).await.expect("the server has room");
    let there = "SELECT count(*) FROM pg_class WHERE relname LIKE 'many\\_%'";
    assert_eq!(client.query_one(there, &[]).await.expect("a row").get::<_, i64>(0), TABLES);
    assert_eq!(asked(&client).await, few);
}
