//! Classes of callers: the higher first, in order within a class, and none for ever.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use forebay_pool::{Pool, PoolConfig, Priority};
use forebay_tests::eventually;
use std::sync::{Arc, Mutex};

type Order = Arc<Mutex<Vec<(Priority, usize)>>>;

async fn until_waiting(pool: &Pool, count: usize) {
    let waiting = || pool.status().servers[0].sessions[0].waiting;
    eventually("they wait", async || waiting() == count).await;
}

/// The order in which callers of these classes, who came in this order while the only session was out, get it.
async fn served(test: &str, classes: &[Priority]) -> Vec<(Priority, usize)> {
    let database = forebay_tests::shared().await.database(test).await;
    let config =
        PoolConfig { write_sessions_max: 1, ..PoolConfig::from_url(&database.primary_url()).unwrap() };
    let pool = Pool::builder(config).build().await.unwrap();
    let held = pool.write().await.unwrap();
    let order = Order::default();
    let mut tasks = Vec::new();
    for (number, &class) in classes.iter().enumerate() {
        let (ours, order) = (pool.with_priority(class), Arc::clone(&order));
        tasks.push(tokio::spawn(async move {
            let _writer = ours.write().await.unwrap();
            order.lock().unwrap().push((class, number));
        }));
        until_waiting(&pool, number + 1).await;
    }
    drop(held);
    for task in tasks {
        task.await.unwrap();
    }
    let order = order.lock().unwrap();
    order.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_higher_class_comes_first_and_each_in_its_order() {
    use Priority::{High, Low, Normal};
    let order = served("classes", &[Low, Normal, High, Low, Normal, High]).await;
    assert_eq!(order, [(High, 2), (High, 5), (Normal, 1), (Normal, 4), (Low, 0), (Low, 3)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_low_class_is_not_starved() {
    let share = usize::from(Priority::SHARE);
    let mut classes = vec![Priority::Low, Priority::Low];
    classes.extend(vec![Priority::High; 3 * share]);
    let order = served("starved", &classes).await;
    let low: Vec<_> = order
        .iter()
        .enumerate()
        .filter(|(_, (class, _))| *class == Priority::Low)
        .map(|(at, _)| at)
        .collect();
    assert_eq!(low, [share - 1, 2 * share - 1], "one in {share}");
}
