use forebay_cache::{Cache, cached};

#[cached(cache = texts, key = id)]
async fn load(texts: &Cache<u64, String>, id: u64) -> Result<u64, std::io::Error> {
    Ok(id)
}

#[cached(cache = texts, key = id)]
async fn other_value(texts: &Cache<u64, String>, id: u64) -> u64 {
    id
}

fn main() {}
