//! Numbers that look random and are the same on every machine.

/// A generator of numbers (xorshift, Marsaglia 2003); its seed is not 0.
pub struct Chance(pub u64);

impl Chance {
    /// A number below `limit`; 0 where nothing is.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit.max(1)
    }

    /// One of several values; there is at least one.
    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}
