use crate::{Stored, gather::Gather};
use bytes::Bytes;
use futures_util::TryFutureExt as _;
use std::{
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Reads of one server, [gathered](Gather). A call is kept small enough for its first answer not to wait long for its last
/// one.
#[derive(Debug)]
pub(crate) struct GatheredReads<E> {
    gather: Gather<Bytes, Option<Stored>, E>,
    /// What values weigh of late, in bytes.
    typical: AtomicUsize,
}

/// Keys in one command, so that a server is not kept from others for long.
pub(crate) const KEYS_MAX: usize = 64;
/// What a call's values may weigh together, going by those before.
const BYTES_MAX: usize = 256 << 10;

impl<E: Clone> GatheredReads<E> {
    pub(crate) const fn new() -> Self {
        Self { gather: Gather::new(), typical: AtomicUsize::new(0) }
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
        let most = || (BYTES_MAX / self.typical.load(Ordering::Relaxed).max(1)).clamp(1, KEYS_MAX);
        let call = |keys: Vec<Bytes>| call(keys).inspect_ok(|found| self.weigh(found));
        Ok(self.gather.ask(key, most, call).await?.flatten())
    }

    /// An estimate: of two that come at once, one may be lost.
    fn weigh(&self, found: &[Option<Stored>]) {
        let bytes: usize = found.iter().flatten().map(|stored| stored.value.len()).sum();
        let Some(mean) = bytes.checked_div(found.iter().flatten().count()) else { return };
        // Of the first ones, all: a call of many large values must not be made before they are known to be.
        let typical = self.typical.load(Ordering::Relaxed);
        let before = if typical == 0 { mean } else { typical };
        self.typical.store((before / 4 * 3).saturating_add(mean / 4), Ordering::Relaxed);
    }
}
