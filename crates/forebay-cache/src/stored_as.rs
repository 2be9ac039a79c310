use crate::LoadFailed;
use std::{any::Any, fmt, sync::Arc};

/// What a loader's return value means to a cache of `V`.
#[derive(Debug)]
pub enum Loaded<V> {
    /// Keep this.
    Value(Arc<V>),
    /// There is no such thing; nothing is kept, and a stale value is dropped.
    Absent,
    /// The load failed; a stale value may stand in for it.
    Failed(LoadFailed),
}

/// What of a return value is stored, and how the others who waited for it get theirs.
///
/// The value type of the cache decides: `Cache<K, User>` keeps only what is `Ok` and `Some`, while
/// `Cache<K, Option<User>>` keeps "absent" as well. `Arc<V>` is stored and returned without a copy; a plain
/// `V` is cloned out. Implemented for `V`, `Arc<V>`, `Option` of those and `Result` of those; you should not
/// need to implement it.
#[diagnostic::on_unimplemented(
    message = "a loader that returns `{Self}` cannot fill a cache of `{V}`",
    note = "return `{V}`, `Arc<{V}>`, an `Option` of those, or a `Result` of those whose error implements `From<LoadFailed>` and `Display`",
    note = "a plain `{V}` must be `Clone`; `Arc<{V}>` need not be"
)]
pub trait StoredAs<V>: Sized {
    /// What the value means to the cache.
    fn loaded(&self) -> Loaded<V>;

    /// The return value of a call that found `value`.
    fn from_hit(value: Arc<V>) -> Self;

    /// The return value of a call whose leader found nothing; `None` when this type cannot say that, so that
    /// the caller runs its own loader.
    fn from_absent() -> Option<Self>;

    /// The return value of a call whose leader failed; `None` when this type has no error, so that the caller
    /// runs its own loader.
    fn from_failure(failed: LoadFailed) -> Option<Self>;

    /// The error of a load that failed, for those who [classify](crate::CacheBuilder::classify) it.
    fn error(&self) -> Option<&dyn Any> {
        None
    }
}

/// The error type of a loader: what a call gets when the load it waited for failed.
///
/// `thiserror`'s `#[from] LoadFailed` or `anyhow::Error` satisfy it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a cached load",
    note = "a call that waits for another's load needs an error when that fails: implement `From<forebay_cache::LoadFailed>` for `{Self}` (`#[from] LoadFailed` with thiserror) and `Display`"
)]
pub trait FollowerError: From<LoadFailed> + fmt::Display + 'static {}

#[diagnostic::do_not_recommend]
impl<E: From<LoadFailed> + fmt::Display + 'static> FollowerError for E {}

impl<V: Clone> StoredAs<V> for V {
    fn loaded(&self) -> Loaded<V> {
        Loaded::Value(Arc::new(self.clone()))
    }
    fn from_hit(value: Arc<V>) -> Self {
        Arc::unwrap_or_clone(value)
    }
    fn from_absent() -> Option<Self> {
        None
    }
    fn from_failure(_: LoadFailed) -> Option<Self> {
        None
    }
}

impl<V> StoredAs<V> for Arc<V> {
    fn loaded(&self) -> Loaded<V> {
        Loaded::Value(self.clone())
    }
    fn from_hit(value: Arc<V>) -> Self {
        value
    }
    fn from_absent() -> Option<Self> {
        None
    }
    fn from_failure(_: LoadFailed) -> Option<Self> {
        None
    }
}

impl<V: Clone> StoredAs<V> for Option<V> {
    fn loaded(&self) -> Loaded<V> {
        self.as_ref().map_or(Loaded::Absent, |value| Loaded::Value(Arc::new(value.clone())))
    }
    fn from_hit(value: Arc<V>) -> Self {
        Some(Arc::unwrap_or_clone(value))
    }
    fn from_absent() -> Option<Self> {
        Some(None)
    }
    fn from_failure(_: LoadFailed) -> Option<Self> {
        None
    }
}

impl<V> StoredAs<V> for Option<Arc<V>> {
    fn loaded(&self) -> Loaded<V> {
        self.as_ref().map_or(Loaded::Absent, |value| Loaded::Value(value.clone()))
    }
    fn from_hit(value: Arc<V>) -> Self {
        Some(value)
    }
    fn from_absent() -> Option<Self> {
        Some(None)
    }
    fn from_failure(_: LoadFailed) -> Option<Self> {
        None
    }
}

impl<V: Clone, E: FollowerError> StoredAs<V> for Result<V, E> {
    fn loaded(&self) -> Loaded<V> {
        match self {
            Ok(value) => Loaded::Value(Arc::new(value.clone())),
            Err(error) => Loaded::Failed(LoadFailed::of(error)),
        }
    }
    fn from_hit(value: Arc<V>) -> Self {
        Ok(Arc::unwrap_or_clone(value))
    }
    fn from_absent() -> Option<Self> {
        None
    }
    fn from_failure(failed: LoadFailed) -> Option<Self> {
        Some(Err(failed.into()))
    }
    fn error(&self) -> Option<&dyn Any> {
        self.as_ref().err().map(|error| error as &dyn Any)
    }
}

impl<V, E: FollowerError> StoredAs<V> for Result<Arc<V>, E> {
    fn loaded(&self) -> Loaded<V> {
        match self {
            Ok(value) => Loaded::Value(value.clone()),
            Err(error) => Loaded::Failed(LoadFailed::of(error)),
        }
    }
    fn from_hit(value: Arc<V>) -> Self {
        Ok(value)
    }
    fn from_absent() -> Option<Self> {
        None
    }
    fn from_failure(failed: LoadFailed) -> Option<Self> {
        Some(Err(failed.into()))
    }
    fn error(&self) -> Option<&dyn Any> {
        self.as_ref().err().map(|error| error as &dyn Any)
    }
}

impl<V: Clone, E: FollowerError> StoredAs<V> for Result<Option<V>, E> {
    fn loaded(&self) -> Loaded<V> {
        match self {
            Ok(Some(value)) => Loaded::Value(Arc::new(value.clone())),
            Ok(None) => Loaded::Absent,
            Err(error) => Loaded::Failed(LoadFailed::of(error)),
        }
    }
    fn from_hit(value: Arc<V>) -> Self {
        Ok(Some(Arc::unwrap_or_clone(value)))
    }
    fn from_absent() -> Option<Self> {
        Some(Ok(None))
    }
    fn from_failure(failed: LoadFailed) -> Option<Self> {
        Some(Err(failed.into()))
    }
    fn error(&self) -> Option<&dyn Any> {
        self.as_ref().err().map(|error| error as &dyn Any)
    }
}

impl<V, E: FollowerError> StoredAs<V> for Result<Option<Arc<V>>, E> {
    fn loaded(&self) -> Loaded<V> {
        match self {
            Ok(Some(value)) => Loaded::Value(value.clone()),
            Ok(None) => Loaded::Absent,
            Err(error) => Loaded::Failed(LoadFailed::of(error)),
        }
    }
    fn from_hit(value: Arc<V>) -> Self {
        Ok(Some(value))
    }
    fn from_absent() -> Option<Self> {
        Some(Ok(None))
    }
    fn from_failure(failed: LoadFailed) -> Option<Self> {
        Some(Err(failed.into()))
    }
    fn error(&self) -> Option<&dyn Any> {
        self.as_ref().err().map(|error| error as &dyn Any)
    }
}
