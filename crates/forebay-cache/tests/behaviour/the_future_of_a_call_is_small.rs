//! A call's future holds what a hit needs: the long way past memory is on the heap, made when it is taken. A handler's
//! future, which frameworks move and box, would else carry it on every request.

use forebay_cache::{Cache, Tag};
use std::{mem::size_of_val, sync::Arc};

#[tokio::test]
async fn however_much_the_loader_holds_across_an_await() {
    let cache: Cache<u64, u64> = Cache::builder("small").build().unwrap();
    let load = async || {
        let held = [7_u8; 4096];
        tokio::task::yield_now().await;
        Arc::new(u64::from(held[11]))
    };
    let (key, words) = (1, 64 * size_of::<usize>());
    assert!(size_of_val(&cache.get(&key)) <= words);
    assert!(size_of_val(&cache.get_or_load(&key, load)) <= words);
    assert!(size_of_val(&cache.entry(&key).tags(|| [Tag::named("all")]).get_or_load(load)) <= words);
    assert_eq!(*cache.get_or_load(&key, load).await, 7);
}
