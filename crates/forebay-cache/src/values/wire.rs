use super::{
    metrics::{Unreadable, Unsent, WireMeters},
    notices::Notices,
};
use crate::{
    Clock, Codec, CodecError, Fingerprint,
    envelope::{Decoded, Entry, Form, Reject},
};
use bytes::Bytes;
use forebay_metrics::Meter;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// How the values of one cache travel. Whatever cannot be sent stays in memory, whatever cannot be read is a miss; either
/// is counted, and logged once a minute and kind.
///
/// A codec that panics is no different from one that fails. Its panic is caught, because bytes that a whole fleet
/// shares would otherwise fail every request for their key until they expire; what the codec leaves behind half-done is its
/// own, since it is given the value or the bytes by reference only.
pub(crate) struct Wire<V> {
    cache: Box<str>,
    codec: Arc<dyn Codec<V>>,
    fingerprint: Fingerprint,
    form: Form,
    meters: WireMeters,
    unreadable: Notices<{ Unreadable::KINDS.len() }>,
    unsent: Notices<{ Unsent::KINDS.len() }>,
}

/// What kept a codec from its work.
enum Failed {
    Error(CodecError),
    Panic,
}

impl<V: 'static> Wire<V> {
    pub(crate) fn new(
        cache: &str,
        codec: Arc<dyn Codec<V>>,
        form: Form,
        clock: Clock,
        meter: &Meter,
    ) -> Self {
        Self {
            cache: cache.into(),
            fingerprint: codec.fingerprint(),
            codec,
            form,
            meters: WireMeters::new(meter, cache),
            unreadable: Notices::new(clock),
            unsent: Notices::new(clock),
        }
    }

    pub(crate) const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The value as bytes; `None` when it stays in memory.
    pub(crate) fn encode(&self, value: &V) -> Option<Bytes> {
        match caught(|| self.codec.encode(value)) {
            Ok(bytes) => Some(bytes),
            Err(Failed::Error(error)) => self.not_sent(Unsent::Codec, Some(&error)),
            Err(Failed::Panic) => self.not_sent(Unsent::Panic, None),
        }
    }

    /// The value back; `None` for a miss.
    pub(crate) fn decode(&self, payload: &Bytes) -> Option<V> {
        match caught(|| self.codec.decode(payload)) {
            Ok(value) => Some(value),
            Err(Failed::Error(error)) => self.not_read(Unreadable::Codec, Some(&error)),
            Err(Failed::Panic) => self.not_read(Unreadable::Panic, None),
        }
    }

    /// The envelope of an entry; `None` when it stays in memory.
    pub(crate) fn wrap(&self, entry: &Entry, key: &Bytes) -> Option<Bytes> {
        match self.form.encode(entry, key) {
            Ok(bytes) => Some(bytes),
            Err(skip) => self.not_sent(Unsent::Skipped(skip), None),
        }
    }

    /// What is in an envelope, or why it is a miss; uncounted.
    pub(crate) fn inspect(&self, envelope: &Bytes, key: &Bytes) -> Result<Decoded, Reject> {
        self.form.decode(envelope, key, self.fingerprint)
    }

    /// What is in an envelope; `None` for a miss.
    pub(crate) fn unwrap(&self, envelope: &Bytes, key: &Bytes) -> Option<Decoded> {
        match self.inspect(envelope, key) {
            Ok(decoded) => Some(decoded),
            Err(reject) => self.not_read(Unreadable::Rejected(reject), None),
        }
    }

    #[cold]
    fn not_read<T>(&self, why: Unreadable, error: Option<&CodecError>) -> Option<T> {
        let kind = why.kind();
        self.meters.unreadable[kind].increment(1);
        if self.unreadable.due(kind) {
            let why = Unreadable::KINDS[kind];
            let error = error.and_then(std::error::Error::source);
            tracing::warn!(cache = %self.cache, why, error, "an entry of a remote tier is a miss: it cannot be read");
        }
        None
    }

    #[cold]
    fn not_sent<T>(&self, why: Unsent, error: Option<&CodecError>) -> Option<T> {
        let kind = why.kind();
        self.meters.unsent[kind].increment(1);
        if self.unsent.due(kind) {
            let why = Unsent::KINDS[kind];
            let error = error.and_then(std::error::Error::source);
            tracing::warn!(cache = %self.cache, why, error, "an entry stays in memory: it cannot be sent to a remote tier");
        }
        None
    }
}

fn caught<T>(run: impl FnOnce() -> Result<T, CodecError>) -> Result<T, Failed> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_panic| Failed::Panic)?.map_err(Failed::Error)
}
