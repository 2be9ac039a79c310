//! What differs from case to case: names, sizes, distributions.

use super::words::{WORDS, Words};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// The draws of one case. The same seed gives the same case.
pub(crate) struct Draw {
    random: StdRng,
    pub(crate) words: &'static Words,
    /// Kinds are words, not numbers.
    textual: bool,
}

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let words = &WORDS[random.random_range(0..WORDS.len())];
        let textual = random.random();
        Self { random, words, textual }
    }

    /// Both ends included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        self.random.random_range(low..=high)
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.random.random_range(0..of.len())]
    }

    /// SQL of a number from 0 to `modulo - 1` for each `i`, in no order.
    pub(crate) fn scattered(&mut self, modulo: i64) -> String {
        let salt = self.between(1, 1_000_000);
        format!("((hashint4((i + {salt})::int)::bigint & 2147483647) % {modulo})::int")
    }

    /// SQL of a kind made from SQL of a number.
    pub(crate) fn kind(&self, number: impl std::fmt::Display) -> String {
        if self.textual { format!("('k' || ({number}))") } else { format!("({number})") }
    }

    /// A kind as a statement names it.
    pub(crate) fn kind_literal(&self, number: i64) -> String {
        if self.textual { format!("'k{number}'") } else { number.to_string() }
    }

    pub(crate) fn kind_type(&self) -> &'static str {
        if self.textual { "text" } else { "int" }
    }
}
