//! The header of a `.npy` array: a Python dictionary literal, read without recursion.
//!
//! The format is numpy's own (NEP 1): magic, version, length, then `{'descr': '<f4', 'fortran_order':
//! False, 'shape': (3, 4), }`, padded with spaces. Only what numpy writes is read: the three keys, once
//! each and in any order.

use super::StoredDtype;
use super::elements::checked_shape;
use super::file_label::shown;

/// The content of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The type of the elements; `U8` and `U16` are pictures where an input is wanted.
    pub dtype: StoredDtype,
    /// The most significant byte of an element comes first.
    pub big_endian: bool,
    /// The first index runs fastest.
    pub fortran: bool,
    /// The dimensions, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
}

/// Reads the dictionary. The error completes a sentence that begins with the name of the file.
pub(super) fn parse(text: &[u8]) -> Result<Header, String> {
    let mut literal = Literal { text, at: 0 };
    let mut dtype = None;
    let mut fortran = None;
    let mut shape = None;
    literal.expect(b'{')?;
    while !literal.accept(b'}') {
        let key = literal.string()?;
        literal.expect(b':')?;
        let again = match key.as_str() {
            "descr" => dtype.replace(literal.dtype()?).is_some(),
            "fortran_order" => fortran.replace(literal.boolean()?).is_some(),
            "shape" => shape.replace(literal.dimensions()?).is_some(),
            _ => return Err(format!("has an unknown key `{}` in its header", shown(&key))),
        };
        if again {
            return Err(format!("has the key `{key}` twice in its header"));
        }
        if !literal.accept(b',') {
            literal.expect(b'}')?;
            break;
        }
    }
    literal.end()?;
    let missing = |key| format!("has no `{key}` in its header");
    let (dtype, big_endian) = dtype.ok_or_else(|| missing("descr"))?;
    Ok(Header {
        dtype,
        big_endian,
        fortran: fortran.ok_or_else(|| missing("fortran_order"))?,
        shape: checked_shape(&shape.ok_or_else(|| missing("shape"))?)?,
    })
}

/// The dictionary of an f32 array in C order, with the spare room for a growing first dimension that numpy
/// leaves (21 digits).
pub(super) fn format(shape: &[usize]) -> String {
    let dimensions: Vec<String> = shape.iter().map(usize::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let spare = dimensions.first().map_or(0, |first| 21_usize.saturating_sub(first.len()));
    let dimensions = dimensions.join(", ");
    format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({dimensions}{comma}), }}{:spare$}", "")
}

/// The type that a `descr` means, and whether it is big-endian.
fn dtype_of(descr: &str) -> (StoredDtype, bool) {
    let big_endian = descr.starts_with('>');
    let dtype = match descr {
        "|u1" | "<u1" | ">u1" => StoredDtype::U8,
        "<u2" | ">u2" => StoredDtype::U16,
        "<f2" | ">f2" => StoredDtype::F16,
        "<f4" | ">f4" => StoredDtype::F32,
        "<f8" | ">f8" => StoredDtype::F64,
        _ => StoredDtype::Other(described(descr).into()),
    };
    (dtype, big_endian)
}

/// A type that is not read, as its user calls it: `int64`, not only `<i8`.
fn described(descr: &str) -> String {
    let code = descr.trim_start_matches(['<', '>', '|', '=']);
    let kind = code.chars().next().unwrap_or_default();
    let bits = code.get(1..).and_then(|size| size.parse::<u32>().ok()).and_then(|size| size.checked_mul(8));
    match (kind, bits) {
        ('i', Some(bits)) => format!("int{bits}"),
        ('u', Some(bits)) => format!("uint{bits}"),
        ('f', Some(bits)) => format!("float{bits}"),
        ('c', Some(bits)) => format!("complex{bits}"),
        ('b', Some(8)) => "bool".to_owned(),
        ('O', _) => "object".to_owned(),
        _ => shown(descr),
    }
}

/// A place in the text of the header.
struct Literal<'a> {
    text: &'a [u8],
    at: usize,
}

impl Literal<'_> {
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), String> {
        if self.accept(byte) { Ok(()) } else { Err(self.unexpected(&format!("`{}`", char::from(byte)))) }
    }

    fn end(&mut self) -> Result<(), String> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("the end")),
        }
    }

    fn unexpected(&self, wanted: &str) -> String {
        let at = self.at;
        match self.text.get(at) {
            None => format!("has a header that ends where {wanted} must stand"),
            Some(&byte) => {
                let found = shown(&char::from(byte).to_string());
                format!("has `{found}` at byte {at} of its header, where {wanted} must stand")
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let quote = match self.peek() {
            Some(quote @ (b'\'' | b'"')) => quote,
            _ => return Err(self.unexpected("a string")),
        };
        let rest = &self.text[self.at + 1..];
        let Some(length) = rest.iter().position(|&byte| byte == quote) else {
            return Err("has a string without an end in its header".to_owned());
        };
        self.at += length + 2;
        Ok(String::from_utf8_lossy(&rest[..length]).into_owned())
    }

    /// A string, or the list of a structured type, which is skipped.
    fn dtype(&mut self) -> Result<(StoredDtype, bool), String> {
        if self.peek() != Some(b'[') {
            return Ok(dtype_of(&self.string()?));
        }
        let mut open: usize = 0;
        loop {
            match self.peek() {
                None => return Err("has a list without an end in its header".to_owned()),
                Some(b'\'' | b'"') => {
                    self.string()?;
                    continue;
                }
                Some(b'[' | b'(') => open += 1,
                Some(b']' | b')') => open -= 1,
                Some(_) => {}
            }
            self.at += 1;
            if open == 0 {
                return Ok((StoredDtype::Other("structured".into()), false));
            }
        }
    }

    fn boolean(&mut self) -> Result<bool, String> {
        self.peek();
        for (word, value) in [("True", true), ("False", false)] {
            if self.text[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.unexpected("`True` or `False`"))
    }

    /// A tuple of numbers; a single one needs its comma, as in Python.
    fn dimensions(&mut self) -> Result<Vec<u64>, String> {
        self.expect(b'(')?;
        let mut dimensions = Vec::new();
        while !self.accept(b')') {
            dimensions.push(self.number()?);
            if !self.accept(b',') {
                if dimensions.len() == 1 {
                    return Err(self.unexpected("`,`"));
                }
                self.expect(b')')?;
                break;
            }
        }
        Ok(dimensions)
    }

    fn number(&mut self) -> Result<u64, String> {
        if self.peek() == Some(b'-') {
            return Err("has a negative dimension".to_owned());
        }
        let rest = &self.text[self.at..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Err(self.unexpected("a number"));
        }
        let number = std::str::from_utf8(&rest[..digits]).unwrap_or_default();
        self.at += digits;
        number.parse().map_err(|_| format!("has a dimension of {}", shown(number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape_of(shape: &str) -> Result<Vec<usize>, String> {
        parse(format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n").as_bytes())
            .map(|header| header.shape)
    }

    #[test]
    fn what_numpy_writes_is_read() {
        let header = parse(b"{'descr': '>f8', 'fortran_order': True, 'shape': (2, 3), }    \n").unwrap();
        assert_eq!(
            header,
            Header { dtype: StoredDtype::F64, big_endian: true, fortran: true, shape: vec![2, 3] }
        );
        assert_eq!(shape_of("()"), Ok(vec![]));
        assert_eq!(shape_of("(7,)"), Ok(vec![7]));
        assert_eq!(shape_of("( 7 , 8, )"), Ok(vec![7, 8]));
        let other_order = parse(b"{\"shape\":(),\"fortran_order\":False,\"descr\":\"|u1\"}").unwrap();
        assert_eq!(other_order.dtype, StoredDtype::U8);
    }

    #[test]
    fn other_types_are_named() {
        let named = |descr: &str| dtype_of(descr).0.to_string();
        assert_eq!(named("<i8"), "int64");
        assert_eq!(named("|b1"), "bool");
        assert_eq!(named("<c16"), "complex128");
        assert_eq!(named("|O"), "object");
        assert_eq!(named("<U10"), "<U10");
        assert_eq!(named("\u{1b}"), "\\u{1b}");
        assert_eq!(named("<i99999999999"), "<i99999999999");
        let text = b"{'descr': [('a', '<f4'), ('b]', '<f4', (2,))], 'fortran_order': False, 'shape': (2,)}";
        assert_eq!(parse(text).unwrap().dtype.to_string(), "structured");
    }

    #[test]
    fn hostile_shapes_are_errors() {
        for (shape, message) in [
            ("(9000000000000,)", "has a dimension of 9000000000000, more than 2147483647"),
            ("(99999999999999999999999,)", "has a dimension of 99999999999999999999999"),
            ("(-1,)", "has a negative dimension"),
            ("(3)", "has `)` at byte 52 of its header, where `,` must stand"),
            ("3", "has `3` at byte 50 of its header, where `(` must stand"),
            ("((3,),)", "has `(` at byte 51 of its header, where a number must stand"),
            ("(1, 1, 1, 1, 1, 1, 1, 1, 1)", "has 9 dimensions, more than 8"),
            ("(nan,)", "has `n` at byte 51 of its header, where a number must stand"),
            ("(1e3,)", "has `e` at byte 52 of its header, where `,` must stand"),
        ] {
            assert_eq!(shape_of(shape), Err(message.to_owned()), "{shape}");
        }
        assert!(shape_of(&"(".repeat(60_000)).is_err());
        assert!(shape_of(&format!("({})", "1,".repeat(30_000))).is_err());
    }

    #[test]
    fn the_dictionary_is_complete_and_nothing_else() {
        for text in [
            "",
            "{",
            "{}",
            "{'descr': '<f4', 'fortran_order': False}",
            "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'more': 1}",
            "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': ()} x",
            "{'descr': '<f4', 'fortran_order': False 'shape': ()}",
            "{'descr: <f4, }",
            "{'descr': [('a', '<f4'), 'fortran_order': False, 'shape': ()}",
            "{'descr': ])",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn each_cut_and_each_changed_byte_ends_well() {
        let text = b"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3, 4), }";
        for length in 0..text.len() {
            assert!(parse(&text[..length]).is_err(), "cut to {length}");
        }
        let mut changed = text.to_vec();
        for at in 0..text.len() {
            for byte in 0..=255 {
                changed[at] = byte;
                let _ = parse(&changed);
            }
            changed[at] = text[at];
        }
    }
}
