use forebay_cache::cached;

#[cached]
async fn load(id: u64) -> String {
    id.to_string()
}

fn main() {}
