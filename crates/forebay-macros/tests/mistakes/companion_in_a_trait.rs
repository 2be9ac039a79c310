use forebay_cache::{Cache, cached};

trait Texts {
    fn load(&self, id: u64) -> impl Future<Output = String> + Send;
}

impl Texts for Cache<u64, String> {
    #[cached(cache = self, key = id, invalidate = forget)]
    async fn load(&self, id: u64) -> String {
        id.to_string()
    }
}

fn main() {}
