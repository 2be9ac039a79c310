use forebay_cache::cached;

#[cached(cache = texts, key = id)]
struct User {
    id: u64,
}

fn main() {}
