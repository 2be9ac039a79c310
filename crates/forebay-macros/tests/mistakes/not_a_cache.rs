use forebay_cache::cached;

#[cached(cache = texts, key = id)]
async fn load(texts: &str, id: u64) -> String {
    format!("{texts}{id}")
}

fn main() {}
