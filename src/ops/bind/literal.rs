//! Converts the value of an argument to the kind that its spec declares.

use std::sync::Arc;

use crate::ops::bound::Literal;
use crate::ops::{Kind, RawValue};
use crate::tensor::MAX_DIMENSION;

/// The value as a literal of a kind; `None` for a value of another kind, or one that the kind does not allow.
pub(super) fn literal(kind: Kind, value: &RawValue) -> Option<Literal> {
    let count = |raw: &RawValue, min: u64| match raw {
        RawValue::Int(int) => {
            u64::try_from(*int).ok().filter(|&count| count >= min && count <= MAX_DIMENSION)
        }
        _ => None,
    };
    let real = |raw: &RawValue| match raw {
        RawValue::Int(int) => Some(*int as f64),
        RawValue::Real(real) if real.is_finite() => Some(*real),
        _ => None,
    };
    let tuple = |raw: &RawValue, min: u64| match raw {
        RawValue::Tuple(values) => values.iter().map(|value| count(value, min)).collect::<Option<Vec<u64>>>(),
        single => count(single, min).map(|count| vec![count]),
    };
    match kind {
        Kind::Count { min } => count(value, min).map(Literal::Count),
        Kind::Counts { min } => tuple(value, min).map(Literal::Counts),
        Kind::Real => real(value).map(Literal::Real),
        Kind::Pair { min } => match tuple(value, min).as_deref() {
            Some([side]) => Some(Literal::Pair((*side, *side))),
            Some([height, width]) => Some(Literal::Pair((*height, *width))),
            _ => None,
        },
        Kind::Pads | Kind::FourPads => match tuple(value, 0).as_deref() {
            Some(&[side]) => Some(Literal::Pads([side; 4])),
            Some(&[height, width]) if kind == Kind::Pads => {
                Some(Literal::Pads([height, height, width, width]))
            }
            Some(&[top, bottom, left, right]) => Some(Literal::Pads([top, bottom, left, right])),
            _ => None,
        },
        Kind::Reals => match value {
            RawValue::Tuple(values) => {
                values.iter().map(real).collect::<Option<Vec<f64>>>().map(Literal::Reals)
            }
            single => real(single).map(|single| Literal::Reals(vec![single])),
        },
        Kind::Choice(words) => match value {
            RawValue::Word(word) => words.iter().find(|known| *known == word).copied().map(Literal::Word),
            _ => None,
        },
        Kind::Table => match value {
            RawValue::Table(table) => Some(Literal::Table(Arc::clone(table))),
            _ => None,
        },
    }
}

/// A count in a value that is greater than any dimension may be, if the kind consists of counts.
pub(super) fn too_large(kind: Kind, value: &RawValue) -> Option<i128> {
    let counts = matches!(
        kind,
        Kind::Count { .. } | Kind::Counts { .. } | Kind::Pair { .. } | Kind::Pads | Kind::FourPads
    );
    match value {
        RawValue::Int(int) if counts && *int > i128::from(MAX_DIMENSION) => Some(*int),
        RawValue::Tuple(values) => values.iter().find_map(|value| too_large(kind, value)),
        _ => None,
    }
}
