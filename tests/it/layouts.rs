//! Program texts in random layouts: white space, ends of lines and comments wherever they may stand.

/// Numbers that look random (xorshift).
pub(crate) struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub(crate) fn choose<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

/// Writes a program piece by piece; between two pieces white space and comments may stand.
pub(crate) struct Writer {
    pub(crate) random: Random,
    pub(crate) text: String,
    comments: u64,
    /// One in how many gaps has a comment; 0 for none.
    comment_rate: u64,
}

impl Writer {
    /// One program in three has no comments, one has a few, and one has a comment in every other gap.
    pub(crate) fn new(seed: u64) -> Writer {
        let random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let comment_rate = [0, 20, 2][(seed % 3) as usize];
        Writer { random, text: String::new(), comments: 0, comment_rate }
    }

    /// A piece, with something before it.
    pub(crate) fn piece(&mut self, text: &str) {
        if self.comment_rate > 0 && self.random.one_in(self.comment_rate) {
            self.comments += 1;
            let before = self.random.choose(&["", " ", "\n", "\n\n\n  "]);
            let hashes = self.random.choose(&["#", "# ", "#! "]);
            self.text += &format!("{before}{hashes}c{}  \n", self.comments);
        }
        let space = self.random.choose(&[" ", " ", "  ", "\n", "\n\n", "\t", "\r\n"]);
        self.text += space;
        self.text += text;
    }

    /// Words that white space divides, as one piece each.
    pub(crate) fn pieces(&mut self, text: &str) {
        text.split(' ').for_each(|word| self.piece(word));
    }

    /// A piece that follows without white space.
    pub(crate) fn glued(&mut self, text: &str) {
        self.text += text;
    }
}
