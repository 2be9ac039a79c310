//! What the findings were, against what was planted.

use super::fault::{FAULTS, Fault};
use forebay_benches::{Aim, Report};

/// Which seeds a case is from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    /// Rules may be tuned on these.
    Open,
    /// Nobody who writes a rule looks at these.
    Held,
}

impl Half {
    pub(crate) const BOTH: [Self; 2] = [Self::Open, Self::Held];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Held => "held",
        }
    }
}

/// One case that holds, and the ids of its findings, the weightiest first.
pub(crate) struct Judged {
    pub(crate) half: Half,
    pub(crate) fault: Option<&'static Fault>,
    pub(crate) found: Vec<&'static str>,
}

impl Judged {
    fn is_right(&self, finding: &str) -> bool {
        self.fault.is_some_and(|fault| fault.is_named_by(finding))
    }

    pub(crate) fn is_found(&self) -> bool {
        self.found.iter().any(|finding| self.is_right(finding))
    }

    pub(crate) fn is_first(&self) -> bool {
        self.found.first().is_some_and(|finding| self.is_right(finding))
    }

    /// Findings beside the one that names the fault: one cause is one finding.
    fn wrong(&self) -> usize {
        self.found.len() - usize::from(self.is_found())
    }

    pub(crate) fn is_wrong(&self) -> bool {
        self.wrong() > 0 || self.fault.is_some() && !self.is_found()
    }
}

/// The figures of one half; those of the held one have the names.
pub(crate) fn report(report: &mut Report, cases: &[Judged], half: Half) {
    let of_half: Vec<_> = cases.iter().filter(|case| case.half == half).collect();
    let (planted, clean): (Vec<&Judged>, Vec<&Judged>) =
        of_half.iter().partition(|case| case.fault.is_some());
    let count =
        |cases: &[&Judged], is: fn(&Judged) -> bool| cases.iter().filter(|case| is(case)).count() as f64;
    let found = count(&planted, Judged::is_found);
    let wrong: usize = of_half.iter().map(|case| case.wrong()).sum();
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let all = planted.len() as f64;
    let figures = [
        ("precision", Aim::AtLeast(0.95), share(found, found + wrong as f64), planted.len()),
        ("recall", Aim::AtLeast(0.9), share(found, all), planted.len()),
        (
            "top_finding_is_fault",
            Aim::AtLeast(0.9),
            share(count(&planted, Judged::is_first), all),
            planted.len(),
        ),
        (
            "clean_plans_with_a_finding",
            Aim::AtMost(0.05),
            share(count(&clean, |case| !case.found.is_empty()), clean.len() as f64),
            clean.len(),
        ),
    ];
    for (name, aim, value, samples) in figures {
        match half {
            Half::Held => report.value(&format!("plan.{name}"), aim, value, "share", samples),
            Half::Open => report.value(&format!("plan.{name}_open"), Aim::None, value, "share", samples),
        }
    }
}

/// A line a fault: how many were planted, found, and found first.
pub(crate) fn table(report: &Report, cases: &[Judged]) {
    report.progress(&format!("{:30} {:>22} {:>22}", "planted / found / first", "open", "held"));
    for fault in FAULTS.iter() {
        let cell = |half: Half| {
            let of: Vec<_> = cases
                .iter()
                .filter(|case| case.half == half && case.fault.is_some_and(|it| it.id == fault.id))
                .collect();
            let found = of.iter().filter(|case| case.is_found()).count();
            let first = of.iter().filter(|case| case.is_first()).count();
            format!("{} / {found} / {first}", of.len())
        };
        report.progress(&format!("{:30} {:>22} {:>22}", fault.id, cell(Half::Open), cell(Half::Held)));
    }
}
