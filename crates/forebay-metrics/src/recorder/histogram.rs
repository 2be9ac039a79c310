use super::{
    Window,
    buckets::{self, OCTAVES, PARTS, Place},
    clock::{HOUR_PERIODS, MINUTE_STEPS, PERIOD_STEPS},
    merged::Merged,
};
use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

const STEPS: usize = MINUTE_STEPS as usize;

/// The values of one series. Recording takes no lock; memory is made for a power of two when its first value
/// comes.
pub(super) struct Series {
    /// When it was registered, by the recorder's clock.
    pub(super) since: Duration,
    steps: [Step; STEPS],
    octaves: Box<[OnceLock<Box<Octave>>]>,
    /// What has left the minute. Locked only while time moves on and while a snapshot is taken.
    hour: Mutex<VecDeque<Period>>,
}

/// What a step keeps beside its buckets.
#[derive(Default)]
struct Step {
    low: AtomicU32,
    /// The bits of an `f64`.
    sum: AtomicU64,
    /// The bits of an `f64` that is not negative: those order like the numbers.
    max: AtomicU64,
}

/// The counts of one power of two, by step and part.
type Octave = [[AtomicU32; PARTS]; STEPS];

/// Five minutes, without the buckets that are empty.
struct Period {
    number: u64,
    sum: f64,
    max: f64,
    /// By bucket. A count that outgrows its type (fourteen million values a second in one bucket) stays at its end.
    counts: Vec<(u16, u32)>,
}

impl Series {
    pub(super) fn new(since: Duration) -> Self {
        Self {
            since,
            steps: Default::default(),
            octaves: (0..OCTAVES).map(|_| OnceLock::new()).collect(),
            hour: Mutex::default(),
        }
    }

    /// Counts `value` `times` times in step `step`.
    pub(super) fn record(&self, step: u64, value: f64, times: u32) {
        if !value.is_finite() || times == 0 {
            return;
        }
        // Also turns -0.0 into 0.0, whose bits order like a number.
        let (index, value) = (index(step), if value > 0.0 { value } else { 0.0 });
        let kept = &self.steps[index];
        let count = match buckets::place(value) {
            Place::Low => &kept.low,
            Place::In { octave, part } => &self.octaves[octave].get_or_init(Box::default)[index][part],
        };
        count.fetch_add(times, Ordering::Relaxed);
        kept.max.fetch_max(value.to_bits(), Ordering::Relaxed);
        let added = value * f64::from(times);
        let add = |bits| Some((f64::from_bits(bits) + added).to_bits());
        // The closure never declines, so the update always happens.
        let _ = kept.sum.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// Moves time from step `from` to step `to`: each step that leaves the minute goes to the hour. One thread
    /// at a time.
    pub(super) fn advance(&self, from: u64, to: u64) {
        let mut hour = self.hour();
        for step in (from + 1)..=to.min(from + MINUTE_STEPS) {
            self.fold(step - MINUTE_STEPS, &mut hour);
        }
        let newest = to / PERIOD_STEPS;
        hour.retain(|period| period.number + HOUR_PERIODS > newest);
    }

    /// The values of a window.
    pub(super) fn window(&self, window: Window) -> Merged {
        let mut merged = Merged::new();
        for (index, step) in self.steps.iter().enumerate() {
            self.each_count(index, |bucket, count| {
                merged.add(bucket, u64::from(count.load(Ordering::Relaxed)));
            });
            merged.add_sum(load(&step.sum), load(&step.max));
        }
        if window == Window::Hour {
            for period in self.hour().iter() {
                period
                    .counts
                    .iter()
                    .for_each(|(bucket, count)| merged.add(usize::from(*bucket), u64::from(*count)));
                merged.add_sum(period.sum, period.max);
            }
        }
        merged
    }

    /// Adds what step `step` counted to its period, and empties the step's place.
    fn fold(&self, step: u64, hour: &mut VecDeque<Period>) {
        let number = step / PERIOD_STEPS;
        if hour.back().is_none_or(|last| last.number != number) {
            hour.push_back(Period { number, sum: 0.0, max: 0.0, counts: Vec::new() });
        }
        let Some(period) = hour.back_mut() else { return };
        let index = index(step);
        self.each_count(index, |bucket, count| match count.swap(0, Ordering::Relaxed) {
            0 => {}
            count => period.add(bucket, count),
        });
        period.sum += f64::from_bits(self.steps[index].sum.swap(0, Ordering::Relaxed));
        period.max = period.max.max(f64::from_bits(self.steps[index].max.swap(0, Ordering::Relaxed)));
    }

    fn each_count(&self, index: usize, mut f: impl FnMut(usize, &AtomicU32)) {
        f(0, &self.steps[index].low);
        for (octave, counts) in self.octaves.iter().enumerate() {
            let Some(counts) = counts.get() else { continue };
            for (part, count) in counts[index].iter().enumerate() {
                f(buckets::number(octave, part), count);
            }
        }
    }

    fn hour(&self) -> MutexGuard<'_, VecDeque<Period>> {
        // Nothing panics while it is held.
        self.hour.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Period {
    fn add(&mut self, bucket: usize, count: u32) {
        // There are fewer buckets than a u16 holds.
        let bucket = u16::try_from(bucket).unwrap_or(u16::MAX);
        match self.counts.binary_search_by_key(&bucket, |(known, _)| *known) {
            Ok(at) => self.counts[at].1 = self.counts[at].1.saturating_add(count),
            Err(at) => self.counts.insert(at, (bucket, count)),
        }
    }
}

impl fmt::Debug for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Series").field("since", &self.since).finish_non_exhaustive()
    }
}

fn index(step: u64) -> usize {
    usize::try_from(step % MINUTE_STEPS).unwrap_or(0)
}

fn load(bits: &AtomicU64) -> f64 {
    f64::from_bits(bits.load(Ordering::Relaxed))
}
