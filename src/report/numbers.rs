//! Numbers for people: SI prefixes for counts, IEC for bytes, rounded half up to three digits.

use crate::base::grouped;

/// `25557032` as `25.6 M`, or exactly with `exact`.
pub(super) fn count(value: u128, exact: bool) -> String {
    if exact { grouped(value) } else { scaled(value, 1000, &["", " k", " M", " G", " T", " P", " E"]) }
}

/// `25690112` as `24.5 MiB`, or exactly with `exact`.
pub(super) fn bytes(value: u128, exact: bool) -> String {
    if exact {
        grouped(value)
    } else {
        scaled(value, 1024, &[" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"])
    }
}

fn scaled(value: u128, base: u128, units: &[&str]) -> String {
    let mut unit = 0;
    let mut divisor = 1u128;
    // The next unit begins where rounding would show `base` of this one.
    while unit + 1 < units.len() && value * 2 >= (2 * base - 1) * divisor {
        divisor *= base;
        unit += 1;
    }
    if unit == 0 {
        return format!("{value}{}", units[0]);
    }
    for (limit, places, factor) in [(10, 2usize, 100u128), (100, 1, 10)] {
        let rounded = (value * factor * 2 + divisor) / (2 * divisor);
        if rounded < limit * factor {
            return format!("{}.{:0places$}{}", rounded / factor, rounded % factor, units[unit]);
        }
    }
    format!("{}{}", (value * 2 + divisor) / (2 * divisor), units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_rounded_half_up() {
        assert_eq!(count(0, false), "0");
        assert_eq!(count(999, false), "999");
        assert_eq!(count(1000, false), "1.00 k");
        assert_eq!(count(61_706, false), "61.7 k");
        assert_eq!(count(25_557_032, false), "25.6 M");
        assert_eq!(count(4_089_184_256, false), "4.09 G");
        assert_eq!(count(999_499, false), "999 k");
        assert_eq!(count(999_500, false), "1.00 M");
        assert_eq!(bytes(25_690_112, false), "24.5 MiB");
        assert_eq!(bytes(1023, false), "1023 B");
        assert_eq!(count(4_089_184_256, true), "4 089 184 256");
    }
}
