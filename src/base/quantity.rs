//! Reads numbers with a suffix, such as `61_706`, `4.1G`, `20MiB` in expectations and budgets. The result is exact: a
//! fraction whose denominator is a power of ten.

/// A number with or without a suffix as `numerator / denominator`; `None` where the text is not a number, or does not
/// fit 128 bits.
pub fn parse(text: &str) -> Option<(i128, u128)> {
    let digits: String = text.trim().chars().filter(|&c| c != '_').collect();
    let end = digits.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len();
    let (literal, suffix) = digits.split_at(end);
    let plain = literal.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !plain || !literal.starts_with(|c: char| c.is_ascii_digit()) || literal.ends_with('.') {
        return None;
    }
    let (number, divisor) = fraction(literal)?;
    Some((number.checked_mul(factor(suffix)?)?, divisor))
}

/// A round limit a little above a count, at least 2 % and at most 13 %, as it is written: `26.1M` of 25 557 032.
pub fn above(count: u128) -> String {
    let least = count.saturating_add(count / 50);
    let (mut unit, mut suffix) = (1, "");
    for (next, word) in [(1_000, "K"), (1_000_000, "M"), (1_000_000_000, "G"), (1_000_000_000_000, "T")] {
        if least >= next {
            (unit, suffix) = (next, word);
        }
    }
    if unit == 1 {
        return least.saturating_add(u128::from(count > 0)).to_string();
    }
    let tenths = least.div_ceil(unit / 10);
    match tenths % 10 {
        0 => format!("{}{suffix}", tenths / 10),
        tenth => format!("{}.{tenth}{suffix}", tenths / 10),
    }
}

/// The factor of a suffix; `None` for an unknown one.
pub fn factor(suffix: &str) -> Option<i128> {
    Some(match suffix {
        "" => 1,
        "K" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    })
}

/// A decimal literal as an exact fraction with a power of ten below.
pub fn fraction(literal: &str) -> Option<(i128, u128)> {
    let (mantissa, exponent) = match literal.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (literal, 0),
    };
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut number: i128 = format!("{whole}{decimals}").parse().ok()?;
    let mut places = i32::try_from(decimals.len()).ok()? - exponent;
    while places < 0 {
        number = number.checked_mul(10)?;
        places += 1;
        if number == 0 {
            places = 0;
        }
    }
    Some((number, 10u128.checked_pow(u32::try_from(places).ok()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        assert_eq!(fraction("4.1"), Some((41, 10)));
        assert_eq!(fraction("61706"), Some((61706, 1)));
        assert_eq!(fraction("1.5e3"), Some((1500, 1)));
        assert_eq!(fraction("1e-4"), Some((1, 10_000)));
        assert_eq!(fraction("1e400"), None);
        assert_eq!(fraction("0e400"), Some((0, 1)));
    }

    #[test]
    fn a_limit_above_is_above_and_reads_back() {
        assert_eq!(above(25_557_032), "26.1M");
        assert_eq!(above(0), "0");
        for count in [1, 50, 999, 1000, 61_706, 999_999, 4_089_184_256, 7_000_000_000_000_000] {
            let (number, divisor) = parse(&above(count)).unwrap();
            let limit = number as u128 / divisor;
            assert!(limit > count && limit <= count + count / 8 + 2, "{count}: {limit}");
        }
    }

    #[test]
    fn suffixes_multiply() {
        assert_eq!(parse("5M"), Some((5_000_000, 1)));
        assert_eq!(parse("4.1G"), Some((41_000_000_000, 10)));
        assert_eq!(parse("2MiB"), Some((2 << 20, 1)));
        assert_eq!(parse("61_706"), Some((61_706, 1)));
        for wrong in ["", "M", "-5", "5m", "5 M", "1.", "1.2.3", "5MB"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
