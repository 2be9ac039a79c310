use super::flights::Flights;
use std::{future::Future, ptr, sync::Arc};
use tokio::task::futures::TaskLocalFuture;

tokio::task_local! {
    static INNERMOST: Arc<Led>;
}

/// A load, or several at once, whose loader is running, and the one whose loader asked for it.
///
/// Who asks for a key that it is loading itself, straight or through other caches, would wait for its own end.
pub(crate) struct Led {
    /// The address of the cache's flights, which outlive the load.
    flights: usize,
    /// Sorted.
    keys: Box<[Box<[u8]>]>,
    within: Option<Arc<Self>>,
}

/// Runs the loader of `key`.
pub(crate) fn leading<V, F: Future>(
    flights: &Flights<V>,
    key: &[u8],
    loader: F,
) -> TaskLocalFuture<Arc<Led>, F> {
    leading_all(flights, Box::new([key.into()]), loader)
}

/// Runs the loader of several keys.
pub(crate) fn leading_all<V, F: Future>(
    flights: &Flights<V>,
    mut keys: Box<[Box<[u8]>]>,
    loader: F,
) -> TaskLocalFuture<Arc<Led>, F> {
    keys.sort_unstable();
    let within = INNERMOST.try_with(Arc::clone).ok();
    let led = Led { flights: ptr::from_ref(flights).addr(), keys, within };
    INNERMOST.scope(Arc::new(led), loader)
}

/// Whether the caller is part of a load of any key.
pub(crate) fn is_leading_any<V>(flights: &Flights<V>) -> bool {
    let flights = ptr::from_ref(flights).addr();
    is_led(|led| led.flights == flights)
}

/// Runs `work` on another task as part of the load that the caller is part of, for a caller that waits for it.
pub(crate) fn as_part<F: Future>(work: F) -> impl Future<Output = F::Output> + use<F> {
    let within = INNERMOST.try_with(Arc::clone).ok();
    async move {
        match within {
            Some(led) => INNERMOST.scope(led, work).await,
            None => work.await,
        }
    }
}

fn is_led(is_it: impl Fn(&Led) -> bool) -> bool {
    let found = INNERMOST.try_with(|innermost| {
        std::iter::successors(Some(innermost), |led| led.within.as_ref()).any(|led| is_it(led))
    });
    found.unwrap_or(false)
}

/// Whether the caller is part of a load of `key`.
pub(crate) fn is_leading<V>(flights: &Flights<V>, key: &[u8]) -> bool {
    let flights = ptr::from_ref(flights).addr();
    is_led(|led| led.flights == flights && led.keys.binary_search_by(|led| (**led).cmp(key)).is_ok())
}
