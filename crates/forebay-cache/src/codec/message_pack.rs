use super::self_describing::self_describing_codec;

self_describing_codec! {
    /// MessagePack with the names of the fields, the default codec.
    ///
    /// Because fields carry their names, a rolling deploy may add fields that have a default and remove fields without
    /// losing what is cached. The fingerprint does not see into `V`: the name a compiler gives to a type says nothing
    /// about its fields. **Raise [`schema`](MessagePack::schema) when a field keeps its name and type but changes its
    /// meaning** (cents become euros); entries of the other number are then misses on both sides.
    MessagePack, "messagepack", rmp_serde::to_vec_named, rmp_serde::from_slice
}
