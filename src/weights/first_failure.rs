//! A writer that fails once.

use std::io::{self, ErrorKind, Seek, SeekFrom, Write};

/// Hands everything to a writer until that fails, and then drops what comes and reports success: an archive that is
/// given up is finished when it is dropped, and the zip library prints to stderr what fails then.
pub(super) struct FirstFailure<W> {
    writer: W,
    position: u64,
    end: u64,
    failed: bool,
}

impl<W> FirstFailure<W> {
    /// `writer` stands at the beginning of an empty file.
    pub(super) const fn new(writer: W) -> Self {
        FirstFailure { writer, position: 0, end: 0, failed: false }
    }

    fn noted<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        self.failed |= result.as_ref().is_err_and(|error| error.kind() != ErrorKind::Interrupted);
        result
    }

    fn advance(&mut self, bytes: usize) {
        self.position = self.position.saturating_add(bytes as u64);
        self.end = self.end.max(self.position);
    }
}

impl<W: Write> Write for FirstFailure<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = if self.failed { Ok(bytes.len()) } else { self.writer.write(bytes) };
        let written = self.noted(written)?;
        // A writer without room writes nothing and reports success.
        self.failed |= written == 0 && !bytes.is_empty();
        self.advance(written);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = if self.failed { Ok(()) } else { self.writer.flush() };
        self.noted(flushed)
    }
}

impl<W: Seek> Seek for FirstFailure<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = if self.failed {
            let target = match to {
                SeekFrom::Start(target) => Some(target),
                SeekFrom::Current(by) => self.position.checked_add_signed(by),
                SeekFrom::End(by) => self.end.checked_add_signed(by),
            };
            target.ok_or_else(|| ErrorKind::InvalidInput.into())
        } else {
            self.writer.seek(to)
        };
        self.position = self.noted(position)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn what_comes_after_a_failure_succeeds_at_its_position() {
        let mut place = [0; 4];
        let mut writer = FirstFailure::new(Cursor::new(place.as_mut_slice()));
        writer.write_all(b"abc").unwrap();
        assert_eq!(writer.seek(SeekFrom::Start(1)).unwrap(), 1);
        assert!(writer.write_all(b"bcdef").is_err());
        assert_eq!(writer.stream_position().unwrap(), 4);
        writer.write_all(b"ghi").unwrap();
        assert_eq!(writer.seek(SeekFrom::End(-1)).unwrap(), 6);
        assert!(writer.seek(SeekFrom::Current(-7)).is_err());
        assert_eq!(&place, b"abcd");
    }
}
