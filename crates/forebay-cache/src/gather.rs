use futures_util::future::join_all;
use std::{
    fmt,
    future::Future,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::{sync::oneshot, task::yield_now};

/// Questions to one server that are asked at the same moment share a call, so that the more there are, the less each of
/// them costs.
///
/// Nobody waits for an answer that is not their own: a question goes out at once while no other one is under way, and
/// otherwise as soon as the tasks that are ready to run had their turn, with what these ask.
///
/// # Cancellation safety
/// The caller that asked first makes the call for the others. Where it is dropped, they make one of their own.
pub(crate) struct Gather<Q, A, E> {
    state: Mutex<State<Q, A, E>>,
}

struct State<Q, A, E> {
    /// Calls that were not answered yet.
    under_way: usize,
    /// Whether somebody is about to make a call for `asked`.
    led: bool,
    /// At most one for each caller there is.
    asked: Vec<Ask<Q, A, E>>,
}

struct Ask<Q, A, E> {
    question: Q,
    answer: oneshot::Sender<Result<Option<A>, E>>,
}

enum Role<'a, Q, A, E> {
    Alone(UnderWay<'a, Q, A, E>),
    Leader(Leading<'a, Q, A, E>),
    Follower(oneshot::Receiver<Result<Option<A>, E>>),
}

impl<Q: Clone, A, E: Clone> Gather<Q, A, E> {
    pub(crate) const fn new() -> Self {
        Self { state: Mutex::new(State { under_way: 0, led: false, asked: Vec::new() }) }
    }

    /// The answer to `question`, as `call` finds out for at most `most` of them at once, answering in their order; `None` when
    /// it answers too few.
    pub(crate) async fn ask<F>(
        &self,
        question: &Q,
        most: impl Fn() -> usize,
        call: impl Fn(Vec<Q>) -> F,
    ) -> Result<Option<A>, E>
    where
        F: Future<Output = Result<Vec<A>, E>>,
    {
        let _under_way = match self.role(question) {
            Role::Alone(under_way) => under_way,
            // One of many callers: the others' futures stay small.
            Role::Leader(leading) => return Box::pin(self.lead(leading, question, most, call)).await,
            Role::Follower(answer) => match answer.await {
                Ok(answer) => return answer,
                // Who led was dropped.
                Err(_dropped) => self.begin(&mut self.state()),
            },
        };
        Ok(call(vec![question.clone()]).await?.into_iter().next())
    }

    fn role(&self, question: &Q) -> Role<'_, Q, A, E> {
        let mut state = self.state();
        if state.led {
            let (answer, answered) = oneshot::channel();
            state.asked.push(Ask { question: question.clone(), answer });
            Role::Follower(answered)
        } else if state.under_way == 0 {
            Role::Alone(self.begin(&mut state))
        } else {
            state.led = true;
            Role::Leader(Leading(self))
        }
    }

    async fn lead<F>(
        &self,
        leading: Leading<'_, Q, A, E>,
        question: &Q,
        most: impl Fn() -> usize,
        call: impl Fn(Vec<Q>) -> F,
    ) -> Result<Option<A>, E>
    where
        F: Future<Output = Result<Vec<A>, E>>,
    {
        let (answer, answered) = oneshot::channel();
        let mut asked = vec![Ask { question: question.clone(), answer }];
        yield_now().await;
        asked.append(&mut leading.end());
        let most = most().max(1);
        let mut calls = Vec::with_capacity(asked.len().div_ceil(most));
        while !asked.is_empty() {
            let rest = asked.split_off(asked.len().min(most));
            calls.push(self.call_for(mem::replace(&mut asked, rest), &call));
        }
        join_all(calls).await;
        // Only a call that answered too little leaves it without.
        answered.await.unwrap_or(Ok(None))
    }

    async fn call_for<F>(&self, asked: Vec<Ask<Q, A, E>>, call: &impl Fn(Vec<Q>) -> F)
    where
        F: Future<Output = Result<Vec<A>, E>>,
    {
        let under_way = self.begin(&mut self.state());
        let found = call(asked.iter().map(|ask| ask.question.clone()).collect()).await;
        drop(under_way);
        match found {
            Ok(found) => {
                let mut found = found.into_iter();
                for ask in asked {
                    let _gave_up = ask.answer.send(Ok(found.next()));
                }
            }
            Err(error) => {
                for ask in asked {
                    let _gave_up = ask.answer.send(Err(error.clone()));
                }
            }
        }
    }
}

impl<Q, A, E> Gather<Q, A, E> {
    fn begin(&self, state: &mut State<Q, A, E>) -> UnderWay<'_, Q, A, E> {
        state.under_way += 1;
        UnderWay(self)
    }

    fn state(&self) -> MutexGuard<'_, State<Q, A, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q, A, E> fmt::Debug for Gather<Q, A, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gather").finish_non_exhaustive()
    }
}

/// A call that was not answered yet, or dropped.
struct UnderWay<'a, Q, A, E>(&'a Gather<Q, A, E>);

impl<Q, A, E> Drop for UnderWay<'_, Q, A, E> {
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
    }
}

/// The right to make the next call, and the duty to: those who asked wait for it.
struct Leading<'a, Q, A, E>(&'a Gather<Q, A, E>);

impl<Q, A, E> Leading<'_, Q, A, E> {
    /// Ends the gathering, with those who asked.
    fn end(self) -> Vec<Ask<Q, A, E>> {
        let mut state = self.0.state();
        // In one step, so that nobody joins in between; dropped later, it would end the next one's gathering.
        mem::forget(self);
        state.led = false;
        mem::take(&mut state.asked)
    }
}

impl<Q, A, E> Drop for Leading<'_, Q, A, E> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.led = false;
        // Empty unless the leader was dropped: whoever asked hears that.
        let asked = mem::take(&mut state.asked);
        drop(state);
        drop(asked);
    }
}
