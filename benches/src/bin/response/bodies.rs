use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::fmt::Write as _;

const NAMES: [&str; 8] = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Leslie", "Margaret"];
const CITIES: [&str; 6] = ["London", "Zürich", "New York", "Amsterdam", "Kyoto", "Lagos"];
const WORDS: [&str; 12] = [
    "quick",
    "deposit",
    "final",
    "pending",
    "carefully",
    "regular",
    "express",
    "account",
    "ironic",
    "silent",
    "package",
    "blithely",
];

/// A list as an API would return it: repeating keys, values that differ. The same seed gives the same bytes.
pub(crate) fn api(bytes: usize, seed: u64) -> Vec<u8> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut text = String::from("{\"items\":[");
    let mut id = 0;
    while text.len() < bytes {
        id += random.random_range(1..97);
        let (first, last) = (NAMES[random.random_range(0..8)], NAMES[random.random_range(0..8)]);
        let note: Vec<_> =
            (0..random.random_range(3..9)).map(|_| WORDS[random.random_range(0..12)]).collect();
        let written = write!(
            text,
            "{{\"id\":{id},\"name\":\"{first} {last}\",\"email\":\"u{id}@example.com\",\"active\":{},\"balance\":{}.{:02},\
             \"city\":\"{}\",\"updated_at\":\"2026-0{}-{:02}T{:02}:{:02}:00Z\",\"note\":\"{}\"}},",
            random.random_bool(0.7),
            random.random_range(0..100_000),
            random.random_range(0..100),
            CITIES[random.random_range(0..6)],
            random.random_range(1..10),
            random.random_range(1..29),
            random.random_range(0..24),
            random.random_range(0..60),
            note.join(" "),
        );
        debug_assert!(written.is_ok(), "writing to a String does not fail");
    }
    text.pop();
    text.push_str("]}");
    text.into_bytes()
}
