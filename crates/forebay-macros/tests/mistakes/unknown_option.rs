use forebay_cache::{Cache, cached};

#[cached(cache = texts, key = id, tll = std::time::Duration::from_secs(3), colour = "red")]
async fn load(texts: &Cache<u64, String>, id: u64) -> String {
    id.to_string()
}

fn main() {}
