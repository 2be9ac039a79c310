//! A value that was bound to a statement.

use bytes::{BufMut as _, BytesMut};
use std::{error::Error, fmt};
use tokio_postgres::types::{Format, IsNull, ToSql, Type};

/// A value as it was sent to the server, with the type the server had given its parameter. It can be bound again.
///
/// `Debug` shows the type and how long it is, never what it is.
#[derive(Clone, PartialEq, Eq)]
pub struct BoundValue {
    ty: Type,
    /// `None` is NULL.
    bytes: Option<Box<[u8]>>,
}

impl BoundValue {
    /// What `value` is for a parameter of type `ty`; `None` when it is not one.
    pub(crate) fn encode(value: &(dyn ToSql + Sync), ty: Type) -> Option<Self> {
        // Binary unless the value says otherwise; what is not is not kept.
        if !matches!(value.encode_format(&ty), Format::Binary) {
            return None;
        }
        let mut bytes = BytesMut::new();
        let bytes = match value.to_sql_checked(&ty, &mut bytes).ok()? {
            IsNull::Yes => None,
            IsNull::No => Some(Box::from(&bytes[..])),
        };
        Some(Self { ty, bytes })
    }

    /// The type of its parameter.
    #[must_use]
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// Whether it is NULL.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.bytes.is_none()
    }

    /// Its bytes in PostgreSQL's binary form; none for NULL.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }
}

impl ToSql for BoundValue {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let Some(bytes) = &self.bytes else { return Ok(IsNull::Yes) };
        out.put_slice(bytes);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        // The form is that of one type.
        if *ty != self.ty {
            return Err(format!("a value of type {} is asked for as {ty}", self.ty).into());
        }
        self.to_sql(ty, out)
    }
}

impl fmt::Debug for BoundValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.bytes {
            None => write!(f, "{} NULL", self.ty),
            Some(bytes) => write!(f, "{} of {} bytes", self.ty, bytes.len()),
        }
    }
}
