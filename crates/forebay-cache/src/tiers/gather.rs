use crate::Stored;
use bytes::Bytes;
use futures_util::future::join_all;
use std::{
    fmt,
    future::Future,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::{sync::oneshot, task::yield_now};

/// Reads of one server that are asked for at the same moment share a call, so that the more there are, the less each of
/// them costs.
///
/// Nobody waits for an answer that is not their own: a read goes out at once while no other one is under way, and otherwise as
/// soon as the tasks that are ready to run had their turn, with the reads these ask for. A call is kept small enough for its
/// first answer not to wait long for its last one.
///
/// # Cancellation safety
/// The caller that asked first makes the call for the others. Where it is dropped, they make one of their own.
pub(crate) struct Gather<E> {
    state: Mutex<State<E>>,
}

struct State<E> {
    /// Calls that were not answered yet.
    under_way: usize,
    /// Whether somebody is about to make a call for `asked`.
    led: bool,
    /// At most one for each caller there is.
    asked: Vec<Ask<E>>,
    /// What values weigh of late, in bytes.
    typical: usize,
}

struct Ask<E> {
    key: Bytes,
    answer: oneshot::Sender<Result<Option<Stored>, E>>,
}

enum Role<'a, E: Clone> {
    Alone(UnderWay<'a, E>),
    Leader(Leading<'a, E>),
    Follower(oneshot::Receiver<Result<Option<Stored>, E>>),
}

/// Keys in one command, so that a server is not kept from others for long.
pub(crate) const KEYS_MAX: usize = 64;
/// What a call's values may weigh together, going by those before.
const BYTES_MAX: usize = 256 << 10;

impl<E: Clone> Gather<E> {
    pub(crate) const fn new() -> Self {
        Self { state: Mutex::new(State { under_way: 0, led: false, asked: Vec::new(), typical: 0 }) }
    }

    /// What there is under `key`, as `call` finds out for several keys at once, answering in their order.
    pub(crate) async fn read<F>(
        &self,
        key: &Bytes,
        call: impl Fn(Vec<Bytes>) -> F,
    ) -> Result<Option<Stored>, E>
    where
        F: Future<Output = Result<Vec<Option<Stored>>, E>>,
    {
        let _under_way = match self.role(key) {
            Role::Alone(under_way) => under_way,
            Role::Leader(leading) => return self.lead(leading, key, call).await,
            Role::Follower(answer) => match answer.await {
                Ok(answer) => return answer,
                // Who led was dropped.
                Err(_dropped) => self.state().begin(self),
            },
        };
        Ok(call(vec![key.clone()]).await?.into_iter().next().flatten())
    }

    fn role(&self, key: &Bytes) -> Role<'_, E> {
        let mut state = self.state();
        if state.led {
            let (answer, answered) = oneshot::channel();
            state.asked.push(Ask { key: key.clone(), answer });
            Role::Follower(answered)
        } else if state.under_way == 0 {
            Role::Alone(state.begin(self))
        } else {
            state.led = true;
            Role::Leader(Leading(self))
        }
    }

    async fn lead<F>(
        &self,
        leading: Leading<'_, E>,
        key: &Bytes,
        call: impl Fn(Vec<Bytes>) -> F,
    ) -> Result<Option<Stored>, E>
    where
        F: Future<Output = Result<Vec<Option<Stored>>, E>>,
    {
        let (answer, answered) = oneshot::channel();
        let mut asked = vec![Ask { key: key.clone(), answer }];
        yield_now().await;
        asked.append(&mut leading.end());
        let most = (BYTES_MAX / self.state().typical.max(1)).clamp(1, KEYS_MAX);
        let mut calls = Vec::with_capacity(asked.len().div_ceil(most));
        while !asked.is_empty() {
            let rest = asked.split_off(asked.len().min(most));
            calls.push(self.ask(mem::replace(&mut asked, rest), &call));
        }
        join_all(calls).await;
        // Only a call that answered too little leaves it without.
        answered.await.unwrap_or(Ok(None))
    }

    async fn ask<F>(&self, asked: Vec<Ask<E>>, call: &impl Fn(Vec<Bytes>) -> F)
    where
        F: Future<Output = Result<Vec<Option<Stored>>, E>>,
    {
        let under_way = self.state().begin(self);
        let found = call(asked.iter().map(|ask| ask.key.clone()).collect()).await;
        drop(under_way);
        match found {
            Ok(found) => {
                self.weigh(&found);
                for (ask, stored) in asked.into_iter().zip(found) {
                    let _gave_up = ask.answer.send(Ok(stored));
                }
            }
            Err(error) => {
                for ask in asked {
                    let _gave_up = ask.answer.send(Err(error.clone()));
                }
            }
        }
    }

    fn weigh(&self, found: &[Option<Stored>]) {
        let bytes: usize = found.iter().flatten().map(|stored| stored.value.len()).sum();
        let Some(mean) = bytes.checked_div(found.iter().flatten().count()) else { return };
        let mut state = self.state();
        // Of the first ones, all: a call of many large values must not be made before they are known to be.
        let before = if state.typical == 0 { mean } else { state.typical };
        state.typical = (before / 4 * 3).saturating_add(mean / 4);
    }

    fn state(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E> fmt::Debug for Gather<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gather").finish_non_exhaustive()
    }
}

/// A call that was not answered yet, or dropped.
struct UnderWay<'a, E: Clone>(&'a Gather<E>);

impl<E: Clone> State<E> {
    fn begin<'a>(&mut self, of: &'a Gather<E>) -> UnderWay<'a, E> {
        self.under_way += 1;
        UnderWay(of)
    }
}

impl<E: Clone> Drop for UnderWay<'_, E> {
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
    }
}

/// The right to make the next call, and the duty to: those who asked wait for it.
struct Leading<'a, E: Clone>(&'a Gather<E>);

impl<E: Clone> Leading<'_, E> {
    /// Ends the gathering, with those who asked.
    fn end(self) -> Vec<Ask<E>> {
        let mut state = self.0.state();
        // In one step, so that nobody joins in between; dropped later, it would end the next one's gathering.
        mem::forget(self);
        state.led = false;
        mem::take(&mut state.asked)
    }
}

impl<E: Clone> Drop for Leading<'_, E> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.led = false;
        // Empty unless the leader was dropped: whoever asked hears that.
        let asked = mem::take(&mut state.asked);
        drop(state);
        drop(asked);
    }
}
