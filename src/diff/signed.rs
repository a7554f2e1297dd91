//! Formats changes of figures for people: a sign, three digits, a share in percent.

use crate::report::numbers::{Figures, bytes, count};

/// `+1.20 M`, `−512`, `0`.
pub(super) fn change(old: u128, new: u128, is_bytes: bool) -> String {
    let sign = match new.cmp(&old) {
        std::cmp::Ordering::Less => "−",
        std::cmp::Ordering::Equal => return "0".to_owned(),
        std::cmp::Ordering::Greater => "+",
    };
    format!("{sign}{}", amount(old.abs_diff(new), is_bytes))
}

/// `25.6 M`, `24.5 MiB`
pub(super) fn amount(value: u128, is_bytes: bool) -> String {
    if is_bytes { bytes(value, Figures::Rounded) } else { count(value, Figures::Rounded) }
}

/// `+4.7 %`; nothing where there is no share: of no change, or of nothing.
pub(super) fn share(old: u128, new: u128) -> String {
    if old == new || old == 0 {
        return String::new();
    }
    let percent = percent(old, new);
    let sign = if new < old { "−" } else { "+" };
    format!("{sign}{percent:.1} %")
}

/// The size of a change in percent of the old value, one decimal, rounded half up.
pub(super) fn percent(old: u128, new: u128) -> f64 {
    (old.abs_diff(new) as f64 / old.max(1) as f64 * 1000.0 + 0.5).floor() / 10.0
}

/// A signed sum of changes: `+1.20 M`.
pub(super) fn sum(value: i128) -> String {
    match value {
        0 => "0".to_owned(),
        value if value < 0 => format!("−{}", amount(value.unsigned_abs(), false)),
        value => format!("+{}", amount(value.unsigned_abs(), false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_shares() {
        assert_eq!(change(100, 1_300_100, false), "+1.30 M");
        assert_eq!(change(1024, 512, true), "−512 B");
        assert_eq!(change(7, 7, false), "0");
        assert_eq!(share(1000, 1047), "+4.7 %");
        assert_eq!(share(1000, 500), "−50.0 %");
        assert_eq!(share(0, 5), "");
        assert_eq!(sum(-1500), "−1.50 k");
    }
}
