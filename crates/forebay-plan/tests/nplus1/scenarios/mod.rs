//! Requests of every form, one half with a repetition planted and the other clean: what the detector is judged by, here and by
//! `cargo xtask bench plan`.

mod clean;
mod ground;
mod key;
mod loops;
mod planted;

pub(crate) use ground::Ground;

use forebay_plan::{Pattern, Repetition};
use std::{future::Future, pin::Pin};

/// What a request does.
pub(crate) type Story<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// One request, and what is to be found in it.
pub(crate) struct Scenario {
    /// What happens, in a few words.
    pub(crate) name: &'static str,
    /// Nothing, in the clean ones.
    pub(crate) planted: &'static [Pattern],
    run: for<'a> fn(&'a Ground) -> Story<'a>,
}

impl Scenario {
    /// What is found in it.
    pub(crate) async fn found(&self, ground: &Ground) -> Vec<Repetition> {
        ground.request((self.run)(ground)).await
    }

    /// Whether that is what was planted, and nothing else.
    pub(crate) fn is_right(&self, found: &[Repetition]) -> bool {
        let mut patterns: Vec<Pattern> = found.iter().map(|repetition| repetition.pattern).collect();
        patterns.sort_unstable();
        patterns == self.planted
    }
}

/// All of them.
pub(crate) fn all() -> Vec<Scenario> {
    let mut all = planted::scenarios();
    all.extend(loops::scenarios());
    all.extend(clean::scenarios());
    all
}
