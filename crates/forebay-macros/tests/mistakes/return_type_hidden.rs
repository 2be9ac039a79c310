use forebay_cache::{Cache, cached};

#[cached(cache = texts, key = id)]
async fn load(texts: &Cache<u64, String>, id: u64) -> Option<impl Clone> {
    Some(id.to_string())
}

fn main() {}
