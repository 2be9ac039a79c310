//! What is traced: statements, and waits for sessions. At level debug, in the words of OpenTelemetry where it has them.
//!
//! Nothing is worked out unless a subscriber wants the span. `tracing`'s feature `log`, which any crate of a program
//! may turn on, has every field worked out as long as no subscriber was ever set, whether or not anything is logged; so the
//! level is looked at first. Source of names: OpenTelemetry semantic conventions, "Database client spans", "PostgreSQL
//! client operations" and "Code attributes".

use crate::{
    call::Asked,
    endpoint::Endpoint,
    error::PoolError,
    lane::{Caller, Lane},
    lease::Lease,
    observer::{Outcome, QueryEvent},
};
use forebay_sql::{Lexer, TokenKind};
use serde::{Deserialize, Serialize};
use std::panic::Location;
use tracing::{Span, debug_span, field::Empty, level_filters::LevelFilter};

/// What spans show of a statement's text, as `db.query.text`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TracedText {
    /// Nothing: it is named by its fingerprint.
    #[default]
    Fingerprint,
    /// The text without its values, as [`forebay_sql::normalize`] spells it.
    Normalized,
    /// The text as it was given, with whatever values stand in it.
    Full,
}

/// Whether any subscriber takes spans of this level. One load; the subscriber's own filter is asked after it.
fn are_taken() -> bool {
    LevelFilter::current() >= LevelFilter::DEBUG
}

/// A statement is sent.
pub(crate) fn statement(lease: &Lease, asked: &Asked<'_>, text: TracedText) -> Span {
    if !are_taken() {
        return Span::none();
    }
    let lane = lease.lane();
    let (sql, place) = (asked.sql, asked.place);
    let span = debug_span!(
        "forebay_pool.query",
        otel.name = %name(sql, &lane.endpoint),
        otel.kind = "client",
        otel.status_code = Empty,
        db.system.name = "postgresql",
        db.namespace = database(&lane.endpoint),
        db.operation.name = operation(sql),
        db.query.text = Empty,
        db.response.returned_rows = Empty,
        db.response.status_code = Empty,
        error.r#type = Empty,
        server.address = address(&lane.endpoint).0,
        server.port = address(&lane.endpoint).1,
        code.file.path = place.file(),
        code.line.number = place.line(),
        forebay.fingerprint = %forebay_sql::fingerprint(sql),
        forebay.role = lane.endpoint.role().as_str(),
        forebay.sessions = lane.access.as_str(),
        forebay.outcome = Empty,
        forebay.wait_seconds = lease.waited.as_secs_f64(),
        forebay.round_trip_seconds = Empty,
        forebay.fetch_seconds = Empty,
    );
    if !span.is_disabled() {
        match text {
            TracedText::Fingerprint => {}
            TracedText::Normalized => drop(span.record("db.query.text", forebay_sql::normalize(sql))),
            TracedText::Full => drop(span.record("db.query.text", sql)),
        }
    }
    span
}

/// It ended as `event` says.
pub(crate) fn ended(span: &Span, event: &QueryEvent<'_>) {
    if span.is_disabled() {
        return;
    }
    span.record("forebay.outcome", event.outcome.as_str());
    span.record("forebay.round_trip_seconds", event.round_trip.as_secs_f64());
    span.record("forebay.fetch_seconds", event.fetch.as_secs_f64());
    if event.outcome == Outcome::Done {
        span.record("db.response.returned_rows", event.rows);
        return;
    }
    span.record("otel.status_code", "ERROR");
    match event.sql_state {
        Some(state) => {
            span.record("error.type", state.code());
            span.record("db.response.status_code", state.code());
        }
        None => drop(span.record("error.type", event.outcome.as_str())),
    }
}

/// A caller that found no session idle waits for one.
pub(crate) fn wait(lane: &Lane, caller: Caller) -> Span {
    if !are_taken() {
        return Span::none();
    }
    let place: &Location<'_> = caller.place;
    debug_span!(
        "forebay_pool.wait",
        otel.status_code = Empty,
        db.system.name = "postgresql",
        db.namespace = database(&lane.endpoint),
        error.r#type = Empty,
        server.address = address(&lane.endpoint).0,
        server.port = address(&lane.endpoint).1,
        code.file.path = place.file(),
        code.line.number = place.line(),
        forebay.role = lane.endpoint.role().as_str(),
        forebay.sessions = lane.access.as_str(),
        forebay.outcome = Empty,
    )
}

/// The wait ended.
pub(crate) fn waited<T>(span: &Span, result: &Result<T, PoolError>) {
    if span.is_disabled() {
        return;
    }
    let failed = match result {
        Ok(_) => {
            span.record("forebay.outcome", "done");
            return;
        }
        Err(PoolError::Connect { source, .. }) => source.reason().as_str(),
        Err(PoolError::QueueFull { .. }) => "queue_full",
        Err(PoolError::Overloaded { .. }) => "overload",
        Err(PoolError::Nested { .. }) => "nested",
        Err(error) if error.is_timeout() => "timeout",
        Err(_) => "other",
    };
    span.record("forebay.outcome", "failed");
    span.record("otel.status_code", "ERROR");
    span.record("error.type", failed);
}

/// What is done, and on which database: of few values, whatever statements there are.
fn name(sql: &str, endpoint: &Endpoint) -> String {
    format!("{} {}", operation(sql), database(endpoint))
}

/// The command's first word, in capitals.
fn operation(sql: &str) -> String {
    let word = Lexer::new(sql).find(|token| {
        !matches!(
            token.kind,
            TokenKind::Space | TokenKind::LineComment | TokenKind::BlockComment | TokenKind::Open
        )
    });
    match word {
        Some(token) if matches!(token.kind, TokenKind::Keyword(_)) => token.text(sql).to_ascii_uppercase(),
        // What is no command is refused by the server, and could be anything.
        _ => "UNKNOWN".to_owned(),
    }
}

/// The user's own where none is named, as the server has it.
fn database(endpoint: &Endpoint) -> &str {
    endpoint.target.get_dbname().or_else(|| endpoint.target.get_user()).unwrap_or_default()
}

fn address(endpoint: &Endpoint) -> (&str, u16) {
    let (host, port) = endpoint.name.rsplit_once(':').unwrap_or((&endpoint.name, ""));
    (host, port.parse().unwrap_or(0))
}
