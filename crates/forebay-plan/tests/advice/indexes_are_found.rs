//! The indexes that statements are in want of are found, and are there to be used once they are made.

use forebay_plan::advise::Confidence;

use crate::database::{advice, definitions, make, shop};

/// What is proposed for a script on the shop's tables; none without HypoPG.
async fn proposed(test: &str, script: &str) -> Option<Vec<String>> {
    let (_database, client, there) = shop(test).await;
    if !there {
        return None;
    }
    let advice = advice(&client, script).await;
    assert!(advice.problems.is_empty(), "{:?}", advice.problems);
    assert!(advice.indexes.iter().all(|index| index.confidence == Confidence::Verified), "{advice:?}");
    Some(definitions(&advice))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equality_before_order_and_the_order_s_direction() {
    let script = "SELECT id, note FROM orders WHERE customer = 17 ORDER BY placed DESC LIMIT 3";
    if let Some(found) = proposed("advice_equality", script).await {
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("orders USING btree (customer"), "{found:?}");
    }
    let script = "SELECT * FROM orders ORDER BY placed DESC, amount LIMIT 10";
    if let Some(found) = proposed("advice_order", script).await {
        assert_eq!(found, ["orders USING btree (placed DESC, amount)"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_index_serves_several_statements() {
    let script = "SELECT * FROM orders WHERE customer = 17; SELECT * FROM orders WHERE customer = 5 AND status = 'open';
                  SELECT o.amount FROM orders o JOIN customers c ON c.id = o.customer WHERE c.name = 'Name 34'";
    if let Some(found) = proposed("advice_shared", script).await {
        let on_orders = found.iter().filter(|index| index.starts_with("orders")).count();
        assert_eq!(on_orders, 1, "{found:?}");
        assert!(found.iter().any(|index| index.contains("orders USING btree (customer")), "{found:?}");
        assert!(found.iter().any(|index| index.contains("customers USING btree (name")), "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expressions_prefixes_and_few_rows_get_indexes_of_their_kind() {
    let script = "SELECT * FROM customers WHERE lower(name) = 'name 34'; SELECT * FROM orders WHERE note LIKE 'note 777%'";
    if let Some(found) = proposed("advice_kinds", script).await {
        assert!(found.contains(&"customers USING btree ((lower(name)))".to_owned()), "{found:?}");
        assert!(found.iter().any(|index| index.starts_with("orders USING btree (note")), "{found:?}");
    }
    let script = "SELECT placed, note FROM orders WHERE gone IS NULL ORDER BY placed LIMIT 5;
                  SELECT sum(amount) FROM orders WHERE gone IS NULL AND placed < '2020-03-01'";
    if let Some(found) = proposed("advice_partial", script).await {
        assert!(found.iter().any(|index| index.ends_with("WHERE (gone IS NULL)")), "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_are_those_of_the_calls() {
    // One value in a hundred: an index helps. The others: it does not.
    let rare = "-- params: 'open'\nSELECT * FROM orders WHERE status = $1";
    let common = "-- params: 'done'\nSELECT * FROM orders WHERE status = $1";
    if let Some(found) = proposed("advice_rare", rare).await {
        assert_eq!(found, ["orders USING btree (status)"]);
    }
    if let Some(found) = proposed("advice_common", common).await {
        assert!(found.is_empty(), "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_made_is_used_and_not_proposed_again() {
    let (_database, client, there) = shop("advice_made").await;
    let script = "SELECT * FROM orders WHERE customer = 17;
                  SELECT count(*) FROM orders WHERE placed BETWEEN '2020-03-01' AND '2020-03-05'";
    if !there {
        return;
    }
    let first = advice(&client, script).await;
    assert!(!first.indexes.is_empty(), "{first:?}");
    for index in &first.indexes {
        make(&client, index).await;
    }
    client.batch_execute("ANALYZE").await.expect("a superuser may");
    let second = advice(&client, script).await;
    assert!(second.indexes.is_empty(), "{:?}", definitions(&second));
    // What was predicted is about what came of it.
    let near = second.cost_before / first.cost_after;
    assert!((0.5..1.5).contains(&near), "{} and {}", first.cost_after, second.cost_before);
    for index in &first.indexes {
        let real: i64 = client
            .query_one(&format!("SELECT pg_relation_size('{}')", index.name), &[])
            .await
            .expect("it is there")
            .get(0);
        let off = index.bytes as f64 / real as f64;
        assert!((0.75..1.33).contains(&off), "{}: {} predicted, {real} in fact", index.name, index.bytes);
    }
}
