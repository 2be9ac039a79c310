use crate::{LoadFailed, LoaderError};
use std::{any::Any, error::Error, fmt};

/// What an error of a loader means, as [`CacheBuilder::classify`](crate::CacheBuilder::classify) tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// There is no such thing: a stale value goes, as if the loader had said so without an error.
    NotFound,
    /// It may work the next time: a stale value may stand in, and the key is left alone for a while if the cache has a
    /// [`backoff`](crate::CacheBuilder::backoff).
    Transient,
    /// It will not work, and everybody must know: no stale value stands in. What is stale is kept.
    Fatal,
}

/// An error of a loader, to be classified: one of a caller's closure, or of the cache's own
/// [`Loader`](crate::Loader).
#[derive(Clone, Copy)]
pub struct LoadError<'a>(Seen<'a>);

#[derive(Clone, Copy)]
enum Seen<'a> {
    Inline(&'a dyn Any),
    Owned(&'a LoaderError),
}

impl<'a> LoadError<'a> {
    pub(crate) fn inline(error: &'a dyn Any) -> Self {
        // A closure may fail with what owned loaders fail with.
        Self(error.downcast_ref().map_or(Seen::Inline(error), Seen::Owned))
    }

    pub(crate) fn owned(error: &'a LoaderError) -> Self {
        Self(Seen::Owned(error))
    }

    /// Whether it is the cache's own word for a loader that panicked or took too long.
    pub(crate) fn is_own_word(&self) -> bool {
        let Seen::Owned(error) = self.0 else { return false };
        error.downcast_ref().is_some_and(LoadFailed::is_transient)
    }

    /// The error, if it is an `E`; of an owned loader, also what it was caused by.
    #[must_use]
    pub fn get<E: Error + 'static>(&self) -> Option<&'a E> {
        match self.0 {
            Seen::Inline(error) => error.downcast_ref(),
            Seen::Owned(error) => {
                let mut next: Option<&'a (dyn Error + 'static)> = Some(error.as_ref());
                while let Some(error) = next {
                    if let Some(found) = error.downcast_ref() {
                        return Some(found);
                    }
                    next = error.source();
                }
                None
            }
        }
    }

    /// The error of a closure, if it is an `E`: for types that are no [`Error`] themselves, such as `anyhow::Error`.
    #[must_use]
    pub fn get_any<E: 'static>(&self) -> Option<&'a E> {
        match self.0 {
            Seen::Inline(error) => error.downcast_ref(),
            Seen::Owned(_) => None,
        }
    }
}

impl fmt::Debug for LoadError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Seen::Inline(_) => f.write_str("LoadError(inline)"),
            Seen::Owned(error) => f.debug_tuple("LoadError").field(error).finish(),
        }
    }
}
