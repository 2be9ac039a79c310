//! Each built-in function the table calls safe is called, with arguments that reach its body, on a standby and on the primary: it must
//! not be refused on one of them only, and must take no transaction id.

use forebay_sql::{Function, builtin_function};
use forebay_tests::shared;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// Every overload that can be called from a query, with the types of its arguments.
const OVERLOADS: &str = "
    SELECT proname::text,
           coalesce((SELECT array_agg(format_type(type, NULL) ORDER BY at) FROM unnest(proargtypes) WITH ORDINALITY a(type, at)), '{}')
    FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f'
      AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype)
      AND NOT EXISTS (SELECT FROM unnest(proargtypes) type JOIN pg_type t ON t.oid = type WHERE t.typtype = 'p')
    ORDER BY 1, 2";

/// A call with a value for each argument; most functions answer NULL to NULL without running.
fn call(name: &str, types: &[String]) -> String {
    let values: Vec<String> = types.iter().map(|name| value(name)).collect();
    format!("SELECT pg_catalog.\"{name}\"({})", values.join(", "))
}

fn value(name: &str) -> String {
    match name {
        "text" => "'a'::text",
        "oid" => "1259::oid",
        "regclass" => "'pg_class'::regclass",
        "integer" => "1",
        "bigint" => "1::bigint",
        "smallint" => "1::smallint",
        "boolean" => "true",
        "name" => "'public'::name",
        "double precision" => "1::float8",
        "numeric" => "1.0",
        "interval" => "'0 s'::interval",
        "timestamp with time zone" => "now()",
        "\"char\"" => "'a'::\"char\"",
        "xml" => "'<a/>'::xml",
        "json" => "'{}'::json",
        "jsonb" => "'{}'::jsonb",
        other => return format!("NULL::{other}"),
    }
    .to_owned()
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the lab's server answers");
    tokio::spawn(connection);
    client
}

/// The SQLSTATE of a failed statement, or nothing.
async fn state(client: &Client, sql: &str) -> Option<String> {
    let error = client.simple_query(sql).await.err()?;
    Some(error.as_db_error().map_or_else(|| error.to_string(), |error| error.code().code().to_owned()))
}

#[tokio::test]
async fn on_both_servers_the_same_and_without_a_transaction_id() {
    let database = shared().await.database("safe_functions").await;
    let primary = connect(&database.primary_url()).await;
    let standby = connect(&database.replica_urls()[0]).await;
    let mut calls = 0;
    let mut wrong = String::new();
    for row in primary.query(OVERLOADS, &[]).await.unwrap() {
        let (name, types): (String, Vec<String>) = (row.get(0), row.get(1));
        if !matches!(builtin_function(&name), Some(Function::Reads | Function::Harmless)) {
            continue;
        }
        calls += 1;
        let sql = call(&name, &types);
        let there = state(&standby, &sql).await;
        primary.simple_query("BEGIN").await.unwrap();
        let here = state(&primary, &sql).await;
        let taken = match primary.simple_query("SELECT pg_current_xact_id_if_assigned()").await {
            Ok(messages) => messages
                .iter()
                .any(|message| matches!(message, SimpleQueryMessage::Row(row) if row.get(0).is_some())),
            // The call failed, and with it the transaction.
            Err(_) => false,
        };
        primary.simple_query("ROLLBACK").await.unwrap();
        if there != here || taken {
            wrong.push_str(&format!("{sql}: standby {there:?}, primary {here:?}, transaction id {taken}\n"));
        }
    }
    assert!(calls > 1500, "{calls} calls");
    assert!(wrong.is_empty(), "not safe:\n{wrong}");
}
