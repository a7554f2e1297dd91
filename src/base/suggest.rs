//! "Did you mean …?": the nearest known word by edit distance.

/// How many candidates a suggestion is chosen from; with more, a text full of slips would be searched for too long.
pub const MOST_SEARCHED: usize = 1000;

/// The candidate nearest to `word`, where it is near enough to be a slip: at most two edits (an
/// insertion, deletion, replacement or swap of neighbours), and fewer edits than half the word.
/// The first of equally near candidates wins; of a long list the first [`MOST_SEARCHED`] are looked at.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match word.chars().count() {
        0 | 1 => return None,
        2..=3 => 1,
        _ => 2,
    };
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates.into_iter().take(MOST_SEARCHED) {
        let distance = match candidate {
            _ if candidate.eq_ignore_ascii_case(word) => 0,
            // A character has up to four bytes.
            _ if candidate.len() > 4 * (word.len() + limit) || word.len() > 4 * (candidate.len() + limit) => {
                continue;
            }
            _ => edit_distance(word, candidate),
        };
        if distance <= limit && candidate != word && best.is_none_or(|(nearest, _)| distance < nearest) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance (Damerau 1964, without repeated edits of one place).
fn edit_distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let words = ["conv", "dwconv", "maxpool", "avgpool", "relu"];
        assert_eq!(did_you_mean("cnov", words), Some("conv"));
        assert_eq!(did_you_mean("maxpol", words), Some("maxpool"));
        assert_eq!(did_you_mean("ReLU", words), Some("relu"));
        assert_eq!(did_you_mean("transformer", words), None);
        assert_eq!(did_you_mean("x", words), None);
        assert_eq!(did_you_mean("reluuuuuuuuuuuuu", words), None);
    }
}
