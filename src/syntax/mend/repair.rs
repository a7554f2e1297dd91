//! Collects small changes that make a broken text readable for the grammar, and maps places of the changed text back to
//! the original.
//!
//! Who makes a change has reported it. A place is *unreliable* where it is not certain what the author meant; the
//! statement around it is then not used.

use std::collections::BTreeSet;

/// The changes of one text.
#[derive(Debug, Default)]
pub(crate) struct Repairs {
    blanked: Vec<(u32, u32)>,
    inserted: Vec<(u32, &'static str)>,
    unreliable: BTreeSet<u32>,
}

impl Repairs {
    /// Turns the bytes `start..end` into spaces.
    pub(crate) fn blank(&mut self, start: usize, end: usize) {
        self.blanked.push((start as u32, end as u32));
    }

    /// Inserts `text` before the byte `at`. Of several texts at one place the first one stays first.
    pub(crate) fn insert(&mut self, at: usize, text: &'static str) {
        self.inserted.push((at as u32, text));
    }

    /// Marks the byte `at` as unreliable.
    pub(crate) fn mark_unreliable(&mut self, at: usize) {
        self.unreliable.insert(at as u32);
    }

    /// Returns whether a byte in `start..end` is unreliable.
    pub(crate) fn is_unreliable(&self, start: usize, end: usize) -> bool {
        start < end && self.unreliable.range(start as u32..end as u32).next().is_some()
    }

    /// Applies the changes to the text.
    pub(crate) fn apply(mut self, source: &str) -> Repaired {
        self.inserted.sort_by_key(|&(at, _)| at);
        let mut bytes = source.as_bytes().to_vec();
        for &(start, end) in &self.blanked {
            bytes[start as usize..end as usize].fill(b' ');
        }
        let mut text = Vec::with_capacity(bytes.len() + 2 * self.inserted.len());
        let mut shifts = Vec::new();
        let mut done = 0;
        for &(at, inserted) in &self.inserted {
            let at = at as usize;
            text.extend_from_slice(&bytes[done..at]);
            shifts.push((text.len() as u32, at as u32));
            text.extend_from_slice(inserted.as_bytes());
            shifts.push((text.len() as u32, at as u32));
            done = at;
        }
        text.extend_from_slice(&bytes[done..]);
        let text = String::from_utf8(text).expect("whole characters are blanked");
        Repaired { text, shifts, unreliable: self.unreliable }
    }
}

/// A changed text.
#[derive(Debug)]
pub(crate) struct Repaired {
    /// The text that the grammar reads.
    pub(crate) text: String,
    /// Pairs (offset in the changed text, offset in the original), ascending. Between two pairs both offsets advance
    /// together, except inside inserted text, where the offset in the original stays.
    shifts: Vec<(u32, u32)>,
    unreliable: BTreeSet<u32>,
}

impl Repaired {
    /// The byte of the original that corresponds to a byte of the changed text.
    pub(crate) fn original(&self, at: usize) -> usize {
        let after = self.shifts.partition_point(|&(changed, _)| changed as usize <= at);
        if after == 0 {
            return at;
        }
        let (changed, original) = self.shifts[after - 1];
        let limit = self.shifts.get(after).map_or(usize::MAX, |&(_, next)| next as usize);
        (original as usize + (at - changed as usize)).min(limit)
    }

    /// Returns whether a byte in `start..end` of the original is unreliable.
    pub(crate) fn is_unreliable(&self, start: usize, end: usize) -> bool {
        start < end && self.unreliable.range(start as u32..end as u32).next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_again() {
        let mut repairs = Repairs::default();
        repairs.insert(3, ";");
        repairs.insert(5, "] ;");
        repairs.blank(0, 1);
        let repaired = repairs.apply("abcdefg");
        assert_eq!(repaired.text, " bc;de] ;fg");
        let back: Vec<usize> = (0..=11).map(|at| repaired.original(at)).collect();
        assert_eq!(back, [0, 1, 2, 3, 3, 4, 5, 5, 5, 5, 6, 7]);
    }
}
