use bytes::Bytes;
use std::{borrow::Cow, sync::Arc};

/// What a cache can be keyed by: a value with one byte form, the same on every node and in every release.
///
/// Two keys must be equal exactly when their bytes are. Numbers, strings, byte strings and tuples of keys are
/// keys already; a type of your own delegates to one of them:
///
/// ```
/// use forebay_cache::CacheKey;
///
/// #[derive(Clone, PartialEq, Eq)]
/// struct UserId(u64);
///
/// impl CacheKey for UserId {
///     fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
///         self.0.with_bytes(f)
///     }
///
///     fn text(&self) -> std::borrow::Cow<'_, str> {
///         self.0.text()
///     }
/// }
/// ```
///
/// Several fields go through a tuple: `(self.tenant, self.name.clone()).with_bytes(f)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a cache",
    note = "implement `CacheKey` by delegating to a number, a string or a tuple of them: `self.0.with_bytes(f)`"
)]
pub trait CacheKey: Clone + Eq + Send + Sync + 'static {
    /// Calls `f` with the key's bytes. Called on every look-up, so it must not allocate where that can be helped.
    fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R;

    /// The key as people read it, which is what [prefixes and patterns](crate::Pattern) are matched with: `7` for the
    /// number 7, a string as it is, the parts of a tuple with `:` between them (`user:7:dashboard`). The same on every
    /// node, like the bytes; unlike them, two keys may share it. Never asked for on a hit.
    ///
    /// Default: the key's bytes if they are text, else with everything that is not printable ASCII as `\xNN`. A type
    /// that delegates its bytes to a number or a tuple should delegate this as well: `self.0.text()`.
    fn text(&self) -> Cow<'_, str> {
        Cow::Owned(self.with_bytes(|bytes| readable(bytes).into_owned()))
    }
}

/// Bytes as text; see [`CacheKey::text`].
fn readable(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(char::is_control) => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.escape_ascii().to_string()),
    }
}

macro_rules! number_keys {
    ($($number:ty)*) => {$(
        impl CacheKey for $number {
            #[inline]
            fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
                f(&self.to_be_bytes())
            }

            fn text(&self) -> Cow<'_, str> {
                Cow::Owned(self.to_string())
            }
        }
    )*};
}
number_keys!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128);

/// Widened to 64 bits, so that the bytes do not depend on the machine.
impl CacheKey for usize {
    #[inline]
    fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        f(&(*self as u64).to_be_bytes())
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
}

impl CacheKey for bool {
    #[inline]
    fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        f(&[u8::from(*self)])
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
}

impl CacheKey for () {
    #[inline]
    fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        f(&[])
    }
}

macro_rules! text_keys {
    ($($text:ty)*) => {$(
        impl CacheKey for $text {
            #[inline]
            fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
                f(self.as_bytes())
            }

            fn text(&self) -> Cow<'_, str> {
                Cow::Borrowed(self)
            }
        }
    )*};
}
text_keys!(String Box<str> Arc<str> &'static str);

macro_rules! byte_keys {
    ($($bytes:ty)*) => {$(
        impl CacheKey for $bytes {
            #[inline]
            fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
                f(self)
            }

            fn text(&self) -> Cow<'_, str> {
                readable(self)
            }
        }
    )*};
}
byte_keys!(Vec<u8> Box<[u8]> Arc<[u8]> Bytes);

impl<const N: usize> CacheKey for [u8; N] {
    #[inline]
    fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        f(self)
    }

    fn text(&self) -> Cow<'_, str> {
        readable(self)
    }
}

/// Joins the parts of a tuple, each after its length, so that no two tuples share their bytes.
#[derive(Default)]
struct Joined {
    len: usize,
    /// Room for the usual composite key, so that a look-up does not allocate.
    short: [u8; Joined::SHORT],
    long: Vec<u8>,
}

impl Joined {
    const SHORT: usize = 32;

    #[inline]
    fn push(&mut self, part: &[u8]) {
        self.extend(&(part.len() as u32).to_be_bytes());
        self.extend(part);
    }

    #[inline]
    fn extend(&mut self, bytes: &[u8]) {
        if self.long.is_empty() {
            if let Some(room) = self.short.get_mut(self.len..self.len + bytes.len()) {
                room.copy_from_slice(bytes);
                self.len += bytes.len();
                return;
            }
            self.long.extend_from_slice(&self.short[..self.len]);
        }
        self.long.extend_from_slice(bytes);
    }

    #[inline]
    fn as_slice(&self) -> &[u8] {
        if self.long.is_empty() { &self.short[..self.len] } else { &self.long }
    }
}

macro_rules! tuple_keys {
    ($($part:ident . $index:tt),+) => {
        impl<$($part: CacheKey),+> CacheKey for ($($part,)+) {
            #[inline]
            fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
                let mut joined = Joined::default();
                $(self.$index.with_bytes(|part| joined.push(part));)+
                f(joined.as_slice())
            }

            fn text(&self) -> Cow<'_, str> {
                Cow::Owned([$(self.$index.text()),+].join(":"))
            }
        }
    };
}
tuple_keys!(A.0, B.1);
tuple_keys!(A.0, B.1, C.2);
tuple_keys!(A.0, B.1, C.2, D.3);

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(key: &impl CacheKey) -> Vec<u8> {
        key.with_bytes(<[u8]>::to_vec)
    }

    #[test]
    fn a_tuple_outgrows_the_stack_without_losing_bytes() {
        let long = "x".repeat(100);
        let joined = bytes(&("ab", long.clone()));
        assert_eq!(joined.len(), 4 + 2 + 4 + 100);
        assert_eq!(&joined[10..], long.as_bytes());
    }

    #[test]
    fn every_key_has_a_text() {
        assert_eq!(("user", 7_u64, String::from("dashboard")).text(), "user:7:dashboard");
        assert_eq!((true, -1_i8).text(), "true:-1");
        assert_eq!(().text(), "");
        assert_eq!(b"plain".to_vec().text(), "plain");
        assert_eq!([0_u8, 0, 0, 7].text(), "\\x00\\x00\\x00\\x07");
        assert_eq!(vec![0xff, b'a'].text(), "\\xffa");
    }

    #[test]
    fn tuples_with_the_same_text_differ_by_where_they_are_split() {
        assert_ne!(bytes(&("ab", "c")), bytes(&("a", "bc")));
        assert_ne!(bytes(&("", "abc")), bytes(&("abc", "")));
    }
}
