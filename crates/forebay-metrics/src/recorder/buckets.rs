//! Buckets that grow with the value: each power of two is cut into sixteen equal parts.
//!
//! A bucket is at most 1/16 of its lower edge wide, so its harmonic middle is within 1/33 (3.1 %) of every
//! value in it.

/// Parts of one power of two.
pub(super) const PARTS: usize = 16;
/// The smallest power of two with buckets of its own, about a nanosecond where the unit is seconds.
const LOWEST: i32 = -30;
/// Powers of two with buckets: up to 2^44, seventeen terabytes where the unit is bytes.
pub(super) const OCTAVES: usize = 74;
/// All buckets, the one for everything too small included.
pub(super) const BUCKETS: usize = 1 + OCTAVES * PARTS;

/// Where a value is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Zero, negative, or less than the smallest bucket holds.
    Low,
    In {
        octave: usize,
        part: usize,
    },
}

/// The bucket of a value that is not NaN; what is too large goes to the last one.
pub(super) fn place(value: f64) -> Place {
    if value < 2_f64.powi(LOWEST) {
        return Place::Low;
    }
    let bits = value.to_bits();
    // Of a positive normal number: eleven bits of exponent, then the mantissa, whose first four bits are the part.
    let exponent = i32::try_from(bits >> 52).map_or(i32::MAX, |biased| biased - 1023);
    let octave = usize::try_from(exponent - LOWEST).unwrap_or(0);
    if octave >= OCTAVES {
        return Place::In { octave: OCTAVES - 1, part: PARTS - 1 };
    }
    Place::In { octave, part: usize::try_from(bits >> 48 & 0xF).unwrap_or(0) }
}

/// The number of a bucket; larger values have larger numbers.
pub(super) const fn number(octave: usize, part: usize) -> usize {
    1 + octave * PARTS + part
}

/// The edges of a bucket: values in it are at least the first and less than the second.
pub(super) fn edges(number: usize) -> (f64, f64) {
    let Some(at) = number.checked_sub(1) else { return (0.0, 2_f64.powi(LOWEST)) };
    let octave = i32::try_from(at / PARTS).unwrap_or(0);
    let base = 2_f64.powi(LOWEST + octave);
    let width = base / PARTS as f64;
    let low = base + width * (at % PARTS) as f64;
    (low, low + width)
}

/// The value a bucket stands for.
pub(super) fn middle(number: usize) -> f64 {
    match edges(number) {
        (0.0, _) => 0.0,
        (low, high) => 2.0 * low * high / (low + high),
    }
}
