//! Finds the known word that is nearest to a misspelt one by edit distance, for "did you mean …?".

/// The number of candidates among which a suggestion is searched; more would take too long for a text full of slips.
pub const MOST_SEARCHED: usize = 1000;

/// The number of equally near candidates that are proposed.
const MOST_PROPOSED: usize = 3;

/// The note about a word that resembles no word of this version.
pub fn perhaps_newer() -> String {
    format!("this is cnnc {}; a newer one may know the word", env!("CARGO_PKG_VERSION"))
}

/// The question whether a nearer word was meant, as every message asks it.
pub fn meant(near: &str) -> String {
    format!("did you mean `{near}`?")
}

/// The candidate nearest to `word`; the first of [`nearest`].
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(word, candidates).into_iter().next()
}

/// The candidates nearest to `word`, if they are near enough to be meant: at most two edits (an insertion, deletion,
/// replacement or swap of neighbours), and fewer edits than half the word. Among equally near candidates those win that
/// begin with the word, or with which the word begins; of the rest a few are given, in their order. Only the first
/// [`MOST_SEARCHED`] candidates are compared.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let limit = match word.chars().count() {
        0 | 1 => return Vec::new(),
        2..=3 => 1,
        _ => 2,
    };
    let mut best = (usize::MAX, false);
    let mut found: Vec<&str> = Vec::new();
    for candidate in candidates.into_iter().take(MOST_SEARCHED) {
        let distance = match candidate {
            _ if candidate.eq_ignore_ascii_case(word) => 0,
            // A character has up to four bytes.
            _ if candidate.len() > 4 * (word.len() + limit) || word.len() > 4 * (candidate.len() + limit) => {
                continue;
            }
            _ => edit_distance(word, candidate),
        };
        if distance > limit || candidate == word || found.contains(&candidate) {
            continue;
        }
        let rank = (distance, !(candidate.starts_with(word) || word.starts_with(candidate)));
        if rank < best {
            best = rank;
            found.clear();
        }
        if rank == best && found.len() < MOST_PROPOSED {
            found.push(candidate);
        }
    }
    found
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

    #[test]
    fn equally_near_names_are_all_proposed_unless_one_continues_the_word() {
        assert_eq!(nearest("ng", ["nz", "ngf"]), ["ngf"]);
        assert_eq!(nearest("nf", ["nz", "ng"]), ["nz", "ng"]);
    }
}
