use serde::Serialize;
use std::{fmt::Write, time::Duration};

/// One server-sent event. Source: the HTML standard, section 9.2.
///
/// ```
/// use forebay_response::Event;
/// let event = Event::new("two\nlines").name("note").id("7");
/// assert_eq!(event.to_string(), "id: 7\nevent: note\ndata: two\ndata: lines\n\n");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Event {
    id: Option<String>,
    name: Option<String>,
    retry: Option<Duration>,
    data: String,
}

impl Event {
    /// An event with this data; each of its lines goes on a line of its own.
    pub fn new(data: impl Into<String>) -> Self {
        Self { data: data.into(), ..Self::default() }
    }

    /// An event whose data is JSON.
    ///
    /// # Errors
    /// The value cannot be written as JSON.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::to_string(value).map(Self::new)
    }

    /// What a client that comes back says it saw last (`Last-Event-ID`). Line ends and NUL, which an id cannot have, become
    /// spaces. Default: none.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(one_line(id.into()));
        self
    }

    /// The type of the event; line ends become spaces. Default: none, which clients call `message`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(one_line(name.into()));
        self
    }

    /// How long a client waits before it comes back, in whole milliseconds. Default: not said.
    pub fn retry(mut self, after: Duration) -> Self {
        self.retry = Some(after);
        self
    }

    /// Appends the event and the blank line that ends it.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.to_string().as_bytes());
    }
}

impl std::fmt::Display for Event {
    /// As it is sent, with the blank line that ends it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(id) = &self.id {
            writeln!(f, "id: {id}")?;
        }
        if let Some(name) = &self.name {
            writeln!(f, "event: {name}")?;
        }
        if let Some(retry) = self.retry {
            writeln!(f, "retry: {}", retry.as_millis())?;
        }
        // A line may end in `\r\n`, `\n` or `\r`.
        let unix = self.data.replace("\r\n", "\n").replace('\r', "\n");
        for line in unix.split('\n') {
            writeln!(f, "data: {line}")?;
        }
        f.write_char('\n')
    }
}

fn one_line(text: String) -> String {
    if text.contains(['\n', '\r', '\0']) { text.replace(['\n', '\r', '\0'], " ") } else { text }
}
