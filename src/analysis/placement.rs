//! Assigns offsets within one block of memory to pieces whose lifetimes are known, so that pieces that are in use at
//! the same time do not overlap. The planned peak of reports and the arena of a plan are both computed here.
//!
//! Greedy by size (Pisarchyk & Lee 2020, "Efficient Memory Management for Deep Neural Net Inference"): the
//! largest piece first, each into the first gap among the pieces already placed that overlap it in time.
//! The work grows with the number of pairs that overlap in time. Above a limit, gaps are not searched: the pieces are
//! placed in the order in which they come into use, each above all pieces that are in use then.

use std::collections::BTreeMap;

/// Every offset is a multiple of this, in bytes.
pub const ALIGNMENT: u128 = 64;

/// Gaps are searched for up to this number of pairs that overlap in time.
const MAX_OVERLAPS: u128 = 20_000_000;

/// A piece of memory that is in use from step `first` to step `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Its size in bytes.
    pub size: u128,
    /// The first step at which it is in use.
    pub first: u32,
    /// The last step at which it is in use; at least `first`.
    pub last: u32,
}

/// The offset of each interval, and the size of the block of memory, in bytes.
pub fn place(intervals: &[Interval]) -> (Vec<u128>, u128) {
    place_within(intervals, MAX_OVERLAPS)
}

fn place_within(intervals: &[Interval], max_overlaps: u128) -> (Vec<u128>, u128) {
    let offsets = if overlaps(intervals) <= max_overlaps { into_gaps(intervals) } else { on_top(intervals) };
    let ends = intervals.iter().zip(&offsets).map(|(interval, offset)| offset + interval.size);
    let total = ends.max().unwrap_or(0);
    (offsets, total)
}

/// The number of pairs of intervals that overlap in time.
fn overlaps(intervals: &[Interval]) -> u128 {
    let mut firsts: Vec<u32> = intervals.iter().map(|interval| interval.first).collect();
    let mut lasts: Vec<u32> = intervals.iter().map(|interval| interval.last).collect();
    firsts.sort_unstable();
    lasts.sort_unstable();
    let ended = |step: u32| lasts.partition_point(|&last| last < step);
    firsts.iter().enumerate().map(|(before, &first)| (before - ended(first)) as u128).sum()
}

fn into_gaps(intervals: &[Interval]) -> Vec<u128> {
    let mut order: Vec<usize> = (0..intervals.len()).collect();
    order.sort_by_key(|&index| {
        let Interval { size, first, last } = intervals[index];
        (std::cmp::Reverse(size), first, last, index)
    });
    let times = Times::of(intervals);
    let mut offsets: Vec<Option<u128>> = vec![None; intervals.len()];
    let mut taken: Vec<(u128, u128)> = Vec::new();
    for index in order {
        taken.clear();
        times.for_each_overlapping(intervals[index], |other| {
            if let Some(offset) = offsets[other] {
                taken.push((offset, offset + intervals[other].size));
            }
        });
        taken.sort_unstable();
        offsets[index] = Some(first_gap(&taken, intervals[index].size));
    }
    offsets.into_iter().map(Option::unwrap_or_default).collect()
}

/// The lowest aligned offset at which `size` bytes touch none of the taken ranges, which are sorted.
fn first_gap(taken: &[(u128, u128)], size: u128) -> u128 {
    let mut offset = 0;
    for &(start, end) in taken {
        if start >= offset + size {
            break;
        }
        offset = offset.max(end.next_multiple_of(ALIGNMENT));
    }
    offset
}

/// Places each interval above all intervals that are still in use when it starts, without a search for gaps.
fn on_top(intervals: &[Interval]) -> Vec<u128> {
    let mut order: Vec<usize> = (0..intervals.len()).collect();
    order.sort_by_key(|&index| (intervals[index].first, std::cmp::Reverse(intervals[index].size), index));
    let mut by_last: Vec<usize> = order.clone();
    by_last.sort_by_key(|&index| intervals[index].last);
    let mut leaving = by_last.into_iter().peekable();
    let mut offsets = vec![0; intervals.len()];
    let mut ends: BTreeMap<u128, u32> = BTreeMap::new();
    for index in order {
        let Interval { size, first, .. } = intervals[index];
        while let Some(gone) = leaving.next_if(|&other| intervals[other].last < first) {
            let end = offsets[gone] + intervals[gone].size;
            if let Some(count) = ends.get_mut(&end) {
                *count -= 1;
                if *count == 0 {
                    ends.remove(&end);
                }
            }
        }
        let top = ends.last_key_value().map_or(0, |(&end, _)| end);
        offsets[index] = top.next_multiple_of(ALIGNMENT);
        *ends.entry(offsets[index] + size).or_default() += 1;
    }
    offsets
}

/// Finds the intervals that overlap a given one: those that are in use when it starts, by a segment tree
/// over the steps, and those that start later, by their order.
struct Times {
    by_first: Vec<(u32, u32)>,
    tree: Vec<Vec<u32>>,
    leaves: usize,
}

impl Times {
    fn of(intervals: &[Interval]) -> Times {
        let mut by_first: Vec<(u32, u32)> =
            intervals.iter().enumerate().map(|(index, interval)| (interval.first, index as u32)).collect();
        by_first.sort_unstable();
        let leaves = intervals.iter().map(|interval| interval.last as usize + 1).max().unwrap_or(1);
        let mut tree = vec![Vec::new(); 2 * leaves];
        for (index, interval) in intervals.iter().enumerate() {
            let (mut left, mut right) =
                (interval.first as usize + leaves, interval.last as usize + 1 + leaves);
            while left < right {
                if left % 2 == 1 {
                    tree[left].push(index as u32);
                    left += 1;
                }
                if right % 2 == 1 {
                    right -= 1;
                    tree[right].push(index as u32);
                }
                left /= 2;
                right /= 2;
            }
        }
        Times { by_first, tree, leaves }
    }

    fn for_each_overlapping(&self, interval: Interval, mut visit: impl FnMut(usize)) {
        let mut node = interval.first as usize + self.leaves;
        while node > 0 {
            self.tree[node].iter().for_each(|&index| visit(index as usize));
            node /= 2;
        }
        let later = self.by_first.partition_point(|&(first, _)| first <= interval.first);
        let starting = self.by_first[later..].iter().take_while(|&&(first, _)| first <= interval.last);
        starting.for_each(|&(_, index)| visit(index as usize));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn intervals() -> impl Strategy<Value = Vec<Interval>> {
        let one = (0u128..5000, 0u32..30, 0u32..12);
        let one = one.prop_map(|(size, first, length)| Interval { size, first, last: first + length });
        prop::collection::vec(one, 0..40)
    }

    fn check(intervals: &[Interval], (offsets, total): &(Vec<u128>, u128)) -> Result<(), TestCaseError> {
        for (i, a) in intervals.iter().enumerate() {
            prop_assert_eq!(offsets[i] % ALIGNMENT, 0);
            prop_assert!(offsets[i] + a.size <= *total);
            for (j, b) in intervals.iter().enumerate().take(i) {
                let together = a.first <= b.last && b.first <= a.last;
                let apart = offsets[i] + a.size <= offsets[j] || offsets[j] + b.size <= offsets[i];
                prop_assert!(!together || apart, "{:?} and {:?} overlap", a, b);
            }
        }
        for step in 0..45 {
            let live = intervals.iter().filter(|one| one.first <= step && step <= one.last);
            prop_assert!(live.map(|one| one.size).sum::<u128>() <= *total);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn nothing_overlaps_in_time_and_place(intervals in intervals()) {
            check(&intervals, &place_within(&intervals, u128::MAX))?;
            check(&intervals, &place_within(&intervals, 0))?;
        }

        #[test]
        fn overlapping_pairs_are_counted(intervals in intervals()) {
            let mut pairs = 0;
            for (i, a) in intervals.iter().enumerate() {
                pairs += intervals[..i].iter().filter(|b| a.first <= b.last && b.first <= a.last).count() as u128;
            }
            prop_assert_eq!(overlaps(&intervals), pairs);
        }
    }

    #[test]
    fn a_piece_goes_into_the_first_gap() {
        let interval = |size, first, last| Interval { size, first, last };
        let (offsets, total) = place(&[interval(128, 0, 3), interval(256, 0, 1), interval(64, 2, 3)]);
        assert_eq!(offsets, [256, 0, 0]);
        assert_eq!(total, 384);
    }

    #[test]
    fn many_pieces_are_placed_at_once() {
        let chain: Vec<Interval> =
            (0..100_000).map(|step| Interval { size: 64, first: step, last: step + 1 }).collect();
        assert_eq!(place(&chain).1, 128);
        let all: Vec<Interval> =
            (0..100_000).map(|step| Interval { size: 64, first: step, last: 200_000 }).collect();
        assert_eq!(place(&all).1, 6_400_000);
    }
}
