use anyhow::bail;
use flate2::write::{GzDecoder, ZlibDecoder};
use std::io::Write;

/// The text of a body as far as it can be decoded.
pub(crate) enum Decoded {
    Plain(Vec<u8>),
    Gzip(GzDecoder<Vec<u8>>),
    Deflate(ZlibDecoder<Vec<u8>>),
    Brotli(Box<brotli::DecompressorWriter<Vec<u8>>>),
    Zstd(Box<zstd::stream::write::Decoder<'static, Vec<u8>>>),
}

impl Decoded {
    /// Nothing yet, in this coding.
    pub(crate) fn of(coding: &str) -> anyhow::Result<Self> {
        Ok(match coding {
            "identity" => Self::Plain(Vec::new()),
            "gzip" => Self::Gzip(GzDecoder::new(Vec::new())),
            "deflate" => Self::Deflate(ZlibDecoder::new(Vec::new())),
            "br" => Self::Brotli(Box::new(brotli::DecompressorWriter::new(Vec::new(), 4096))),
            "zstd" => Self::Zstd(Box::new(zstd::stream::write::Decoder::new(Vec::new())?)),
            other => bail!("{other} is not decoded here"),
        })
    }

    /// Takes what came next.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let to: &mut dyn Write = match self {
            Self::Plain(to) => to,
            Self::Gzip(to) => to,
            Self::Deflate(to) => to,
            Self::Brotli(to) => to,
            Self::Zstd(to) => to,
        };
        to.write_all(bytes)?;
        to.flush()
    }

    /// How many whole lines there are.
    pub(crate) fn lines(&self) -> usize {
        let text = match self {
            Self::Plain(text) => text,
            Self::Gzip(decoder) => decoder.get_ref(),
            Self::Deflate(decoder) => decoder.get_ref(),
            Self::Brotli(decoder) => decoder.get_ref(),
            Self::Zstd(decoder) => decoder.get_ref(),
        };
        memchr::memchr_iter(b'\n', text).count()
    }
}
