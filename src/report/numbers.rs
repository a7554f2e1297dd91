//! Formats numbers for people: SI prefixes for counts, IEC prefixes for bytes, rounded half up to three digits.

use crate::base::grouped;

/// The form of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figures {
    /// Three digits and a unit.
    Rounded,
    /// All digits, in groups.
    Exact,
    /// All digits and nothing else.
    Plain,
}

/// `25557032`, rounded as `25.6 M`.
pub fn count(value: u128, figures: Figures) -> String {
    written(value, figures, 1000, &["", " k", " M", " G", " T", " P", " E"])
}

/// `25690112`, rounded as `24.5 MiB`.
pub fn bytes(value: u128, figures: Figures) -> String {
    written(value, figures, 1024, &[" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"])
}

fn written(value: u128, figures: Figures, base: u128, units: &[&str]) -> String {
    match figures {
        Figures::Rounded => scaled(value, base, units),
        Figures::Exact => grouped(value),
        Figures::Plain => value.to_string(),
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
        assert_eq!(count(0, Figures::Rounded), "0");
        assert_eq!(count(999, Figures::Rounded), "999");
        assert_eq!(count(1000, Figures::Rounded), "1.00 k");
        assert_eq!(count(61_706, Figures::Rounded), "61.7 k");
        assert_eq!(count(25_557_032, Figures::Rounded), "25.6 M");
        assert_eq!(count(4_089_184_256, Figures::Rounded), "4.09 G");
        assert_eq!(count(999_499, Figures::Rounded), "999 k");
        assert_eq!(count(999_500, Figures::Rounded), "1.00 M");
        assert_eq!(bytes(25_690_112, Figures::Rounded), "24.5 MiB");
        assert_eq!(bytes(1023, Figures::Rounded), "1023 B");
        assert_eq!(count(4_089_184_256, Figures::Exact), "4 089 184 256");
    }
}
