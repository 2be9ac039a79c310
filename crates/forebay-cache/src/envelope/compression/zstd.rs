const LEVEL: i32 = 3;

pub(super) fn pack(payload: &[u8]) -> Option<Vec<u8>> {
    zstd::bulk::compress(payload, LEVEL).ok()
}

/// In one piece into a buffer of the announced length: the window a stream would need is the sender's to choose.
pub(super) fn unpack(payload: &[u8], unpacked: usize) -> Option<Vec<u8>> {
    zstd::bulk::decompress(payload, unpacked).ok()
}
