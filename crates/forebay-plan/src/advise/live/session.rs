//! A connection on which nothing can go wrong for others.

use std::future::Future;

use bytes::BytesMut;
use futures_util::future::join3;
use tokio_postgres::types::{Format, FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Error};

use crate::advise::options::Options;

/// A connection on which every question is a transaction of its own: READ ONLY, with bounds, rolled back. No lock and no snapshot outlives
/// its question.
#[derive(Debug)]
pub(super) struct Session<'a> {
    pub(super) client: &'a Client,
    begin: String,
}

impl<'a> Session<'a> {
    pub(super) fn new(client: &'a Client, options: &Options) -> Self {
        let begin = format!(
            "BEGIN READ ONLY; SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}; \
             SET LOCAL plan_cache_mode = force_generic_plan",
            options.statement_timeout.as_millis().max(1),
            options.lock_timeout.as_millis().max(1)
        );
        Self { client, begin }
    }

    /// Sends a question within its transaction, all in one round trip.
    pub(super) async fn ask<T>(&self, question: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let begin = self.client.batch_execute(&self.begin);
        // In the order they are polled they are sent.
        let (begun, answer, ended) = join3(begin, question, self.client.batch_execute("ROLLBACK")).await;
        begun?;
        let answer = answer?;
        ended?;
        Ok(answer)
    }
}

/// A value whose type the server knows.
#[derive(Debug)]
pub(crate) struct TextValue<'a>(pub(crate) Option<&'a str>);

impl ToSql for TextValue<'_> {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Some(text) => {
                out.extend_from_slice(text.as_bytes());
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// JSON as the text it is sent as.
#[derive(Debug)]
pub(super) struct JsonText(pub(super) String);

impl<'a> FromSql<'a> for JsonText {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(std::str::from_utf8(raw)?.to_owned()))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::JSON || *kind == Type::TEXT
    }
}

/// What a server says went wrong, in one line without the statement.
pub(super) fn words(error: &Error) -> String {
    match error.as_db_error() {
        Some(error) => error.message().replace(char::is_control, " "),
        None => error.to_string(),
    }
}

/// Whether the connection can no longer be used.
pub(super) fn is_lost(error: &Error) -> bool {
    error.is_closed() || error.as_db_error().is_some_and(|error| error.severity() == "FATAL")
}
