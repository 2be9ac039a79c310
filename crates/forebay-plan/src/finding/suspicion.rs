//! What a rule says of a node.

use super::{Confidence, Effect, Evidence, Finding, Kind, Saving, Scene, Severity, Unit};
use crate::node::Node;

/// What a rule says; whether it becomes a finding depends on what it is worth and on what the other rules say.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Suspicion {
    pub(crate) kind: Kind,
    pub(crate) node: usize,
    pub(crate) evidence: Vec<Evidence>,
    /// In the scene's unit.
    pub(crate) saving: Option<f64>,
    pub(crate) confidence: Confidence,
    pub(crate) what: String,
    pub(crate) advice: String,
    pub(crate) explains: Vec<Effect>,
    /// Whether it harms nothing by itself: it is told where it explains something.
    pub(crate) only_as_cause: bool,
}

impl Suspicion {
    pub(crate) fn new(kind: Kind, node: &Node, what: String, advice: impl Into<String>) -> Self {
        Self {
            kind,
            node: node.id(),
            evidence: Vec::new(),
            saving: None,
            confidence: Confidence::High,
            what,
            advice: advice.into(),
            explains: Vec::new(),
            only_as_cause: false,
        }
    }

    /// What mending it saves. Default: not known.
    pub(crate) fn saving(mut self, amount: f64) -> Self {
        self.saving = Some(if amount.is_finite() { amount.max(0.0) } else { 0.0 });
        self
    }

    /// It is told only where it explains something else. Default: it is told by itself.
    pub(crate) fn only_as_cause(mut self) -> Self {
        self.only_as_cause = true;
        self
    }

    /// Default: high.
    pub(crate) fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    pub(crate) fn evidence(mut self, name: &'static str, value: f64, unit: Unit) -> Self {
        self.evidence.push(Evidence::new(name, value, unit));
        self
    }

    /// The part of the whole it would save.
    pub(crate) fn share(&self, scene: &Scene<'_>) -> f64 {
        let saving = self.saving.unwrap_or(0.0);
        if scene.whole() > 0.0 { (saving / scene.whole()).min(1.0) } else { 0.0 }
    }

    pub(crate) fn into_finding(self, scene: &Scene<'_>) -> Finding {
        let severity = Severity::of_share(self.share(scene));
        let amount = self.saving.map(|saving| saving.min(scene.whole()));
        // Estimates are not what happened, whatever a rule makes of them.
        let at_most = match (scene.plan.is_analyzed(), scene.is_timed()) {
            (true, true) => Confidence::High,
            (true, false) => Confidence::Medium,
            (false, _) => Confidence::Low,
        };
        Finding {
            kind: self.kind,
            severity,
            node: self.node,
            evidence: self.evidence,
            saving: amount.map(if scene.is_timed() { Saving::Ms } else { Saving::Cost }),
            confidence: self.confidence.min(at_most),
            what: self.what,
            advice: self.advice,
            explains: self.explains,
        }
    }
}
