/// What the envelope accepts, so that neither a large value nor a hostile one costs more than this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Values from this size on are compressed, when that saves at least an eighth. Default: 1 KiB.
    pub compress_from_bytes: usize,
    /// A longer envelope is not sent to a tier. Default: 1 MiB, what Memcached takes as delivered, less its own header.
    pub item_bytes_max: usize,
    /// A value that unpacks to more than this is not read. Default: 32 MiB.
    pub unpacked_bytes_max: usize,
}

impl Limits {
    /// Tags on one entry: as many as a scope collects.
    pub const TAGS_MAX: usize = forebay_scope::TagsRead::MAX;
    /// Bytes of one tag's text.
    pub const TAG_BYTES_MAX: usize = 1024;
}

impl Default for Limits {
    fn default() -> Self {
        Self { compress_from_bytes: 1024, item_bytes_max: (1 << 20) - 1024, unpacked_bytes_max: 32 << 20 }
    }
}
