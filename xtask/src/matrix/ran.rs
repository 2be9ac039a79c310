//! What ran, by what the tests say of themselves.

/// Tests that ran, counted while their output goes by.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ran {
    passed: u64,
    failed: u64,
    targets: u64,
}

impl Ran {
    /// Takes in a line of the output: `test result: ok. 3 passed; 0 failed; …`.
    pub(super) fn hear(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        let count = |what: &str| {
            let part = counts.split(';').map(str::trim).find_map(|part| part.strip_suffix(what));
            part.and_then(|number| number.trim().parse::<u64>().ok()).unwrap_or(0)
        };
        let (passed, failed) = (count("passed"), count("failed"));
        self.passed += passed;
        self.failed += failed;
        self.targets += u64::from(passed + failed > 0);
    }

    /// Whether no test has run.
    pub(super) fn is_none(self) -> bool {
        self.targets == 0
    }

    /// In words.
    pub(super) fn words(self) -> String {
        format!("{} passed and {} failed in {} targets", self.passed, self.failed, self.targets)
    }
}

#[cfg(test)]
mod tests {
    use super::Ran;

    #[test]
    fn results_are_added_up() {
        let mut ran = Ran::default();
        assert!(ran.is_none());
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
            "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
        ] {
            ran.hear(line);
        }
        assert_eq!(ran.words(), "4 passed and 2 failed in 2 targets");
    }
}
