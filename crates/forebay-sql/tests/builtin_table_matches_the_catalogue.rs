//! The table of built-in functions against `pg_proc` of a real server: nothing missing, nothing volatile taken for safe unseen.

use forebay_sql::{Function, builtin_function, classify};
use forebay_tests::shared;

/// The newest release of each major version whose catalogue was sorted into the table: minor releases add functions, too.
const SORTED: [u32; 1] = [150_020];

#[tokio::test]
async fn every_function_of_pg_catalog_is_in_the_table() {
    let database = shared().await.database("builtin_table").await;
    let client = database.client().await;
    let rows = client
        .query(
            "SELECT proname::text, bool_or(provolatile = 'v') FROM pg_proc
             WHERE pronamespace = 'pg_catalog'::regnamespace GROUP BY 1 ORDER BY 1",
            &[],
        )
        .await
        .unwrap();
    assert!(rows.len() > 2500);
    let mut missing = Vec::new();
    let mut volatile = Vec::new();
    for row in &rows {
        let (name, is_volatile): (String, bool) = (row.get(0), row.get(1));
        match builtin_function(&name) {
            None => missing.push(name),
            Some(Function::Reads) if is_volatile => volatile.push(name),
            Some(_) => {}
        }
    }
    let server: u32 =
        client.query_one("SHOW server_version_num", &[]).await.unwrap().get::<_, String>(0).parse().unwrap();
    if SORTED.iter().any(|sorted| server / 10_000 == sorted / 10_000 && server <= *sorted) {
        assert!(missing.is_empty(), "add to functions.txt: {missing:?}");
    }
    // Of a server younger than the table: nothing that is not in it may pass for a read.
    for name in &missing {
        assert!(!classify(&format!("SELECT {name}()")).is_read(), "{name}() passes for a read");
    }
    assert!(volatile.is_empty(), "volatile, so not class `r` in functions.txt: {volatile:?}");
}

#[tokio::test]
async fn every_operator_of_pg_catalog_is_known() {
    let database = shared().await.database("builtin_operators").await;
    let client = database.client().await;
    let rows = client
        .query(
            "SELECT DISTINCT oprname::text FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace",
            &[],
        )
        .await
        .unwrap();
    assert!(rows.len() > 60);
    for row in &rows {
        let operator: String = row.get(0);
        assert!(classify(&format!("SELECT 1 {operator} 2")).is_read(), "add to operators.rs: {operator}");
    }
}

#[tokio::test]
async fn every_keyword_is_in_the_list_with_its_category() {
    let database = shared().await.database("keywords").await;
    let client = database.client().await;
    let rows = client.query("SELECT word, catcode::text FROM pg_get_keywords()", &[]).await.unwrap();
    assert!(rows.len() > 400);
    let missing: Vec<String> = rows
        .iter()
        .map(|row| row.get(0))
        .filter(|word: &String| forebay_sql::Keyword::find(word).is_none())
        .collect();
    assert!(missing.is_empty(), "add to keyword/list.rs: {missing:?}");
}

#[tokio::test]
async fn every_view_that_shows_the_server_is_known() {
    let database = shared().await.database("server_views").await;
    let client = database.client().await;
    // A view over a function that concerns a server or session shows the server or session.
    let rows = client
        .query(
            "SELECT DISTINCT c.relname::text, called[1] FROM pg_class c
             CROSS JOIN regexp_matches(pg_get_viewdef(c.oid), '(\\w+)\\(', 'g') called
             WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'v'",
            &[],
        )
        .await
        .unwrap();
    assert!(rows.len() > 50);
    for row in &rows {
        let (view, function): (String, String) = (row.get(0), row.get(1));
        // Keywords such as COALESCE are no functions.
        let tied = builtin_function(&function)
            .is_some_and(|class| !matches!(class, Function::Reads | Function::Harmless));
        if tied {
            let class = classify(&format!("SELECT * FROM {view}"));
            assert!(!class.is_read(), "{view} calls {function}(): add it to relations.rs");
        }
    }
}
