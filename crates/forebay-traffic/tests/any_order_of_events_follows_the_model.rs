//! Random orders of calls, answers, cancellations, lost permits and passing time, against a plain model.

use forebay_traffic::{Breaker, BreakerConfig, Permit, State};
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::test_runner::TestCaseResult;
use std::time::Duration;

#[derive(Debug, Clone, Copy)]
enum Event {
    Ask,
    Succeed(usize),
    Fail(usize),
    Cancel(usize),
    Lose(usize),
    Wait(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => prop::strategy::Just(Event::Ask),
        2 => any::<usize>().prop_map(Event::Succeed),
        2 => any::<usize>().prop_map(Event::Fail),
        1 => any::<usize>().prop_map(Event::Cancel),
        1 => any::<usize>().prop_map(Event::Lose),
        1 => (1..3_000_u64).prop_map(Event::Wait),
    ]
}

/// The breaker as one would explain it, in milliseconds.
#[derive(Debug)]
enum Model {
    Closed { run: u32 },
    Open { until: u64, openings: u32 },
    HalfOpen { out: u32, successes: u32, last_began: u64, openings: u32 },
}

struct World {
    config: BreakerConfig,
    breaker: Breaker,
    model: Model,
    /// Counts the model's state changes: an answer counts only in the state its permit was given in.
    era: u32,
    now: u64,
    permits: Vec<(Permit, u32)>,
}

impl World {
    fn change(&mut self, model: Model) {
        self.model = model;
        self.era += 1;
    }

    fn open(&mut self, openings: u32) {
        let span =
            (1000 << openings.min(5)).min(u64::try_from(self.config.open_max.as_millis()).unwrap_or(0));
        self.change(Model::Open { until: self.now + span, openings: openings + 1 });
    }

    /// Whether the model lets a call through.
    fn asks(&mut self) -> bool {
        let limit = u64::try_from(self.config.probe_limit.as_millis()).unwrap_or(0);
        match self.model {
            Model::Closed { .. } => true,
            Model::Open { until, .. } if self.now < until => false,
            Model::Open { openings, .. } => {
                self.change(Model::HalfOpen { out: 1, successes: 0, last_began: self.now, openings });
                true
            }
            Model::HalfOpen { out, successes, openings, .. } if out < self.config.probes => {
                self.model = Model::HalfOpen { out: out + 1, successes, last_began: self.now, openings };
                true
            }
            Model::HalfOpen { last_began, .. } if self.now < last_began + limit => false,
            Model::HalfOpen { openings, .. } => {
                self.open(openings);
                false
            }
        }
    }

    fn answered(&mut self, era: u32, answer: Option<bool>) {
        if era != self.era {
            return;
        }
        match (&mut self.model, answer) {
            (Model::Closed { run }, Some(true)) => *run = 0,
            (Model::Closed { run }, Some(false)) if *run + 1 < self.config.consecutive_failures => *run += 1,
            (Model::Closed { .. }, Some(false)) => self.open(0),
            (Model::HalfOpen { openings, .. }, Some(false)) => {
                let openings = *openings;
                self.open(openings);
            }
            (Model::HalfOpen { successes, .. }, Some(true))
                if *successes + 1 == self.config.successes_to_close =>
            {
                self.change(Model::Closed { run: 0 });
            }
            (Model::HalfOpen { out, successes, .. }, answer) => {
                *out -= 1;
                *successes += u32::from(answer.is_some());
            }
            _ => {}
        }
    }

    fn take(&mut self, index: usize) -> Option<(Permit, u32)> {
        let count = self.permits.len();
        (count > 0).then(|| self.permits.swap_remove(index % count))
    }

    async fn apply(&mut self, event: Event) -> TestCaseResult {
        match event {
            Event::Ask => {
                let (given, expected) = (self.breaker.permit(), self.asks());
                prop_assert_eq!(given.is_ok(), expected);
                match given {
                    Ok(permit) => self.permits.push((permit, self.era)),
                    Err(refused) => prop_assert!(refused.retry_in > Duration::ZERO),
                }
            }
            Event::Succeed(index) => {
                if let Some((permit, era)) = self.take(index) {
                    permit.succeeded();
                    self.answered(era, Some(true));
                }
            }
            Event::Fail(index) => {
                if let Some((permit, era)) = self.take(index) {
                    permit.failed();
                    self.answered(era, Some(false));
                }
            }
            Event::Cancel(index) => {
                if let Some((permit, era)) = self.take(index) {
                    drop(permit);
                    self.answered(era, None);
                }
            }
            Event::Lose(index) => {
                if let Some((permit, _)) = self.take(index) {
                    std::mem::forget(permit);
                }
            }
            Event::Wait(ms) => {
                tokio::time::advance(Duration::from_millis(ms)).await;
                self.now += ms;
            }
        }
        let state = match self.model {
            Model::Closed { .. } => State::Closed,
            Model::Open { .. } => State::Open,
            Model::HalfOpen { out, .. } => {
                prop_assert!(out <= self.config.probes);
                State::HalfOpen
            }
        };
        prop_assert_eq!(self.breaker.state(), state);
        Ok(())
    }
}

/// Whatever happened before: a server that answers gets its breaker closed after a bounded wait.
async fn recovers(breaker: &Breaker) -> TestCaseResult {
    for _ in 0..100 {
        if breaker.state() == State::Closed {
            return Ok(());
        }
        match breaker.permit() {
            Ok(permit) => permit.succeeded(),
            Err(refused) => tokio::time::advance(refused.retry_in).await,
        }
    }
    prop_assert!(false, "stuck in {:?}", breaker.state());
    Ok(())
}

proptest! {
    #[test]
    fn the_breaker_does_what_the_model_does(
        events in prop::collection::vec(event(), 1..200),
        consecutive_failures in 1..4_u32,
        probes in 1..4_u32,
        successes_to_close in 1..4_u32,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
        runtime.block_on(async {
            let config = BreakerConfig {
                consecutive_failures,
                failure_ratio: 0.0,
                probes,
                successes_to_close,
                open_jitter: 0.0,
                probe_limit: Duration::from_secs(4),
                ..BreakerConfig::default()
            };
            let breaker = Breaker::new(config.clone()).expect("a valid configuration");
            let model = Model::Closed { run: 0 };
            let mut world = World { config, breaker, model, era: 0, now: 0, permits: Vec::new() };
            for event in events {
                world.apply(event).await?;
            }
            let World { breaker, permits, .. } = world;
            drop(permits);
            recovers(&breaker).await
        })?;
    }
}
