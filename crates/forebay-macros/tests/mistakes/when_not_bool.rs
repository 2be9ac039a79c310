use forebay_cache::{Cache, cached};

#[cached(cache = texts, key = id, when = id % 2)]
async fn load(texts: &Cache<u64, String>, id: u64) -> String {
    id.to_string()
}

fn main() {}
