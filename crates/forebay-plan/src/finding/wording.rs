//! Numbers in sentences.

/// `12`, `0.3`, `120,000`.
pub(crate) fn count(number: f64) -> String {
    if !(0.0..1e15).contains(&number) {
        return format!("{number:.1e}");
    }
    if number < 10.0 && number.fract() >= 0.05 {
        return format!("{number:.1}");
    }
    let digits = format!("{number:.0}");
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `0.12 ms`, `12.3 ms`, `1,234 ms`.
pub(crate) fn milliseconds(ms: f64) -> String {
    match ms {
        ms if ms < 1.0 => format!("{ms:.2} ms"),
        ms if ms < 100.0 => format!("{ms:.1} ms"),
        ms => format!("{} ms", count(ms)),
    }
}

/// `under 0.01 %`, `0.05 %`, `37 %`.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        percent if percent > 0.0 && percent < 0.01 => "under 0.01 %".to_owned(),
        percent if percent > 0.0 && percent < 1.0 => format!("{percent:.2} %"),
        percent => format!("{percent:.0} %"),
    }
}

/// `640 kB`, `12 MB`.
pub(crate) fn size_kb(kilobytes: f64) -> String {
    if kilobytes < 10.0 * 1024.0 {
        format!("{} kB", count(kilobytes.round()))
    } else {
        format!("{} MB", count((kilobytes / 1024.0).round()))
    }
}
