//! Finds the lines in which two texts differ.

/// The lines that differ, counted from 1, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changed {
    /// Of the old text.
    pub(super) old: Vec<u32>,
    /// Of the new text.
    pub(super) new: Vec<u32>,
}

/// The greatest number of cells of a comparison's table. In larger texts, all lines between the common beginning and
/// the common end differ.
const MOST_CELLS: usize = 25_000_000;

/// Compares two texts line by line: what is in no longest common subsequence differs.
pub(super) fn changed(old: &str, new: &str) -> Changed {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let end = old[start..].iter().rev().zip(new[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (olds, news) = (&old[start..old.len() - end], &new[start..new.len() - end]);
    let mut kept_old = vec![false; olds.len()];
    let mut kept_new = vec![false; news.len()];
    if olds.len().saturating_mul(news.len()) <= MOST_CELLS {
        let width = news.len() + 1;
        let mut common = vec![0u32; (olds.len() + 1) * width];
        for a in (0..olds.len()).rev() {
            for b in (0..news.len()).rev() {
                common[a * width + b] = if olds[a] == news[b] {
                    common[(a + 1) * width + b + 1] + 1
                } else {
                    common[(a + 1) * width + b].max(common[a * width + b + 1])
                };
            }
        }
        let (mut a, mut b) = (0, 0);
        while a < olds.len() && b < news.len() {
            if olds[a] == news[b] {
                (kept_old[a], kept_new[b]) = (true, true);
                (a, b) = (a + 1, b + 1);
            } else if common[(a + 1) * width + b] >= common[a * width + b + 1] {
                a += 1;
            } else {
                b += 1;
            }
        }
    }
    let lines = |kept: &[bool]| {
        let differ = kept.iter().enumerate().filter(|(_, kept)| !**kept);
        differ.map(|(index, _)| (start + index + 1) as u32).collect()
    };
    Changed { old: lines(&kept_old), new: lines(&kept_new) }
}

/// The first line of the only run of neighbouring lines; `None` where there are none or several runs.
pub(super) fn only_run(lines: &[u32]) -> Option<u32> {
    let one = lines.windows(2).all(|pair| pair[1] == pair[0] + 1);
    lines.first().copied().filter(|_| one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_listed() {
        let found = changed("a\nb\nc\nd\n", "a\nx\ny\nc\nd\ne\n");
        assert_eq!(found, Changed { old: vec![2], new: vec![2, 3, 6] });
        assert_eq!(changed("a\nb", "a\nb"), Changed::default());
        assert_eq!(only_run(&[2, 3]), Some(2));
        assert_eq!(only_run(&[2, 4]), None);
    }
}
