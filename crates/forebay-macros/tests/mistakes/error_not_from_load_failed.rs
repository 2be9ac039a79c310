use forebay_cache::{Cache, cached};

#[derive(Debug)]
struct AppError;

#[cached(cache = texts, key = id)]
async fn load(texts: &Cache<u64, String>, id: u64) -> Result<String, AppError> {
    if id == 0 { Err(AppError) } else { Ok(id.to_string()) }
}

fn main() {}
