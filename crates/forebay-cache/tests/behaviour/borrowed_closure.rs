//! A loader may borrow from its caller, return any of the shapes, and still be spawned.

use forebay_cache::{Cache, LoadFailed};
use std::sync::Arc;

struct App {
    users: Cache<u64, String>,
    maybe: Cache<u64, Option<String>>,
    prefix: String,
}

#[derive(Debug, thiserror::Error, PartialEq)]
enum AppError {
    #[error("down")]
    Down,
    #[error(transparent)]
    Load(#[from] LoadFailed),
}

type AppResult<T> = Result<T, AppError>;

fn app() -> App {
    App {
        users: Cache::builder("users").build().expect("valid settings"),
        maybe: Cache::builder("maybe").build().expect("valid settings"),
        prefix: "user".to_owned(),
    }
}

async fn plain(app: &App, id: u64) -> String {
    app.users.get_or_load(&id, async || format!("{}-{id}", app.prefix)).await
}

async fn aliased(app: &App, id: &u64) -> AppResult<String> {
    app.users
        .get_or_load(id, async || {
            tokio::task::yield_now().await;
            if *id == 0 { Err(AppError::Down) } else { Ok(format!("{}-{id}", app.prefix)) }
        })
        .await
}

async fn with_anyhow(app: &App, id: u64) -> anyhow::Result<Arc<String>> {
    app.users.get_or_load(&id, async || Ok(Arc::new(format!("{}-{id}", app.prefix)))).await
}

async fn optional(app: &App, id: u64) -> AppResult<Option<String>> {
    app.users.get_or_load(&id, async || Ok((id > 1).then(|| format!("{}-{id}", app.prefix)))).await
}

async fn kept_when_absent(app: &App, id: u64, loads: &std::cell::Cell<u32>) -> AppResult<Option<String>> {
    app.maybe
        .get_or_load(&id, async || {
            loads.set(loads.get() + 1);
            Ok(None)
        })
        .await
}

#[tokio::test]
async fn every_shape_of_return_value_works() {
    let app = app();
    assert_eq!(plain(&app, 7).await, "user-7");
    assert_eq!(aliased(&app, &7).await, Ok("user-7".to_owned()));
    assert_eq!(aliased(&app, &0).await, Err(AppError::Down));
    assert_eq!(*with_anyhow(&app, 8).await.unwrap(), "user-8");
    assert_eq!(optional(&app, 9).await, Ok(Some("user-9".to_owned())));
    assert_eq!(optional(&app, 1).await, Ok(None));
    assert!(app.users.peek(&1).is_none(), "a cache of values keeps no absence");
}

#[tokio::test]
async fn a_cache_of_options_keeps_that_there_is_none() {
    let (app, loads) = (app(), std::cell::Cell::new(0));
    assert_eq!(kept_when_absent(&app, 1, &loads).await, Ok(None));
    assert_eq!(kept_when_absent(&app, 1, &loads).await, Ok(None));
    assert_eq!(loads.get(), 1);
}

#[tokio::test]
async fn a_shared_value_is_returned_without_a_copy() {
    let app = app();
    let first = with_anyhow(&app, 8).await.unwrap();
    let second = with_anyhow(&app, 8).await.unwrap();
    assert!(Arc::ptr_eq(&first, &second));
}

#[tokio::test]
async fn a_borrowing_load_can_be_spawned() {
    let app = Arc::new(app());
    let task = tokio::spawn(async move { aliased(&app, &3).await });
    assert_eq!(task.await.unwrap(), Ok("user-3".to_owned()));
}
