use super::{
    FieldMask, FieldsConfig, Malformed,
    lex::{self, Bad, Escape},
    mask::Of,
    opaque::{Opaque, Stop},
    resource::Resource,
    state::{At, Fault, Frame, Limits, Mode, Sink},
    tree::Select,
    utf8::Utf8,
};

/// How JSON documents are put together to a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonFraming {
    /// One document.
    Document,
    /// One document a line, as in NDJSON; the mask is for each of them.
    Lines,
}

/// Lets through what a [mask](FieldMask) selects of JSON that comes piece by piece, without a tree of it in memory.
///
/// What it keeps between pieces is a few bytes for each level of nesting, at most one key, and of a JSON:API resource what
/// came before its `type`; all three are bounded by [`FieldsConfig`]. Everything is checked, what is left out as well: after
/// an error nothing more comes out, and what came out before is not a whole document.
///
/// ```
/// use forebay_response::{FieldFilter, FieldMask, FieldsConfig, JsonFraming};
///
/// let mask = FieldMask::parse("user/name")?;
/// let mut filter = FieldFilter::new(&mask, JsonFraming::Document, &FieldsConfig::default());
/// let mut out = Vec::new();
/// for piece in [r#"{"user": {"id": 7, "na"#, r#"me": "Ada"}, "more": [1, 2"#, "]}"] {
///     filter.push(piece.as_bytes(), &mut out)?;
/// }
/// filter.finish()?;
/// assert_eq!(out, br#"{"user":{"name":"Ada"}}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FieldFilter {
    pub(super) mask: FieldMask,
    framing: JsonFraming,
    pub(super) limits: Limits,
    /// What the whole of a document is to the mask.
    root: Mode,
    pub(super) open: Vec<Frame>,
    pub(super) at: At,
    /// What the value to come is to the mask.
    pub(super) mode: Mode,
    opaque: Opaque,
    /// Where the opaque value under way goes; nothing when none is.
    sink: Option<Sink>,
    /// The part of a key that came in earlier pieces.
    key: Vec<u8>,
    pub(super) resource: Resource,
    utf8: Utf8,
    /// Bytes of earlier pieces.
    seen: u64,
    failed: Option<Malformed>,
}

impl FieldFilter {
    /// A filter for one body.
    #[must_use]
    pub fn new(mask: &FieldMask, framing: JsonFraming, config: &FieldsConfig) -> Self {
        let root = match mask.about() {
            Of::Document(select) => Mode::from(*select),
            Of::Resources(_) => Mode::Api,
        };
        let limits = Limits {
            depth: config.depth_max,
            key: config.key_bytes_max,
            resource: config.resource_bytes_max,
        };
        Self::with_root(mask, framing, limits, root)
    }

    fn with_root(mask: &FieldMask, framing: JsonFraming, limits: Limits, root: Mode) -> Self {
        Self {
            mask: mask.clone(),
            framing,
            limits,
            root,
            open: Vec::new(),
            at: At::Value,
            mode: root,
            opaque: Opaque::new(framing == JsonFraming::Lines),
            sink: None,
            key: Vec::new(),
            resource: Resource::default(),
            utf8: Utf8::default(),
            seen: 0,
            failed: None,
        }
    }

    /// Takes in a piece and appends what is let through of it.
    ///
    /// # Errors
    /// It is not JSON, or exceeds a limit. Later calls fail in the same way.
    pub fn push(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
        self.check_failed()?;
        let result = match self.utf8.push(data) {
            Ok(()) => self.scan(data, out),
            Err(at) => Err(Stop::Bad(Bad(at)).into()),
        };
        let seen = self.seen;
        self.seen += data.len() as u64;
        result.map_err(|fault: Fault| {
            let failed = match fault {
                Fault::At(at) => Malformed::Syntax { at: seen + at as u64 },
                Fault::TooDeep => Malformed::TooDeep(self.limits.depth),
                Fault::Other(other) => other,
            };
            *self.failed.insert(failed)
        })
    }

    /// Ends the body.
    ///
    /// # Errors
    /// The JSON is not at its end, or failed before.
    pub fn finish(&mut self) -> Result<(), Malformed> {
        self.check_failed()?;
        let between_documents = self.open.is_empty()
            && match self.at {
                At::After => true,
                At::Value => self.framing == JsonFraming::Lines && self.sink.is_none(),
                _ => false,
            };
        let in_number = self.open.is_empty() && self.sink.is_some() && self.opaque.may_end();
        if self.utf8.is_cut() || !(between_documents || in_number) {
            return Err(*self.failed.insert(Malformed::Unfinished));
        }
        Ok(())
    }

    fn check_failed(&self) -> Result<(), Malformed> {
        self.failed.map_or(Ok(()), Err)
    }

    fn scan(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        let mut pos = 0;
        while pos < data.len() {
            pos = match (self.sink, self.at) {
                (Some(sink), _) => self.opaque(sink, data, pos, out)?,
                (None, At::InKey(escape)) => self.key(escape, data, pos, out)?,
                (None, _) => self.between(data, pos, out)?,
            };
        }
        Ok(())
    }

    /// Goes on with an opaque value, and passes it on.
    #[inline]
    fn opaque(&mut self, sink: Sink, data: &[u8], from: usize, out: &mut Vec<u8>) -> Result<usize, Fault> {
        let ended = self.opaque.run(data, from)?;
        let to = ended.unwrap_or(data.len());
        match sink {
            Sink::Nowhere => {}
            Sink::Out => out.extend_from_slice(&data[from..to]),
            Sink::Held => self.resource.hold(&data[from..to], self.limits.resource)?,
        }
        if ended.is_some() {
            self.sink = None;
            self.at = At::After;
            if sink == Sink::Held {
                self.held(out)?;
            }
        }
        Ok(to)
    }

    /// Goes on between two tokens; returns in front of the next one that needs more.
    #[inline]
    fn between(&mut self, data: &[u8], mut pos: usize, out: &mut Vec<u8>) -> Result<usize, Fault> {
        while let Some(&byte) = data.get(pos) {
            let here = pos;
            pos += 1;
            match (self.at, byte) {
                (At::Key | At::FirstKey, b'"') => match self.members(data, pos, out) {
                    Some(after) => pos = after,
                    None => {
                        self.at = At::InKey(Escape::None);
                        return Ok(pos);
                    }
                },
                (At::Colon, b':') => self.at = At::Value,
                (At::After, b',') => self.comma(here, out)?,
                (At::After | At::FirstKey, b'}') => self.close(false, here, out)?,
                (At::After | At::FirstValue, b']') => self.close(true, here, out)?,
                (_, b' ' | b'\t' | b'\r') => {}
                (_, b'\n') if self.framing == JsonFraming::Document => {}
                (at, b'\n') if self.open.is_empty() && at != At::Colon => self.line_end(out),
                (At::Value | At::FirstValue, b'{') if self.is_filtered() => {
                    self.enter(false, out)?;
                }
                (At::Value | At::FirstValue, b'[') if self.is_filtered() => self.enter(true, out)?,
                (At::Value | At::FirstValue, _) => {
                    self.opaque.begin(self.limits.depth - self.open.len());
                    self.sink = Some(match self.mode {
                        Mode::Skip => Sink::Nowhere,
                        Mode::Hold => Sink::Held,
                        _ => Sink::Out,
                    });
                    return Ok(here);
                }
                _ => return Err(Fault::At(here)),
            }
        }
        Ok(pos)
    }

    /// Whether a value with members is looked into.
    fn is_filtered(&self) -> bool {
        matches!(self.mode, Mode::Node(_) | Mode::Api | Mode::Resource)
    }

    fn enter(&mut self, array: bool, out: &mut Vec<u8>) -> Result<(), Fault> {
        if self.open.len() >= self.limits.depth {
            return Err(Fault::TooDeep);
        }
        self.open.push(Frame { array, mode: self.mode, begun: false });
        self.at = if array { At::FirstValue } else { At::FirstKey };
        if self.mode == Mode::Resource && !array {
            self.resource.begin();
        }
        out.push(if array { b'[' } else { b'{' });
        Ok(())
    }

    fn close(&mut self, array: bool, here: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
        match self.open.last() {
            Some(frame) if frame.array == array => {
                if frame.mode == Mode::Resource && !array {
                    self.release(out)?;
                }
                self.open.pop();
            }
            _ => return Err(Fault::At(here)),
        }
        out.push(if array { b']' } else { b'}' });
        self.at = At::After;
        Ok(())
    }

    fn comma(&mut self, here: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
        match self.open.last() {
            Some(Frame { array: true, mode, .. }) => {
                (self.at, self.mode) = (At::Value, *mode);
                out.push(b',');
                Ok(())
            }
            Some(_) => {
                self.at = At::Key;
                Ok(())
            }
            None => Err(Fault::At(here)),
        }
    }

    /// Between two lines of NDJSON; an empty one is left out.
    fn line_end(&mut self, out: &mut Vec<u8>) {
        if self.at == At::After {
            out.push(b'\n');
        }
        (self.at, self.mode) = (At::Value, self.root);
    }

    /// Goes on with a key, and decides about its value when it is whole.
    #[inline]
    fn key(
        &mut self,
        mut escape: Escape,
        data: &[u8],
        from: usize,
        out: &mut Vec<u8>,
    ) -> Result<usize, Fault> {
        let end = lex::text(data, from, &mut escape).map_err(Stop::Bad)?;
        let to = end.map_or(data.len(), |end| end - 1);
        if self.key.len() + (to - from) > self.limits.key {
            return Err(Malformed::KeyTooLong(self.limits.key).into());
        }
        let Some(end) = end else {
            self.key.extend_from_slice(&data[from..]);
            self.at = At::InKey(escape);
            return Ok(data.len());
        };
        self.at = At::Colon;
        if self.key.is_empty() {
            self.member(&data[from..to], out);
        } else {
            self.key.extend_from_slice(&data[from..to]);
            let mut key = std::mem::take(&mut self.key);
            self.member(&key, out);
            key.clear();
            self.key = key;
        }
        Ok(end)
    }

    /// Decides about the member with this key, as it is in the document, and writes the key if it is let through.
    #[inline]
    fn member(&mut self, raw: &[u8], out: &mut Vec<u8>) {
        let frame = self.open.last().copied().expect("keys are read inside of objects");
        let plain;
        let key = if memchr::memchr(b'\\', raw).is_some() {
            plain = lex::unescaped(raw);
            // No Unicode text is no name of a mask either.
            plain.as_deref().unwrap_or(raw)
        } else {
            raw
        };
        self.mode = match frame.mode {
            Mode::Node(node) => self.mask.tree().member(node, key).into(),
            Mode::Api if matches!(key, b"data" | b"included") => Mode::Resource,
            Mode::Resource => self.resource.member(key, raw),
            _ => Mode::Copy,
        };
        if !matches!(self.mode, Mode::Skip | Mode::Hold) {
            self.write_key(raw, out);
        }
    }

    /// Writes a key, with a comma before it where one is needed.
    pub(super) fn write_key(&mut self, raw: &[u8], out: &mut Vec<u8>) {
        let frame = self.open.last_mut().expect("keys are written inside of objects");
        if std::mem::replace(&mut frame.begun, true) {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(raw);
        out.extend_from_slice(b"\":");
    }

    /// Filters a value that was held back, and is known to be JSON.
    pub(super) fn filter_held(&self, select: Select, value: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        let mut inner = Self::with_root(&self.mask, JsonFraming::Document, self.limits, select.into());
        inner.push(value, out).and_then(|()| inner.finish()).map_err(Fault::Other)
    }
}
