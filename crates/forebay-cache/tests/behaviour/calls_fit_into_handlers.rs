//! A call may be made in a task that changes its thread, with a loader that borrows what the task owns and waits for it.

use forebay_cache::{Cache, Load, LoadFailed, LoaderError, Tag};
use std::sync::Arc;
use tokio::sync::Semaphore;

type Text = Result<String, LoadFailed>;

struct App {
    words: Cache<u32, String>,
    database: Semaphore,
}

impl App {
    async fn query(&self, key: &u32, old: Option<&String>) -> Text {
        drop(self.database.acquire().await.map_err(|_closed| LoadFailed::Deadline)?);
        Ok(format!("{key} {old:?}"))
    }

    async fn query_all(&self, keys: &[u32]) -> Result<Vec<(u32, String)>, LoadFailed> {
        drop(self.database.acquire().await.map_err(|_closed| LoadFailed::Deadline)?);
        Ok(keys.iter().map(|key| (*key, key.to_string())).collect())
    }

    async fn handle(&self, key: u32) -> Result<(), LoadFailed> {
        let Self { words, .. } = self;
        words.get_or_load(&key, async || self.query(&key, None).await).await?;
        let entry = || words.entry(&key).tags(|| [Tag::of("word", key)]);
        entry().get_or_load(async || self.query(&key, None).await).await?;
        entry().refresh(async || self.query(&key, None).await).await?;
        entry().compute(async |old| self.query(&key, old.as_deref()).await).await?;
        let load = async |load: &mut Load<String>| {
            let old = load.previous().map(|old| old.value().clone());
            let text = self.query(&key, old.as_deref()).await;
            load.tags([Tag::named("late")]);
            text
        };
        words.entry(&(key + 1)).get_or_load_with(load).await?;
        let load = async |misses: Vec<u32>| self.query_all(&misses).await;
        words.get_or_load_many(&[key, key + 2], load).await.all()?;
        let load = async |misses: Vec<u32>| self.query_all(&misses).await;
        words.entries(&[key + 3]).tags(|key| [Tag::of("word", key)]).get_or_load(load).await.all()?;
        words.refresh(&key).await?;
        words.warm([key + 4]).run().await;
        let rows = [(key + 5, "own")];
        words.insert_many(rows.iter().map(|row| (row.0, row.1.to_owned()))).await;
        words.invalidate_many(rows.iter().map(|row| &row.0)).await;
        words.insert_many([(key, "own".to_owned())]).await;
        words.invalidate_many(&[key]).await;
        words.invalidate_tags(&[Tag::named("late")]).await;
        words.namespace().invalidator().tags(&[Tag::named("late")]).await;
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_them() {
    let words = Cache::builder("words").loader(|key: u32| async move {
        tokio::task::yield_now().await;
        Ok::<_, LoaderError>(Some(Arc::new(key.to_string())))
    });
    let app = App { words: words.build().expect("valid settings"), database: Semaphore::new(1) };
    let handled = tokio::spawn(async move { app.handle(7).await.map(|()| app.words.peek(&9).is_some()) });
    assert_eq!(handled.await.expect("no panic"), Ok(true));
}
