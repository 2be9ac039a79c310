use super::{
    op::{MISHAPS, Op},
    world::World,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::fmt;

/// What happens, one thing after the other, each with so many turns for everybody before the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schedule(Vec<(Op, u8)>);

impl Schedule {
    const LENGTH_MAX: usize = 120;

    /// The schedule with this number.
    pub(crate) fn random(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mishaps: [bool; MISHAPS] = std::array::from_fn(|_| rng.random_bool(0.5));
        let length = rng.random_range(1..Self::LENGTH_MAX);
        Self((0..length).map(|_| (Op::random(&mut rng, &mishaps), rng.random_range(0..8))).collect())
    }

    /// Lives through it: what broke the rule, if anything did.
    pub(crate) fn violation(&self) -> Option<String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime can be made");
        runtime.block_on(async { World::new().await.live(&self.0).await })
    }

    /// The shortest schedule found from this one that still breaks the rule: nothing can be left out of it.
    pub(crate) fn shortest(&self) -> Self {
        let mut best = self.clone();
        let mut size = best.0.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < best.0.len() {
                let mut without = best.clone();
                without.0.drain(at..(at + size).min(best.0.len()));
                if without.violation().is_some() {
                    best = without;
                } else {
                    at += size;
                }
            }
            size /= 2;
        }
        best.in_less_time()
    }

    /// The same with fewer turns in between, where that makes no difference.
    fn in_less_time(mut self) -> Self {
        for at in 0..self.0.len() {
            let turns = std::mem::take(&mut self.0[at].1);
            if self.violation().is_none() {
                self.0[at].1 = turns;
            }
        }
        self
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (op, turns) in &self.0 {
            writeln!(f, "  {op:?}, then {turns} turns")?;
        }
        Ok(())
    }
}
