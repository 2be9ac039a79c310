use forebay_cache::cached;

#[cached(key = id)]
async fn load(id: u64) -> String {
    id.to_string()
}

fn main() {}
