//! A scope stays with its request across awaits, nested scopes and tasks started with `spawn`.

use forebay_scope::{Scope, Tag, spawn};
use std::time::Duration;
use tokio::time::Instant;

fn current_id() -> Option<u64> {
    Scope::with_current(|scope| scope.id().get())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_started_with_spawn_is_in_the_scope() {
    let scope = Scope::new();
    let id = scope.id().get();
    scope
        .run(async move {
            let inner = spawn(async move {
                Scope::current().expect("inside").read([Tag::named("from a task")]);
                // And so are the tasks that it starts.
                spawn(async move { current_id() }).await.expect("the task ends")
            });
            assert_eq!(inner.await.expect("the task ends"), Some(id));
            let plain = tokio::spawn(async { current_id() });
            assert_eq!(plain.await.expect("the task ends"), None, "a plain spawn leaves the scope");
        })
        .await;
    assert_eq!(scope.tags().as_slice(), [Tag::named("from a task")]);
}

#[tokio::test]
async fn without_a_scope_spawn_is_tokios() {
    assert!(Scope::current().is_none());
    assert_eq!(spawn(async { current_id() }).await.expect("the task ends"), None);
}

#[tokio::test]
async fn requests_on_one_thread_do_not_see_each_other() {
    let ask = |scope: Scope| async move {
        let id = scope.id().get();
        scope
            .run(async move {
                for _ in 0..10 {
                    assert_eq!(current_id(), Some(id));
                    tokio::task::yield_now().await;
                }
            })
            .await;
    };
    tokio::join!(ask(Scope::new()), ask(Scope::new()), ask(Scope::new()));
}

#[tokio::test]
async fn an_inner_scope_ends_where_it_ends() {
    let (outer, inner) = (Scope::new(), Scope::new());
    outer
        .run(async {
            inner.run(async { assert_eq!(current_id(), Some(inner.id().get())) }).await;
            assert_eq!(current_id(), Some(outer.id().get()));
        })
        .await;
    assert_eq!(current_id(), None);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_comes_nearer() {
    assert_eq!(Scope::new().remaining(), None);
    let scope = Scope::with_deadline(Instant::now() + Duration::from_secs(2));
    tokio::time::advance(Duration::from_millis(1500)).await;
    assert_eq!(scope.remaining(), Some(Duration::from_millis(500)));
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(scope.remaining(), Some(Duration::ZERO));
}
