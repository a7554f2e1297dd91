//! The colours of classes. They are those of the PASCAL VOC segmentations, and will not change.

/// The colour of a class: red, green, blue. Class 0 is black, 1 is (128, 0, 0), 2 is (0, 128, 0), 15 is (192, 128,
/// 128).
///
/// The bits of the number, lowest first, are dealt to red, green and blue in turn; each colour takes its bits from the
/// highest down. Up to 2²⁴ all colours differ.
pub fn class_colour(class: usize) -> [u8; 3] {
    let mut colour = [0u8; 3];
    for bit in 0..24 {
        if class >> bit & 1 == 1 {
            colour[bit % 3] |= 0x80 >> (bit / 3);
        }
    }
    colour
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_colours_are_those_of_pascal_voc() {
        let known = [(0, [0, 0, 0]), (1, [128, 0, 0]), (2, [0, 128, 0]), (4, [0, 0, 128]), (8, [64, 0, 0])];
        for (class, colour) in known.into_iter().chain([(15, [192, 128, 128]), (20, [0, 64, 128])]) {
            assert_eq!(class_colour(class), colour, "class {class}");
        }
        let all: BTreeSet<[u8; 3]> = (0..5000).map(class_colour).collect();
        assert_eq!(all.len(), 5000);
    }
}
