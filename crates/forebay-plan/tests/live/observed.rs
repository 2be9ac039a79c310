//! A pool that is observed.

use forebay_plan::{Capture, CaptureConfig};
use forebay_pool::{ObservedValues, Pool, PoolConfig};
use forebay_tests::TestDatabase;
use std::sync::Arc;

/// A database of the test's own, a pool on it, and what is captured of it.
pub(crate) struct Observed {
    pub(crate) database: TestDatabase,
    pub(crate) pool: Pool,
    pub(crate) capture: Capture,
}

impl Observed {
    pub(crate) async fn new(test: &str, config: CaptureConfig, values: ObservedValues) -> Self {
        let database = forebay_tests::shared().await.database(test).await;
        let capture = Capture::new(config).expect("the settings can be");
        let mut settings = PoolConfig::from_url(&database.primary_url()).expect("a URL of the lab");
        settings.observed_values = values;
        let pool = Pool::builder(settings).observer(Arc::new(capture.clone())).build().await;
        Self { database, pool: pool.expect("the server is there"), capture }
    }
}
