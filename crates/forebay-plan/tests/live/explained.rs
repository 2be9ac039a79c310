//! A pool whose slow calls are asked about.

use crate::observed::Observed;
use forebay_plan::{CaptureConfig, ExplainConfig, Explainer, PlanReport};
use forebay_pool::{ObservedValues, Target};
use std::time::Duration;

/// Asks soon, about everything, and often.
pub(crate) fn eager() -> ExplainConfig {
    ExplainConfig {
        interval: Duration::from_millis(10),
        took_min: Duration::ZERO,
        share_max: 0.1,
        burst: Duration::from_secs(5),
        again: Duration::from_millis(20),
        again_max: Duration::from_millis(40),
        timeout: Duration::from_secs(10),
        ..ExplainConfig::default()
    }
}

/// A pool on a database of the test's own, and who asks about its calls on `target`, or on its primary.
pub(crate) struct Explained {
    pub(crate) observed: Observed,
    pub(crate) explainer: Explainer,
}

impl Explained {
    pub(crate) async fn new(test: &str, script: &str, config: ExplainConfig) -> Self {
        let observed = Observed::new(test, CaptureConfig::default(), ObservedValues::Shown).await;
        observed.database.execute(script).await;
        let target: Target = observed.database.primary_url().parse().expect("a URL of the lab");
        let explainer = Explainer::builder(&observed.capture, target).config(config).start();
        Self { observed, explainer: explainer.expect("the settings can be") }
    }

    pub(crate) async fn plan(&self, sql: &str) -> PlanReport {
        let fingerprint = forebay_sql::fingerprint(sql);
        forebay_tests::eventually("the plan", async || self.explainer.plan(fingerprint).is_some()).await;
        self.explainer.plan(fingerprint).expect("it was there")
    }

    /// Sessions of the explainer in this database.
    pub(crate) async fn sessions(&self) -> i64 {
        let count = "SELECT count(*) FROM pg_stat_activity \
            WHERE datname = current_database() AND application_name = 'forebay-explain'";
        self.observed.database.client().await.query_one(count, &[]).await.expect("it may be asked").get(0)
    }
}
