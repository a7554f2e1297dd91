//! Formats exact counts for people, with digits in groups of three.

/// `120422400` as `120 422 400`.
pub fn grouped(count: u128) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// `part` of `whole` in percent with one decimal, rounded half up; `0.0` of nothing.
pub fn percent(part: u128, whole: u128) -> String {
    let tenths = (part as f64 / whole.max(1) as f64 * 1000.0 + 0.5).floor() / 10.0;
    format!("{tenths:.1} %")
}

/// The word with the plural's `s` where the count is not 1: `1 row`, `2 rows`.
pub fn counted(count: u64, word: &str) -> String {
    format!("{} {word}{}", grouped(count.into()), if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_start_from_the_right() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1 000");
        assert_eq!(grouped(120_422_400), "120 422 400");
    }

    #[test]
    fn shares_are_rounded_half_up() {
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(percent(2, 3), "66.7 %");
        assert_eq!(percent(0, 0), "0.0 %");
    }
}
