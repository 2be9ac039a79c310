use forebay_cache::{Cache, cached};

#[cached(cache = texts, key = name)]
async fn load(texts: &Cache<u64, String>, name: &str) -> String {
    name.to_owned()
}

fn main() {}
