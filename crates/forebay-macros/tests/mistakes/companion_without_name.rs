use forebay_cache::{Cache, cached};

#[cached(cache = texts, key = id, invalidate = true, peek = texts.peek)]
async fn load(texts: &Cache<u64, String>, id: u64) -> String {
    id.to_string()
}

fn main() {}
