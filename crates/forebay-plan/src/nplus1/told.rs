//! A repetition beside what is wrong in plans.

use super::repetition::{Pattern, Repetition};
use crate::finding::{Evidence, Finding, Kind, Saving, Severity, Unit};
use std::time::Duration;

/// What saves a request less than this is no matter of weight: it is one round trip to a database in another zone.
const SAVING_MS_MIN: f64 = 1.0;

impl Repetition {
    /// The same as a finding, as plans have them: [`Kind::RepeatedQuery`] for a question with the same answer, else
    /// [`Kind::NPlusOne`]. Its saving is that of one request; its severity is by the part of the statement's calls that would
    /// fall away.
    ///
    /// ```no_run
    /// # fn example(detector: forebay_plan::NPlusOneDetector) {
    /// for found in detector.findings() {
    ///     let finding = found.finding();
    ///     println!("{} {}: {} {}", finding.severity, finding.kind, finding.what, finding.advice);
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn finding(&self) -> Finding {
        let kind = match self.pattern {
            Pattern::RepeatedQuery => Kind::RepeatedQuery,
            Pattern::NPlusOne | Pattern::Chain | Pattern::WriteLoop => Kind::NPlusOne,
        };
        let saving = milliseconds(self.saved);
        let share = self.calls.saturating_sub(1) as f64 / self.calls.max(1) as f64;
        let severity = if saving < SAVING_MS_MIN { Severity::Low } else { Severity::of_share(share) };
        Finding {
            kind,
            severity,
            node: 0,
            evidence: vec![
                Evidence::new("calls in one request", self.calls as f64, Unit::Count),
                Evidence::new("of these at the same time", self.at_once as f64, Unit::Count),
                Evidence::new("requests it was found in", self.requests as f64, Unit::Count),
                Evidence::new("saving in all of these", milliseconds(self.saved_in_all), Unit::Ms),
            ],
            saving: Some(Saving::Ms(saving)),
            confidence: self.confidence,
            what: self.what(),
            advice: self.advice(),
            explains: Vec::new(),
        }
    }

    fn what(&self) -> String {
        let Self { calls, place, .. } = self;
        let often = format!("One request runs it {calls} times at {place}");
        match (self.pattern, &self.source) {
            (Pattern::NPlusOne, Some(source)) => {
                let columns = source.columns.join(", ");
                format!("{often}, with the values of {columns} of the rows that {} returned.", source.place)
            }
            (Pattern::NPlusOne, None) => format!("{often}, once for each row of an earlier result."),
            (Pattern::Chain, _) => format!("{often}; each answer leads to the next question."),
            (Pattern::RepeatedQuery, _) => {
                format!("{often}; with the same values, and nothing written between, the answer is the same.")
            }
            (Pattern::WriteLoop, _) => format!("{often}, once for each row that is written."),
        }
    }

    fn advice(&self) -> String {
        let statement =
            self.fix.statement.as_ref().map_or(String::new(), |statement| format!(" {statement}"));
        let caveats = match &self.fix.caveats[..] {
            [] => String::new(),
            caveats => format!(" Mind: {}.", caveats.join("; ")),
        };
        format!("{}{statement}{caveats}", self.fix.what)
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
