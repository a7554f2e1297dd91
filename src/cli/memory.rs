//! Limits how much memory a run may take.

use crate::base::{grouped, quantity};
use crate::diag::{Code, Failure};

use super::CliError;

/// Refuses a run that needs more than `limit` bytes, or without a limit more than three quarters of the free memory.
pub(super) fn check(needed: u128, limit: Option<u128>) -> Result<(), CliError> {
    let (limit, why) = match limit {
        Some(limit) => (limit, "`--max-memory`"),
        None => match available() {
            Some(available) => (available / 4 * 3, "three quarters of the available memory"),
            None => return Ok(()),
        },
    };
    if needed <= limit {
        return Ok(());
    }
    Err(CliError::Environment(
        Failure::new(Code::E0607, format!("the run needs {} bytes of memory", grouped(needed)))
            .note(format!("the limit is {} bytes: {why}", grouped(limit)))
            .help("use a smaller `--batch`, or raise the limit with `--max-memory`"),
    ))
}

/// Refuses a tensor of `bytes` bytes that does not fit into the free memory.
pub(super) fn check_tensor(key: &str, bytes: u128) -> Result<(), CliError> {
    match available() {
        Some(available) if bytes > available / 4 * 3 => Err(CliError::Environment(
            Failure::new(Code::E0607, format!("the tensor `{key}` has {} bytes", grouped(bytes)))
                .note(format!("{} bytes of memory are available", grouped(available))),
        )),
        _ => Ok(()),
    }
}

/// The bytes of address space that `ulimit -v` leaves; `None` where it sets no limit.
fn mappable() -> Option<u128> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    let limit: u128 = line.split_whitespace().next()?.parse().ok()?;
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let mapped = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    let mapped: u128 = mapped.split_whitespace().next()?.parse().ok()?;
    Some(limit.saturating_sub(mapped * 1024))
}

/// The least of the free memory of the system, of the control group and of the address space; `None` where none can be
/// read.
fn available() -> Option<u128> {
    let number = |text: &str| text.trim().parse::<u128>().ok();
    let system = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemAvailable:"))?;
        number(line.split_whitespace().nth(1)?).map(|kibibytes| kibibytes * 1024)
    });
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| number(&text));
    let used = std::fs::read_to_string("/sys/fs/cgroup/memory.current")
        .ok()
        .and_then(|text| number(&text))
        .unwrap_or(0);
    let group = group.map(|limit| limit.saturating_sub(used));
    [system, group, mappable()].into_iter().flatten().min()
}

/// Parses a size such as `2G`, `512MiB` or `1000000`.
pub(super) fn parse(text: &str) -> Result<u128, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = &text[digits.len()..];
    let factor = quantity::factor(suffix).and_then(|factor| u128::try_from(factor).ok());
    let factor = factor.ok_or_else(|| format!("`{suffix}` is no unit; use K M G T KiB MiB GiB"))?;
    let number: u128 =
        digits.parse().map_err(|_| "a whole number with a unit is wanted, such as 512MiB".to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "the number is too large".to_owned())
}
