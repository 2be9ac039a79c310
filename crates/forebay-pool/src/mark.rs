//! Values that can be told apart, and not read.

use bytes::BytesMut;
use forebay_sql::{Lexer, TokenKind};
use std::{
    error::Error,
    fmt,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    num::NonZeroU64,
    sync::LazyLock,
};
use tokio_postgres::{
    Row,
    types::{FromSql, IsNull, Kind, ToSql, Type},
};

/// Numbers from here on, and texts this long, are rarely the same by chance.
const TELLING_NUMBER: u64 = 10_000;
const TELLING_BYTES: usize = 8;
/// An array of two numbers or more: its head has 20 bytes, each element 4 and its own.
const ARRAY_BYTES: usize = 36;

/// Stands for a value that was bound or returned: equal values have equal marks, integers whatever their width and texts whatever
/// their type. A mark is a hash under a key that is made anew by every process and never shown, so that it may be kept where the
/// value may not.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark(NonZeroU64);

impl Mark {
    const TELLING: u64 = 1;

    /// The mark of a value as it goes over the wire in binary.
    fn of(ty: &Type, bytes: &[u8]) -> Self {
        let integer = match *ty {
            Type::INT2 => bytes.try_into().ok().map(|bytes| i64::from(i16::from_be_bytes(bytes))),
            Type::INT4 => bytes.try_into().ok().map(|bytes| i64::from(i32::from_be_bytes(bytes))),
            Type::INT8 => bytes.try_into().ok().map(i64::from_be_bytes),
            Type::OID => bytes.try_into().ok().map(|bytes| i64::from(u32::from_be_bytes(bytes))),
            _ => None,
        };
        match (integer, ty.kind()) {
            (Some(value), _) => Self::integer(value),
            (None, Kind::Domain(base)) => Self::of(base, bytes),
            (None, _) if is_text(ty) => Self::text(bytes),
            (None, kind) => {
                let least = match kind {
                    Kind::Enum(_) => usize::MAX,
                    Kind::Array(_) => ARRAY_BYTES,
                    _ => TELLING_BYTES,
                };
                let telling = bytes.len() >= least;
                Self::hashed(ty.oid(), bytes, telling)
            }
        }
    }

    fn integer(value: i64) -> Self {
        Self::hashed(Type::INT8.oid(), &value.to_be_bytes(), value.unsigned_abs() >= TELLING_NUMBER)
    }

    fn text(bytes: &[u8]) -> Self {
        Self::hashed(Type::TEXT.oid(), bytes, bytes.len() >= TELLING_BYTES)
    }

    fn hashed(oid: u32, bytes: &[u8], telling: bool) -> Self {
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        let mut hasher = KEY.build_hasher();
        hasher.write_u32(oid);
        hasher.write(bytes);
        let bits = hasher.finish() & !Self::TELLING | u64::from(telling);
        // A bit of the hash is always set, so that there is room for `None`.
        Self(NonZeroU64::MIN.saturating_add(1) | bits)
    }

    /// Whether the value is one of so many that two of them are hardly equal by chance: a number from 10 000, a text or other
    /// value from 8 bytes, an array of several elements.
    #[must_use]
    pub const fn is_telling(self) -> bool {
        self.0.get() & Self::TELLING != 0
    }

    /// The mark of a bound value; `None` for NULL, and for what cannot be encoded as `ty`.
    pub(crate) fn of_bound(value: &(dyn ToSql + Sync), ty: &Type, buffer: &mut BytesMut) -> Option<Self> {
        buffer.clear();
        match value.to_sql_checked(ty, buffer).ok()? {
            IsNull::Yes => None,
            IsNull::No => Some(Self::of(ty, buffer)),
        }
    }

    /// The mark of a returned value; `None` for NULL, and outside of the row.
    pub(crate) fn of_returned(row: &Row, column: usize) -> Option<Self> {
        row.try_get::<_, Option<Returned>>(column).ok()?.map(|value| value.0)
    }

    /// The marks of the values that are written into a text, in its order: numbers without their sign and plain strings.
    pub(crate) fn of_literals(sql: &str) -> Vec<Option<Self>> {
        Lexer::new(sql)
            .filter_map(|token| match token.kind {
                TokenKind::Number => {
                    let text = token.text(sql);
                    Some(Some(text.parse().map_or_else(
                        |_| Self::hashed(Type::NUMERIC.oid(), text.as_bytes(), false),
                        Self::integer,
                    )))
                }
                TokenKind::String => Some(Self::of_string(token.text(sql))),
                TokenKind::BitString => Some(None),
                _ => None,
            })
            .collect()
    }

    /// `None` where escapes would have to be understood.
    fn of_string(literal: &str) -> Option<Self> {
        let inside = literal.strip_prefix('\'')?.strip_suffix('\'')?;
        (!inside.contains(['\'', '\\'])).then(|| Self::text(inside.as_bytes()))
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mark")
    }
}

/// The mark of a value of any type.
struct Returned(Mark);

impl<'a> FromSql<'a> for Returned {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Mark::of(ty, raw)))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn is_text(ty: &Type) -> bool {
    [Type::TEXT, Type::VARCHAR, Type::BPCHAR, Type::NAME].contains(ty)
}
