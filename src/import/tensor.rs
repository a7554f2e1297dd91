//! Constant tensors: stored in the file, beside it, or derived from others.
//!
//! A tensor always knows its shape. Its values are read or computed on demand, so that a report needs none of the
//! weights.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::rc::Rc;

use super::fold::{self, Derivation, Operand};
use super::values::{ElementType, Unavailable, Values, count};

/// The depth of nested derivations at which a tensor is computed at once.
const MAX_DEPTH: u32 = 64;
/// The number of elements up to which a derived tensor is computed at once.
const SMALL: u64 = 4096;

/// The place of a tensor's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DataLocation {
    Memory(Rc<[u8]>),
    /// In the model's file.
    File {
        offset: u64,
        length: u64,
    },
    /// In a file beside it. Without a length, the shape decides.
    External {
        path: Rc<str>,
        offset: u64,
        length: Option<u64>,
    },
    /// Nowhere: the model was exported without weights.
    Absent,
}

/// Reads the bytes of tensors that are not in memory.
pub trait Storage {
    /// Reads bytes of the model's file, or of the file `beside` it in or below its folder.
    fn read(&self, beside: Option<&str>, offset: u64, length: u64) -> io::Result<Vec<u8>>;
}

/// A tensor of known shape.
#[derive(Clone)]
pub(super) struct Tensor(Rc<Inner>);

struct Inner {
    dims: Vec<u64>,
    element: ElementType,
    /// The name of the initialiser from which it was made.
    origin: Option<Rc<str>>,
    source: Source,
    depth: u32,
    /// The values of a small derived tensor, once computed.
    cache: RefCell<Option<Values>>,
}

enum Source {
    Stored(DataLocation),
    Derived(Derivation, Vec<Tensor>),
}

impl Tensor {
    /// A tensor whose bytes have a place.
    pub(super) fn stored(dims: Vec<u64>, element: ElementType, place: DataLocation) -> Tensor {
        Tensor::new(dims, element, None, Source::Stored(place), 0, None)
    }

    /// A tensor with known values.
    pub(super) fn known(dims: Vec<u64>, values: Values) -> Tensor {
        let element = match values {
            Values::Real(_) => ElementType::F32,
            Values::Int(_) => ElementType::Signed(8),
        };
        Tensor::new(dims, element, None, Source::Stored(DataLocation::Absent), 0, Some(values))
    }

    fn new(
        dims: Vec<u64>,
        element: ElementType,
        origin: Option<Rc<str>>,
        source: Source,
        depth: u32,
        values: Option<Values>,
    ) -> Tensor {
        Tensor(Rc::new(Inner { dims, element, origin, source, depth, cache: RefCell::new(values) }))
    }

    /// The tensor that a derivation makes of others; its origin is that of the first one.
    pub(super) fn derived(
        derivation: Derivation,
        inputs: Vec<Tensor>,
        storage: &dyn Storage,
    ) -> Result<Tensor, Unavailable> {
        let operands: Vec<Operand> = inputs.iter().map(Tensor::as_operand).collect();
        let (dims, element) = fold::shape(&derivation, &operands)?;
        let origin = inputs.iter().find_map(|input| input.0.origin.clone());
        let depth = 1 + inputs.iter().map(|input| input.0.depth).max().unwrap_or(0);
        let elements = count(&dims);
        let cheap = elements <= SMALL && inputs.iter().all(|input| input.elements() <= SMALL);
        let tensor = Tensor::new(dims, element, origin, Source::Derived(derivation, inputs), depth, None);
        if !cheap && depth < MAX_DEPTH {
            return Ok(tensor);
        }
        let values = match tensor.values(storage) {
            // In a model without weights a derived tensor has no values either.
            Err(Unavailable::Absent) if depth < MAX_DEPTH => return Ok(tensor),
            values => values?,
        };
        let (dims, origin) = (tensor.0.dims.clone(), tensor.0.origin.clone());
        Ok(Tensor::new(dims, element, origin, Source::Stored(DataLocation::Absent), 0, Some(values)))
    }

    /// The same tensor with the name of an initialiser as its origin.
    pub(super) fn with_origin(&self, name: &str) -> Tensor {
        let inner = &self.0;
        let source = match &inner.source {
            Source::Stored(place) => Source::Stored(place.clone()),
            Source::Derived(derivation, inputs) => Source::Derived(derivation.clone(), inputs.clone()),
        };
        let values = inner.cache.borrow().clone();
        Tensor::new(inner.dims.clone(), inner.element, Some(name.into()), source, inner.depth, values)
    }

    /// The dimensions, outermost first; empty for a scalar.
    pub(super) fn dims(&self) -> &[u64] {
        &self.0.dims
    }

    /// The number of elements.
    pub(super) fn elements(&self) -> u64 {
        count(&self.0.dims)
    }

    /// The type of the elements in the file.
    pub(super) fn element(&self) -> ElementType {
        self.0.element
    }

    /// The name of the initialiser from which it was made.
    pub(super) fn origin(&self) -> Option<&str> {
        self.0.origin.as_deref()
    }

    /// The shape and type for a derivation.
    fn as_operand(&self) -> Operand<'_> {
        Operand { dims: &self.0.dims, element: self.0.element }
    }

    /// The values, read or computed.
    pub(super) fn values(&self, storage: &dyn Storage) -> Result<Values, Unavailable> {
        if let Some(values) = &*self.0.cache.borrow() {
            return Ok(values.clone());
        }
        match &self.0.source {
            Source::Stored(place) => self.decode(&self.bytes(place, storage)?),
            Source::Derived(derivation, inputs) => {
                let operands: Vec<Operand> = inputs.iter().map(Tensor::as_operand).collect();
                let values =
                    fold::evaluate(derivation, &operands, &self.0.dims, &|at| inputs[at].values(storage))?;
                if self.elements() <= SMALL {
                    *self.0.cache.borrow_mut() = Some(values.clone());
                }
                Ok(values)
            }
        }
    }

    /// The values as real numbers.
    pub(super) fn reals(&self, storage: &dyn Storage) -> Result<Vec<f64>, Unavailable> {
        self.values(storage).map(Values::reals)
    }

    /// The only value of a tensor of one element; `None` for any other tensor.
    pub(super) fn scalar(&self, storage: &dyn Storage) -> Result<Option<f64>, Unavailable> {
        if self.elements() != 1 {
            return Ok(None);
        }
        Ok(self.reals(storage)?.first().copied())
    }

    /// Returns whether both are the same tensor of the model, or derived from the same tensors in the same way.
    pub(super) fn is_same(&self, other: &Tensor) -> bool {
        let (one, other) = (&self.0, &other.0);
        Rc::ptr_eq(one, other)
            || (one.dims == other.dims
                && one.element == other.element
                && one.origin == other.origin
                && match (&one.source, &other.source) {
                    (Source::Stored(a), Source::Stored(b)) => {
                        a == b && *one.cache.borrow() == *other.cache.borrow()
                    }
                    (Source::Derived(a, of_one), Source::Derived(b, of_other)) => {
                        a == b
                            && of_one.len() == of_other.len()
                            && of_one.iter().zip(of_other).all(|(a, b)| a.is_same(b))
                    }
                    _ => false,
                })
    }

    /// Returns whether it has no values, without reading them.
    pub(super) fn is_absent(&self) -> bool {
        match &self.0.source {
            _ if self.0.cache.borrow().is_some() => false,
            Source::Stored(place) => *place == DataLocation::Absent,
            Source::Derived(_, inputs) => inputs.iter().any(Tensor::is_absent),
        }
    }

    fn bytes(&self, place: &DataLocation, storage: &dyn Storage) -> Result<Vec<u8>, Unavailable> {
        let size = self.0.element.bytes().ok_or_else(|| Unavailable::Unsupported("texts".to_owned()))?;
        let wanted = self.elements().saturating_mul(size as u64);
        let read = |beside: Option<&str>, offset, length: u64| {
            if length != wanted {
                let message = format!("a tensor of {wanted} bytes is stored in {length}");
                return Err(Unavailable::Unreadable(message));
            }
            storage.read(beside, offset, length).map_err(|error| {
                let of = beside.map_or(String::new(), |path| format!("`{path}`: "));
                Unavailable::Unreadable(format!("{of}{error}"))
            })
        };
        match place {
            DataLocation::Memory(bytes) if bytes.len() as u64 == wanted => Ok(bytes.to_vec()),
            DataLocation::Memory(bytes) => Err(Unavailable::Unreadable(format!(
                "a tensor of {wanted} bytes is stored in {}",
                bytes.len()
            ))),
            DataLocation::File { offset, length } => read(None, *offset, *length),
            DataLocation::External { path, offset, length } => {
                read(Some(path), *offset, length.unwrap_or(wanted))
            }
            DataLocation::Absent => Err(Unavailable::Absent),
        }
    }

    fn decode(&self, bytes: &[u8]) -> Result<Values, Unavailable> {
        fn each<const N: usize, T>(bytes: &[u8], of: impl Fn([u8; N]) -> T) -> Vec<T> {
            bytes.as_chunks::<N>().0.iter().map(|&chunk| of(chunk)).collect()
        }
        Ok(match self.0.element {
            ElementType::F16 => Values::Real(each(bytes, |b| half::f16::from_le_bytes(b).to_f64())),
            ElementType::BF16 => Values::Real(each(bytes, |b| half::bf16::from_le_bytes(b).to_f64())),
            ElementType::F32 => Values::Real(each(bytes, |b| f64::from(f32::from_le_bytes(b)))),
            ElementType::F64 => Values::Real(each(bytes, f64::from_le_bytes)),
            ElementType::Signed(1) => Values::Int(each(bytes, |b| i64::from(i8::from_le_bytes(b)))),
            ElementType::Signed(2) => Values::Int(each(bytes, |b| i64::from(i16::from_le_bytes(b)))),
            ElementType::Signed(4) => Values::Int(each(bytes, |b| i64::from(i32::from_le_bytes(b)))),
            ElementType::Signed(_) => Values::Int(each(bytes, i64::from_le_bytes)),
            ElementType::Unsigned(2) => Values::Int(each(bytes, |b| i64::from(u16::from_le_bytes(b)))),
            ElementType::Unsigned(4) => Values::Int(each(bytes, |b| i64::from(u32::from_le_bytes(b)))),
            ElementType::Unsigned(8) => Values::Int(each(bytes, |b| u64::from_le_bytes(b) as i64)),
            ElementType::Unsigned(_) | ElementType::Bool => {
                Values::Int(bytes.iter().map(|&byte| i64::from(byte)).collect())
            }
            ElementType::Text => return Err(Unavailable::Unsupported("texts".to_owned())),
        })
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor{:?}", self.0.dims)
    }
}

impl PartialEq for Tensor {
    fn eq(&self, other: &Tensor) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}
