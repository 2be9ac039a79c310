use super::{DecodeError, RequestDecodingConfig};
use http::{HeaderMap, HeaderValue, header::CONTENT_ENCODING};

/// A decoder that is fed a body piece by piece.
pub(super) trait Stage: Send + Sync {
    /// Takes in data.
    fn write(&mut self, data: &[u8]) -> Result<(), DecodeError>;

    /// Checks that the body may end here.
    fn finish(&mut self) -> Result<(), DecodeError>;

    /// Takes out what was decoded.
    fn take(&mut self) -> Vec<u8>;
}

/// The codings this build decodes, as the advice in `Accept-Encoding` (RFC 9110 section 15.5.16).
pub(super) fn advice() -> HeaderValue {
    HeaderValue::from_static(
        match (cfg!(feature = "brotli"), cfg!(feature = "zstd"), cfg!(feature = "gzip")) {
            (true, true, true) => "br, zstd, gzip, deflate",
            (true, true, false) => "br, zstd",
            (true, false, true) => "br, gzip, deflate",
            (true, false, false) => "br",
            (false, true, true) => "zstd, gzip, deflate",
            (false, true, false) => "zstd",
            (false, false, true) => "gzip, deflate",
            (false, false, false) => "identity",
        },
    )
}

/// Decoders in the order in which the body goes through them: the last coding applied comes first.
pub(super) struct Chain(Vec<Box<dyn Stage>>);

impl Chain {
    /// By every `Content-Encoding` line of a request; none where it is not encoded.
    pub(super) fn by(
        headers: &HeaderMap,
        limits: RequestDecodingConfig,
    ) -> Result<Option<Self>, DecodeError> {
        if !headers.contains_key(CONTENT_ENCODING) {
            return Ok(None);
        }
        let lines = headers.get_all(CONTENT_ENCODING).iter();
        let members = lines.flat_map(|line| line.as_bytes().split(|&b| b == b','));
        let is_coding = |name: &&[u8]| !name.is_empty() && !name.eq_ignore_ascii_case(b"identity");
        let codings: Vec<_> = members.map(<[u8]>::trim_ascii).filter(is_coding).collect();
        if codings.len() > usize::from(limits.chain_max) {
            return Err(DecodeError::ChainTooLong { found: codings.len(), limit: limits.chain_max });
        }
        let stages =
            codings.into_iter().rev().map(|name| stage(name, limits).ok_or(DecodeError::Unsupported));
        let stages = stages.collect::<Result<Vec<_>, _>>()?;
        Ok((!stages.is_empty()).then_some(Self(stages)))
    }

    /// Takes in data and gives what it becomes at the end of the chain.
    pub(super) fn write(&mut self, data: &[u8]) -> Result<Vec<u8>, DecodeError> {
        self.write_from(0, data)
    }

    /// Ends the body: what was still inside, if every coding is complete.
    pub(super) fn finish(&mut self) -> Result<Vec<u8>, DecodeError> {
        let mut out = Vec::new();
        for at in 0..self.0.len() {
            self.0[at].finish()?;
            let rest = self.0[at].take();
            out.extend(self.write_from(at + 1, &rest)?);
        }
        Ok(out)
    }

    fn write_from(&mut self, at: usize, data: &[u8]) -> Result<Vec<u8>, DecodeError> {
        let Some((first, rest)) = self.0[at..].split_first_mut() else { return Ok(data.to_vec()) };
        first.write(data)?;
        let mut out = first.take();
        for stage in rest {
            stage.write(&out)?;
            out = stage.take();
        }
        Ok(out)
    }
}

/// A whole body decoded by its `Content-Encoding`; `None` where that fails, or gives more than so many bytes.
pub(crate) fn decoded(headers: &HeaderMap, data: &[u8], bytes_max: u64) -> Option<Vec<u8>> {
    let limits = RequestDecodingConfig { body_bytes_max: bytes_max, ratio_max: u32::MAX, chain_max: 2 };
    let mut chain = Chain::by(headers, limits).ok()??;
    let mut out = chain.write(data).ok()?;
    out.extend(chain.finish().ok()?);
    Some(out)
}

fn stage(name: &[u8], limits: RequestDecodingConfig) -> Option<Box<dyn Stage>> {
    #[cfg(feature = "gzip")]
    if name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip") {
        return Some(Box::new(super::flate::Flate::gzip(limits)));
    }
    #[cfg(feature = "gzip")]
    if name.eq_ignore_ascii_case(b"deflate") {
        return Some(Box::new(super::flate::Flate::deflate(limits)));
    }
    #[cfg(feature = "brotli")]
    if name.eq_ignore_ascii_case(b"br") {
        return Some(Box::new(super::brotli::Brotli::new(limits)));
    }
    #[cfg(feature = "zstd")]
    if name.eq_ignore_ascii_case(b"zstd") {
        return Some(Box::new(super::zstd::Zstd::new(limits)));
    }
    let _ = (name, limits);
    None
}
