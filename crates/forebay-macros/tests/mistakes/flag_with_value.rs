use forebay_cache::{Cache, cached};

#[cached(cache = texts, key = id, skip_memory = true, read_only, read_only)]
async fn load(texts: &Cache<u64, String>, id: u64) -> String {
    id.to_string()
}

fn main() {}
