//! Encodes messages in the wire format of protocol buffers, as far as ONNX needs it.

/// The fields of a message, in the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// The encoded message.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Adds an integer; negative ones take ten bytes, as the format requires.
    pub(super) fn integer(&mut self, field: u64, value: i64) {
        self.varint(field << 3);
        self.varint(value as u64);
    }

    /// Adds a number of single precision.
    pub(super) fn float(&mut self, field: u64, value: f32) {
        self.varint(field << 3 | 5);
        self.0.extend(value.to_le_bytes());
    }

    /// Adds a text.
    pub(super) fn text(&mut self, field: u64, text: &str) {
        self.begin_bytes(field, text.len() as u64);
        self.0.extend(text.as_bytes());
    }

    /// Adds a message.
    pub(super) fn message(&mut self, field: u64, message: &Message) {
        self.begin_bytes(field, message.0.len() as u64);
        self.0.extend(&message.0);
    }

    /// Adds integers, each as a field of its own.
    pub(super) fn integers(&mut self, field: u64, values: impl IntoIterator<Item = i64>) {
        values.into_iter().for_each(|value| self.integer(field, value));
    }

    /// Begins a field of `length` bytes; they are written behind the message.
    pub(super) fn begin_bytes(&mut self, field: u64, length: u64) {
        self.varint(field << 3 | 2);
        self.varint(length);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::Message;

    #[test]
    fn fields_are_tags_and_values() {
        let mut inner = Message::default();
        inner.integer(1, 150);
        let mut message = Message::default();
        message.message(3, &inner);
        message.text(2, "hi");
        message.float(5, 1.0);
        message.integers(7, [1, -1]);
        let expected: Vec<u8> = [
            &[0x1a, 3, 0x08, 0x96, 0x01][..],
            &[0x12, 2, b'h', b'i'],
            &[0x2d, 0, 0, 0x80, 0x3f],
            &[0x38, 1, 0x38],
            &[0xff; 9],
            &[1],
        ]
        .concat();
        assert_eq!(message.as_bytes(), expected);
    }
}
