//! Values that were encoded ahead, so that a statement does not need its caller any more.

use crate::session::Params;
use bytes::{Bytes, BytesMut};
use std::error::Error;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

/// One value as it goes over the wire.
#[derive(Debug)]
pub(crate) struct Encoded {
    /// `None` is NULL.
    value: Option<Bytes>,
    format: Format,
}

impl Encoded {
    /// `None` when the values are not what the statement takes: who sends it the usual way gets the error.
    pub(super) fn all(params: Params<'_>, types: &[Type]) -> Option<Vec<Self>> {
        if params.len() != types.len() {
            return None;
        }
        let mut buffer = BytesMut::new();
        let encode = |(param, ty): (&&(dyn ToSql + Sync), &Type)| {
            let format = param.encode_format(ty);
            let value = match param.to_sql_checked(ty, &mut buffer).ok()? {
                IsNull::Yes => None,
                IsNull::No => Some(buffer.split().freeze()),
            };
            Some(Self { value, format })
        };
        params.iter().zip(types).map(encode).collect()
    }
}

impl ToSql for Encoded {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        Ok(match &self.value {
            None => IsNull::Yes,
            Some(value) => {
                out.extend_from_slice(value);
                IsNull::No
            }
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        self.format
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::Encoded;
    use bytes::BytesMut;
    use tokio_postgres::types::{IsNull, ToSql, Type};

    #[test]
    fn a_value_is_the_same_once_and_twice_encoded() {
        let (number, text, nothing) = (7_i32, "text", None::<i64>);
        let params: [&(dyn ToSql + Sync); 3] = [&number, &text, &nothing];
        let types = [Type::INT4, Type::TEXT, Type::INT8];
        let encoded = Encoded::all(&params, &types).expect("they are of these types");
        for ((param, encoded), ty) in params.iter().zip(&encoded).zip(&types) {
            let (mut once, mut twice) = (BytesMut::new(), BytesMut::new());
            let is_null = |null: IsNull| matches!(null, IsNull::Yes);
            let first = param.to_sql_checked(ty, &mut once).expect("it is of this type");
            let second = encoded.to_sql_checked(ty, &mut twice).expect("it is of any type");
            assert_eq!((once, is_null(first)), (twice, is_null(second)), "{ty}");
        }
    }

    #[test]
    fn what_the_statement_does_not_take_is_left_to_the_driver() {
        let text = "text";
        assert!(Encoded::all(&[&text], &[Type::INT4]).is_none());
        assert!(Encoded::all(&[&text], &[]).is_none());
    }
}
