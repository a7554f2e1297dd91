//! Checks that a token that starts with a digit is a number or a size.

/// Returns whether a text is a number such as `12`, `1_000` or `0.5`.
pub(crate) fn is_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    is_integer(whole) && fraction.is_none_or(is_integer)
}

fn is_integer(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

/// Checks a token. `next` is the byte behind it: a size may continue with a parenthesis or a `?`. A suffix such as `M`
/// may stand where the right side of an expectation begins.
///
/// # Errors
///
/// The text of a label that says what is wrong.
pub(crate) fn check(text: &str, next: u8, suffix_allowed: bool) -> Result<(), &'static str> {
    if next == b'.' {
        return Err("digits must follow the point");
    }
    if is_integer(text) || is_real(text) {
        return Ok(());
    }
    let letters = text.trim_start_matches(|one: char| one.is_ascii_digit() || one == '_' || one == '.');
    if matches!(letters, "K" | "M" | "G" | "T" | "KiB" | "MiB" | "GiB")
        && is_decimal(&text[..text.len() - letters.len()])
    {
        return if suffix_allowed {
            Ok(())
        } else {
            Err("suffixes stand only behind the comparison of `expect`")
        };
    }
    if letters.starts_with('x') {
        return check_size(text, next);
    }
    if suffix_allowed {
        return Err("the suffixes are K, M, G, T, KiB, MiB and GiB");
    }
    Err(if letters.starts_with(['e', 'E']) {
        "an exponent needs digits"
    } else {
        "letters may not follow the digits"
    })
}

fn is_real(text: &str) -> bool {
    match text.split_once(['e', 'E']) {
        None => is_decimal(text),
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            is_decimal(mantissa) && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        }
    }
}

fn check_size(text: &str, next: u8) -> Result<(), &'static str> {
    let mut dimensions = text.split('x').peekable();
    while let Some(dimension) = dimensions.next() {
        let last = dimensions.peek().is_none();
        if last && dimension.is_empty() {
            return if matches!(next, b'(' | b'?') {
                Ok(())
            } else {
                Err("a dimension is missing behind the last `x`")
            };
        }
        if dimension.is_empty() {
            return Err("a dimension is missing between two `x`");
        }
        if !is_integer(dimension) {
            return Err(if dimension.contains('.') {
                "dimensions are whole numbers"
            } else {
                "a dimension is a whole number, or an expression in parentheses: `3x3x(n)`"
            });
        }
    }
    Ok(())
}

/// The text of a token for messages, cut if it is long.
pub(crate) fn shorten(text: &str) -> String {
    if text.len() <= 40 { text.to_owned() } else { format!("{}…", &text[..40]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sizes_are_told_from_slips() {
        for good in ["0", "61_706", "0.5", "1e-4", "2.5E+3", "5x5x16", "224x224x3"] {
            assert_eq!(check(good, b' ', false), Ok(()), "{good}");
        }
        assert_eq!(check("1x1x", b'(', false), Ok(()));
        assert_eq!(check("4.1G", b';', true), Ok(()));
        for bad in ["5x5x", "5xx5", "5x5xc", "3x2.5", "12abc", "1e", "4.1G", "20MiB", "1.5.2"] {
            assert!(check(bad, b' ', false).is_err(), "{bad}");
        }
        assert!(check("20Mib", b';', true).is_err());
        assert!(check("1", b'.', false).is_err());
    }
}
