use super::self_describing::self_describing_codec;

self_describing_codec! {
    /// JSON, for entries that programs in other languages or people read.
    ///
    /// Its bytes are larger than MessagePack's and slower to read. Fields carry their names, so what holds for
    /// [`MessagePack`](super::MessagePack) in a rolling deploy holds here: fields with a default may be added, and fields
    /// removed; **raise [`schema`](Json::schema) when a field changes its meaning**. Keys of maps must be strings or numbers,
    /// and `f64::NAN` and the infinities do not come back: a value that has them is loaded again.
    Json, "json", serde_json::to_vec, serde_json::from_slice
}
