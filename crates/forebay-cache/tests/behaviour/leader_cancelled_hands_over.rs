//! A leader that is dropped hands over to the caller that waits longest, who runs its own loader.

use crate::support::start;
use forebay_cache::{Cache, Clock, LoadFailed};
use std::{cell::RefCell, future::pending, time::Duration};

fn cache() -> Cache<u32, &'static str> {
    Cache::builder("words").build().expect("valid settings")
}

#[tokio::test]
async fn the_longest_waiting_caller_takes_over() {
    let (cache, ran) = (cache(), RefCell::new(Vec::new()));
    let leader = start(cache.get_or_load(&1, async || pending::<&str>().await));
    let second = start(cache.get_or_load(&1, async || {
        ran.borrow_mut().push("second");
        "from the second"
    }));
    let third = start(cache.get_or_load(&1, async || {
        ran.borrow_mut().push("third");
        "from the third"
    }));
    drop(leader);
    assert_eq!(second.await, "from the second");
    assert_eq!(third.await, "from the second", "one load was enough");
    assert_eq!(*ran.borrow(), ["second"]);
}

#[tokio::test]
async fn a_dropped_waiter_is_passed_over() {
    let cache = cache();
    let leader = start(cache.get_or_load(&1, async || pending::<&str>().await));
    let second = start(cache.get_or_load(&1, async || "second"));
    let third = start(cache.get_or_load(&1, async || "third"));
    drop(second);
    drop(leader);
    assert_eq!(third.await, "third");
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_is_never_polled_does_not_keep_the_key() {
    let builder = Cache::builder("words").clock(Clock::tokio()).load_max(Duration::from_secs(10));
    let cache: Cache<u32, &'static str> = builder.build().expect("valid settings");
    let leader = start(cache.get_or_load(&1, async || pending::<&str>().await));
    let second = start(cache.get_or_load(&1, async || "second"));
    drop(leader);
    let began = tokio::time::Instant::now();
    let third = tokio::time::timeout(Duration::from_secs(60), cache.get_or_load(&1, async || "third"));
    assert_eq!(third.await, Ok("third"));
    assert!(began.elapsed() < Duration::from_secs(11));
    drop(second);
}

#[tokio::test]
async fn a_leader_whose_task_panics_elsewhere_hands_over_as_well() {
    let cache: Cache<u32, String> = Cache::builder("words").build().expect("valid settings");
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let task = tokio::spawn({
        let (cache, gate) = (cache.clone(), gate.clone());
        async move {
            let load = cache.get_or_load(&1, async || pending::<Result<String, LoadFailed>>().await);
            let other = async {
                drop(gate.acquire().await.expect("open"));
                panic!("on purpose")
            };
            tokio::join!(load, other)
        }
    });
    crate::support::eventually("it leads", async || cache.stats().loading == 1).await;
    let second = start(cache.get_or_load(&1, async || Ok::<_, LoadFailed>("second".to_owned())));
    gate.add_permits(1);
    assert!(task.await.expect_err("it panicked").is_panic());
    assert_eq!(second.await, Ok("second".to_owned()), "the loader did not panic");
}

#[tokio::test]
async fn the_last_one_to_leave_frees_the_key() {
    let cache = cache();
    drop(start(cache.get_or_load(&1, async || pending::<&str>().await)));
    assert_eq!(cache.get_or_load(&1, async || "again").await, "again");
}

#[tokio::test]
async fn a_waiter_that_takes_over_keeps_its_own_error() {
    let cache = cache();
    let leader = start(cache.get_or_load(&1, async || pending::<Result<&str, LoadFailed>>().await));
    let own = LoadFailed::Leader("mine".into());
    let second = start(cache.get_or_load(&1, async || Err::<&str, _>(own.clone())));
    drop(leader);
    assert_eq!(second.await, Err(own.clone()));
}
