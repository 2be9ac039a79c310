//! Capture and exact plans as one handle.

use crate::{
    explain::{ExplainConfig, Explainer, PlanReport, Skipped},
    finding::{Confidence, Evidence, Finding, Kind, Severity, Unit},
    nplus1::{NPlusOneConfig, NPlusOneDetector, Repetition},
    observe::{By, Capture, CaptureConfig, StatementReport},
    setting::SettingError,
};
use forebay_metrics::Meter;
use forebay_pool::Target;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// What is kept of statements, and how the planner is asked about them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlanConfig {
    /// What is kept of statements.
    pub capture: CaptureConfig,
    /// How the planner is asked about slow calls. Default: it is not.
    pub explain: ExplainConfig,
    /// What is watched of requests that ask one thing again and again. Default: none, they are not watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_plus_one: Option<NPlusOneConfig>,
}

impl PlanConfig {
    /// Checks every value.
    ///
    /// # Errors
    /// The first setting that cannot be.
    pub fn check(&self) -> Result<(), SettingError> {
        self.capture.check()?;
        self.explain.check()?;
        self.n_plus_one.as_ref().map_or(Ok(()), NPlusOneConfig::check)
    }
}

/// What a pool's statements did, the plans of their slow calls, and what is wrong in them. Cloning is one reference count.
#[derive(Debug, Clone)]
pub struct Plans {
    capture: Capture,
    explainer: Option<Explainer>,
    n_plus_one: Option<NPlusOneDetector>,
}

/// One statement with everything that is known of it, without values.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct WatchedStatement {
    /// What it did.
    #[serde(flatten)]
    pub statement: StatementReport,
    /// What is wrong with it, the weightiest first: in its plan, and in how it is called.
    pub findings: Vec<Finding>,
    /// The plan of a slow call; none while the planner was not asked about it.
    pub plan: Option<PlanReport>,
    /// Why the planner is not asked about it, if that is so.
    pub skipped: Option<Skipped>,
}

impl Plans {
    /// What `capture` keeps, and what is asked about it on these servers if `config` says so.
    ///
    /// # Errors
    /// The first setting that cannot be.
    ///
    /// # Panics
    /// Outside of a tokio runtime, if the planner is to be asked.
    pub fn start(
        capture: Capture,
        config: &ExplainConfig,
        primary: Target,
        replica: Option<Target>,
        meter: &Meter,
    ) -> Result<Self, SettingError> {
        if !config.enabled {
            return Ok(Self { capture, explainer: None, n_plus_one: None });
        }
        let mut builder = Explainer::builder(&capture, primary).config(config.clone()).meter(meter.clone());
        if let Some(replica) = replica {
            builder = builder.replica(replica);
        }
        let explainer = Some(builder.start()?);
        Ok(Self { capture, explainer, n_plus_one: None })
    }

    /// Every statement, those with the most time first.
    #[must_use]
    pub fn statements(&self) -> Vec<WatchedStatement> {
        self.top(By::TotalTime, usize::MAX)
    }

    /// The first `count` statements in an order.
    #[must_use]
    pub fn top(&self, by: By, count: usize) -> Vec<WatchedStatement> {
        let repetitions = self.n_plus_one.as_ref().map_or_else(Vec::new, NPlusOneDetector::findings);
        let all = self.capture.top(by, count).into_iter();
        all.map(|statement| self.with_plan(statement, &repetitions)).collect()
    }

    fn with_plan(&self, statement: StatementReport, repetitions: &[Repetition]) -> WatchedStatement {
        let explainer = self.explainer.as_ref();
        let plan = explainer.and_then(|explainer| explainer.plan(statement.fingerprint));
        let skipped = explainer.and_then(|explainer| explainer.skipped(statement.fingerprint));
        let mut findings = plan.as_ref().map_or_else(Vec::new, |plan| plan.findings.clone());
        findings.extend(statement.literals_vary.then(|| literals_vary(&statement)));
        let of_it = repetitions.iter().filter(|found| found.fingerprint == statement.fingerprint);
        findings.extend(of_it.map(Repetition::finding));
        // Stable: those of the plan stand by their saving.
        findings.sort_by_key(|finding| Reverse(finding.severity));
        WatchedStatement { statement, findings, plan, skipped }
    }

    /// What is kept of statements.
    #[must_use]
    pub const fn capture(&self) -> &Capture {
        &self.capture
    }

    /// The same, with who watches requests that ask one thing again and again.
    #[must_use]
    pub fn with_n_plus_one(self, detector: NPlusOneDetector) -> Self {
        Self { n_plus_one: Some(detector), ..self }
    }

    /// Who watches requests that ask one thing again and again, if anybody does.
    #[must_use]
    pub const fn n_plus_one(&self) -> Option<&NPlusOneDetector> {
        self.n_plus_one.as_ref()
    }

    /// Who asks the planner, if anybody does.
    #[must_use]
    pub const fn explainer(&self) -> Option<&Explainer> {
        self.explainer.as_ref()
    }

    /// Ends asking. What is known stays readable, and capturing goes on.
    pub async fn shutdown(&self) {
        if let Some(explainer) = &self.explainer {
            explainer.shutdown().await;
        }
    }
}

fn literals_vary(statement: &StatementReport) -> Finding {
    Finding {
        kind: Kind::LiteralsVary,
        severity: Severity::Medium,
        node: 0,
        evidence: vec![Evidence::new("calls", statement.calls as f64, Unit::Count)],
        saving: None,
        confidence: Confidence::High,
        what: "The statement carries no parameters, and the values in its text differ from call to call.".to_owned(),
        advice: "Bind the values as parameters. As text, each is parsed and planned anew, the session's prepared statements push each \
                 other out, and a value that is not quoted as it must be is run as SQL."
            .to_owned(),
        explains: Vec::new(),
    }
}
