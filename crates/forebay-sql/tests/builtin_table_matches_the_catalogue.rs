//! The table of built-in functions against `pg_proc` of a real server: nothing missing, nothing volatile taken for safe unseen.

use std::collections::HashSet;

use forebay_sql::{Function, builtin_function, builtin_function_in, classify};
use forebay_tests::shared;

/// The release of each major version whose catalogue was sorted into the table: minor releases add functions, too.
const SORTED: [u32; 5] = [140_023, 150_018, 160_014, 170_010, 180_004];

/// The names in the table.
fn table() -> impl Iterator<Item = &'static str> {
    let lines = include_str!("../src/builtin/functions.txt").lines();
    lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split(' ').nth(1))
}

/// The names of functions and types that can be called, each with whether it is volatile.
const NAMES: &str = "
    SELECT name, bool_or(volatile) FROM (
        SELECT proname::text, provolatile = 'v' FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
        UNION ALL SELECT typname::text, false FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND $1
    ) names (name, volatile) GROUP BY 1 ORDER BY 1";

#[tokio::test]
async fn every_function_of_pg_catalog_is_in_the_table_and_no_other() {
    let database = shared().await.database("builtin_table").await;
    let client = database.client().await;
    let server: u32 =
        client.query_one("SHOW server_version_num", &[]).await.unwrap().get::<_, String>(0).parse().unwrap();
    let major = u8::try_from(server / 10_000).unwrap();
    let (mut missing, mut volatile) = (Vec::new(), Vec::new());
    for row in client.query(NAMES, &[&false]).await.unwrap() {
        let (name, is_volatile): (String, bool) = (row.get(0), row.get(1));
        match builtin_function_in(&name, major) {
            None => missing.push(name),
            Some(Function::Reads) if is_volatile => volatile.push(name),
            Some(_) => {}
        }
    }
    let rows = client.query(NAMES, &[&true]).await.unwrap();
    assert!(rows.len() > 2500);
    let there: HashSet<String> = rows.iter().map(|row| row.get(0)).collect();
    let gone: Vec<&str> =
        table().filter(|name| builtin_function_in(name, major).is_some() && !there.contains(*name)).collect();
    if SORTED.iter().any(|sorted| server / 10_000 == sorted / 10_000 && server <= *sorted) {
        assert!(missing.is_empty(), "add to functions.txt: {missing:?}");
    }
    if SORTED.contains(&server) {
        assert!(
            gone.is_empty(),
            "{server} has none of these, so give their versions in functions.txt: {gone:?}"
        );
    }
    // Of a server younger than the table: nothing that is not in it may pass for a read.
    for name in missing.iter().filter(|name| builtin_function(name).is_none()) {
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
