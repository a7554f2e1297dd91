//! How the fields of an operator are written.
//!
//! A [`Field`] states once what the binder accepts for a field of an operator, its default, and both ways between
//! the field and bound arguments. `arguments!` makes of a list of fields the struct of an operator, its part of the
//! [`Spec`](super::Spec) and the two directions, so that no name, kind or default stands twice:
//!
//! ```text
//! arguments! {
//!     /// Deals the channels of each group out to all groups.
//!     pub struct Shuffle {
//!         /// Groups of channels.
//!         groups: u64 = Field::value(&Value { name: "number of groups", kind: Kind::Count { min: 1 }, … }),
//!     }
//! }
//! ```

use std::sync::Arc;

use super::bound::Literal;
use super::{Attribute, Bound, ConnectionTable, Flag, OpError, Sizes, Value};
use crate::diag::Code;

/// The declaration of an operator's field of type `T`.
pub(crate) struct Field<T> {
    /// The form of the size of which the field is a part.
    pub(crate) sizes: Sizes,
    /// The lone value behind the word.
    pub(crate) value: Option<&'static Value>,
    /// Its flags.
    pub(crate) flags: &'static [Flag],
    /// Its attributes.
    pub(crate) attributes: &'static [Attribute],
    /// Reads the field from bound arguments.
    pub(crate) read: fn(&Field<T>, &Bound) -> Result<T, OpError>,
    /// Adds the arguments of the field to those of the fields before it.
    pub(crate) write: fn(&Field<T>, &T, &mut Bound),
}

/// A type that can be converted to and from a [`Literal`].
pub(crate) trait Literally: Sized {
    /// The value of a literal; `None` for one of another kind.
    fn of(literal: &Literal) -> Option<Self>;
    /// The literal of a value.
    fn literal(&self) -> Literal;
}

macro_rules! literally {
    ($($type:ty, $variant:ident;)*) => {
        $(impl Literally for $type {
            fn of(literal: &Literal) -> Option<Self> {
                match literal {
                    Literal::$variant(value) => Some(value.clone()),
                    _ => None,
                }
            }

            fn literal(&self) -> Literal {
                Literal::$variant(self.clone())
            }
        })*
    };
}

literally! {
    u64, Count;
    f64, Real;
    (u64, u64), Pair;
    [u64; 4], Pads;
    Arc<ConnectionTable>, Table;
}

impl<T> Field<T> {
    /// A field without arguments; a base for the other constructors.
    pub(crate) const fn new(
        read: fn(&Field<T>, &Bound) -> Result<T, OpError>,
        write: fn(&Field<T>, &T, &mut Bound),
    ) -> Field<T> {
        Field { sizes: Sizes::None, value: None, flags: &[], attributes: &[], read, write }
    }

    /// The name of the one argument that the field declares.
    fn name(&self) -> &'static str {
        match (self.flags, self.attributes) {
            ([flag], _) => flag.name,
            (_, [attribute]) => attribute.name,
            _ => "lone value",
        }
    }
}

impl<T: Literally> Field<T> {
    /// A field for the lone value behind the word, which is required or has a default.
    pub(crate) const fn value(value: &'static Value) -> Field<T> {
        Field { value: Some(value), ..Field::new(read_literal, write_literal) }
    }

    /// A field for an attribute that is required or has a default.
    pub(crate) const fn attribute(attribute: &'static [Attribute; 1]) -> Field<T> {
        Field { attributes: attribute, ..Field::new(read_literal, write_literal) }
    }
}

impl<T: Literally> Field<Option<T>> {
    /// A field for an attribute without a default.
    pub(crate) const fn optional(attribute: &'static [Attribute; 1]) -> Field<Option<T>> {
        Field { attributes: attribute, ..Field::new(read_optional, write_optional) }
    }

    /// A field for a lone value without a default.
    pub(crate) const fn optional_value(value: &'static Value) -> Field<Option<T>> {
        Field { value: Some(value), ..Field::new(read_optional, write_optional) }
    }
}

impl Field<bool> {
    /// A field for a flag.
    pub(crate) const fn flag(flag: &'static [Flag; 1]) -> Field<bool> {
        Field {
            flags: flag,
            ..Field::new(
                |field, bound| Ok(bound.flag(field.name())),
                |field, &given, bound| {
                    if given {
                        bound.set_flag(field.name());
                    }
                },
            )
        }
    }
}

fn read_literal<T: Literally>(field: &Field<T>, bound: &Bound) -> Result<T, OpError> {
    bound.literal(field.name()).and_then(T::of).ok_or_else(|| {
        OpError::new(Code::E0203, format!("`{}` needs its {}", bound.spec().name, field.name()))
    })
}

fn read_optional<T: Literally>(field: &Field<Option<T>>, bound: &Bound) -> Result<Option<T>, OpError> {
    Ok(bound.literal(field.name()).and_then(T::of))
}

fn write_optional<T: Literally>(field: &Field<Option<T>>, value: &Option<T>, bound: &mut Bound) {
    if let Some(value) = value {
        bound.set(field.name(), value.literal());
    }
}

fn write_literal<T: Literally>(field: &Field<T>, value: &T, bound: &mut Bound) {
    bound.set(field.name(), value.literal());
}

/// The error of two arguments that exclude each other; it marks the second.
pub(super) fn exclusive(first: &str, second: &'static str) -> OpError {
    OpError::new(Code::E0206, format!("`{first}` and `{second}` exclude each other"))
        .at(second.trim_end_matches('='))
        .here("remove one of them")
}

/// The flag of a list that is given; an error if several are.
pub(super) fn one_of(bound: &Bound, flags: &[Flag]) -> Result<Option<&'static str>, OpError> {
    let mut given = flags.iter().map(|flag| flag.name).filter(|name| bound.flag(name));
    match (given.next(), given.next()) {
        (Some(first), Some(second)) => Err(exclusive(first, second)),
        (first, _) => Ok(first),
    }
}

/// The total length of lists.
pub(super) const fn total<T>(lists: &[&[T]]) -> usize {
    let (mut count, mut list) = (0, 0);
    while list < lists.len() {
        count += lists[list].len();
        list += 1;
    }
    count
}

/// The concatenation of lists as an array, whose length is their [`total`].
pub(super) const fn joined<T: Copy, const N: usize>(lists: &[&[T]], filler: T) -> [T; N] {
    let mut all = [filler; N];
    let (mut at, mut list) = (0, 0);
    while list < lists.len() {
        let mut entry = 0;
        while entry < lists[list].len() {
            all[at] = lists[list][entry];
            at += 1;
            entry += 1;
        }
        list += 1;
    }
    all
}

/// The form of the size that the fields declare, at most one.
pub(super) const fn only_size(sizes: &[Sizes]) -> Sizes {
    let mut at = 0;
    while at < sizes.len() {
        if !matches!(sizes[at], Sizes::None) {
            return sizes[at];
        }
        at += 1;
    }
    Sizes::None
}

/// The lone value that the fields declare, at most one.
pub(super) const fn only_value(values: &[Option<&'static Value>]) -> Option<&'static Value> {
    let mut at = 0;
    while at < values.len() {
        if values[at].is_some() {
            return values[at];
        }
        at += 1;
    }
    None
}

/// The conversions between an operator's fields and bound arguments, implemented by `arguments!`.
pub(crate) trait Arguments: Sized {
    /// The part of the spec that follows from the fields.
    const WRITTEN: super::Spec;

    /// Reads all fields from bound arguments.
    fn read(bound: &Bound) -> Result<Self, OpError>;

    /// Adds the arguments of all fields.
    fn write(&self, bound: &mut Bound);
}

/// Declares an operator's struct by its fields, each with its type and, behind `=`, how it is written.
macro_rules! arguments {
    ($(#[$meta:meta])* pub struct $name:ident;) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name;

        impl $crate::ops::field::Arguments for $name {
            const WRITTEN: $crate::ops::Spec = $crate::ops::Spec::EMPTY;

            fn read(_bound: &$crate::ops::Bound) -> Result<Self, $crate::ops::OpError> {
                Ok($name)
            }

            fn write(&self, _bound: &mut $crate::ops::Bound) {}
        }
    };
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$field_meta:meta])* $field:ident: $type:ty = $written:expr,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $crate::ops::field::Arguments for $name {
            const WRITTEN: $crate::ops::Spec = {
                use $crate::ops as o;
                $(#[allow(non_upper_case_globals)] const $field: o::field::Field<$type> = $written;)*
                const FLAG_LISTS: &[&[o::Flag]] = &[$($field.flags),*];
                const ATTRIBUTE_LISTS: &[&[o::Attribute]] = &[$($field.attributes),*];
                const FLAGS: [o::Flag; o::field::total(FLAG_LISTS)] =
                    o::field::joined(FLAG_LISTS, o::Flag::NONE);
                const ATTRIBUTES: [o::Attribute; o::field::total(ATTRIBUTE_LISTS)] =
                    o::field::joined(ATTRIBUTE_LISTS, o::Attribute::NONE);
                o::Spec {
                    sizes: o::field::only_size(&[$($field.sizes),*]),
                    value: o::field::only_value(&[$($field.value),*]),
                    flags: &FLAGS,
                    attributes: &ATTRIBUTES,
                    ..o::Spec::EMPTY
                }
            };

            #[allow(unused_variables)]
            fn read(bound: &$crate::ops::Bound) -> Result<Self, $crate::ops::OpError> {
                Ok($name {
                    $($field: {
                        const FIELD: $crate::ops::field::Field<$type> = $written;
                        (FIELD.read)(&FIELD, bound)?
                    },)*
                })
            }

            #[allow(unused_variables)]
            fn write(&self, bound: &mut $crate::ops::Bound) {
                $({
                    const FIELD: $crate::ops::field::Field<$type> = $written;
                    (FIELD.write)(&FIELD, &self.$field, bound);
                })*
            }
        }
    };
}

pub(super) use arguments;
