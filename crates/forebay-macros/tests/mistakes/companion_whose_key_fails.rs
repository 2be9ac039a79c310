use forebay_cache::{Cache, LoadFailed, cached};

fn key(text: &str) -> Result<u64, LoadFailed> {
    text.parse().map_err(|_| LoadFailed::Leader("not a number".into()))
}

#[cached(cache = texts, key = key(text)?, invalidate = forget)]
async fn load(texts: &Cache<u64, String>, text: &str) -> Result<String, LoadFailed> {
    Ok(text.to_owned())
}

fn main() {}
