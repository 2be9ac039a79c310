//! One case, and how it is known that what was planted is there.

use super::shown::Shown;

/// Tables, a statement, and the proof of its fault; or, of a clean one, that it is what it should be.
pub(crate) struct Case {
    pub(crate) setup: Vec<String>,
    /// Settings of the statement's transaction.
    pub(crate) settings: Vec<(&'static str, String)>,
    pub(crate) statement: String,
    /// Holds of the plan, read here without forebay-plan.
    pub(crate) seen: fn(&Shown) -> bool,
    /// What takes the fault away, and how much that must bring.
    pub(crate) cure: Option<Cure>,
}

pub(crate) struct Cure {
    pub(crate) statements: Vec<String>,
    pub(crate) settings: Vec<(&'static str, String)>,
    /// In place of the case's own.
    pub(crate) statement: Option<String>,
    pub(crate) gain: Gain,
}

/// By what factor the cured run is better at least.
#[derive(Clone, Copy)]
pub(crate) enum Gain {
    /// Blocks touched.
    Blocks(f64),
    /// Milliseconds of the run.
    Time(f64),
    /// Milliseconds of planning.
    Planning(f64),
    /// This sign is gone.
    Gone(&'static str),
    /// The obvious cure brings *less* than this factor in blocks: there is nothing to cure.
    LessThan(f64),
}

impl Case {
    pub(crate) fn new(setup: Vec<String>, statement: String, seen: fn(&Shown) -> bool) -> Self {
        Self { setup, settings: Vec::new(), statement, seen, cure: None }
    }

    pub(crate) fn set(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((name, value.into()));
        self
    }

    /// Cured by statements that change the tables.
    pub(crate) fn cured_by(mut self, statements: Vec<String>, gain: Gain) -> Self {
        self.cure = Some(Cure { statements, settings: Vec::new(), statement: None, gain });
        self
    }

    /// Cured by another setting.
    pub(crate) fn cured_with(mut self, name: &'static str, value: &str, gain: Gain) -> Self {
        let settings = vec![(name, value.to_owned())];
        self.cure = Some(Cure { statements: Vec::new(), settings, statement: None, gain });
        self
    }

    /// Cured by asking in another way.
    pub(crate) fn cured_as(mut self, statement: String, gain: Gain) -> Self {
        let statement = Some(statement);
        self.cure = Some(Cure { statements: Vec::new(), settings: Vec::new(), statement, gain });
        self
    }
}

impl Gain {
    /// What is wrong with a cure, if anything.
    pub(crate) fn missing(self, ill: &Shown, cured: &Shown) -> Option<String> {
        let by = |what: &str, factor: f64, before: f64, after: f64| {
            (before < factor * after).then(|| format!("{what} {before} became {after}"))
        };
        match self {
            Self::Blocks(factor) => by("blocks", factor, ill.blocks(), cured.blocks()),
            Self::Time(factor) => by("ms", factor, ill.execution_ms(), cured.execution_ms()),
            Self::Planning(factor) => by("ms of planning", factor, ill.planning_ms(), cured.planning_ms()),
            Self::Gone(sign) => cured.signs().contains(&sign).then(|| format!("{sign} is still there")),
            Self::LessThan(factor) => (ill.blocks() > factor * cured.blocks())
                .then(|| format!("blocks {} became {}", ill.blocks(), cured.blocks())),
        }
    }
}
