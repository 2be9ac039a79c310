use crate::BoxError;
use http::HeaderValue;
use serde::Serialize;

/// How items are put together to a body. The formats of this crate are [`Lines`], [`Array`] and [`EventLines`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot write items of `{T}`",
    note = "items of `JsonLines` and `JsonArray` are `serde::Serialize`, those of `Events` are `forebay_response::Event`"
)]
pub trait Format<T> {
    /// Appends one item.
    ///
    /// # Errors
    /// The item cannot be written; what was appended of it is then taken back.
    fn item(&mut self, item: &T, out: &mut Vec<u8>) -> Result<(), BoxError>;
}

/// What a format is besides its items.
pub trait Shape {
    /// The value of `Content-Type`.
    fn content_type(&self) -> HeaderValue;

    /// What stands before the first item.
    fn begin(&self) -> &'static [u8];

    /// What stands behind the last item, and makes the body whole.
    fn end(&self) -> &'static [u8];

    /// What says nothing, but keeps the connection alive.
    fn beat(&self) -> &'static [u8];

    /// Appends what tells the client of an error in a body that then ends well; `false` when the format has no place for it.
    fn tell(&self, error: &str, out: &mut Vec<u8>) -> bool;
}

/// One JSON document a line: NDJSON, `application/x-ndjson`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lines(());

/// One JSON array, `application/json`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Array {
    begun: bool,
}

/// Server-sent events, `text/event-stream`.
#[derive(Debug, Clone, Copy, Default)]
pub struct EventLines(());

impl<T: Serialize> Format<T> for Lines {
    fn item(&mut self, item: &T, out: &mut Vec<u8>) -> Result<(), BoxError> {
        serde_json::to_writer(&mut *out, item)?;
        out.push(b'\n');
        Ok(())
    }
}

impl Shape for Lines {
    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static("application/x-ndjson")
    }

    fn begin(&self) -> &'static [u8] {
        b""
    }

    fn end(&self) -> &'static [u8] {
        b""
    }

    /// An empty line, which readers of NDJSON skip.
    fn beat(&self) -> &'static [u8] {
        b"\n"
    }

    fn tell(&self, error: &str, out: &mut Vec<u8>) -> bool {
        let line = serde_json::json!({ "error": error });
        out.extend_from_slice(line.to_string().as_bytes());
        out.push(b'\n');
        true
    }
}

impl<T: Serialize> Format<T> for Array {
    fn item(&mut self, item: &T, out: &mut Vec<u8>) -> Result<(), BoxError> {
        if self.begun {
            out.push(b',');
        }
        serde_json::to_writer(&mut *out, item)?;
        self.begun = true;
        Ok(())
    }
}

impl Shape for Array {
    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static("application/json")
    }

    fn begin(&self) -> &'static [u8] {
        b"["
    }

    fn end(&self) -> &'static [u8] {
        b"]"
    }

    /// White space, which JSON allows between items.
    fn beat(&self) -> &'static [u8] {
        b"\n"
    }

    /// An array with an error for an item would be taken for a whole one.
    fn tell(&self, _error: &str, _out: &mut Vec<u8>) -> bool {
        false
    }
}

impl Format<super::Event> for EventLines {
    fn item(&mut self, item: &super::Event, out: &mut Vec<u8>) -> Result<(), BoxError> {
        item.write(out);
        Ok(())
    }
}

impl Shape for EventLines {
    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static("text/event-stream")
    }

    fn begin(&self) -> &'static [u8] {
        b""
    }

    fn end(&self) -> &'static [u8] {
        b""
    }

    /// A comment.
    fn beat(&self) -> &'static [u8] {
        b":\n\n"
    }

    fn tell(&self, error: &str, out: &mut Vec<u8>) -> bool {
        super::Event::new(error).name("error").write(out);
        true
    }
}
