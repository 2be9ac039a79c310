use std::fs;

/// Clock ticks a second in `/proc/PID/stat`: fixed at 100 in the kernel's interface to programs (proc(5)).
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time of all sessions of one database on this machine, on primary and standbys, in seconds.
///
/// PostgreSQL names a session's database in its process title. `None` where there is no `/proc`, or the
/// servers run elsewhere.
pub(super) fn sessions(database: &str) -> Option<f64> {
    let processes = fs::read_dir("/proc").ok()?;
    let of_session = |pid: &str| {
        let title = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let title = String::from_utf8_lossy(&title);
        let names_it = title.starts_with("postgres: ") && title.split(' ').any(|word| word == database);
        names_it.then(|| ticks(pid)).flatten()
    };
    let found = processes.filter_map(|entry| of_session(entry.ok()?.file_name().to_str()?));
    let ticks: Vec<u64> = found.collect();
    (!ticks.is_empty()).then(|| ticks.iter().sum::<u64>() as f64 / TICKS_PER_SECOND)
}

/// User and system time: fields 14 and 15, counted behind the program's name, which may hold blanks.
fn ticks(pid: &str) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}
