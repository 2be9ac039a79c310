use forebay_cache::{Cache, cached};

trait Load {
    #[cached(cache = texts, key = id)]
    async fn load(&self, texts: &Cache<u64, String>, id: u64) -> String;
}

fn main() {}
