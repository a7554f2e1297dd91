//! A number that counts what is done with it, for comparing kernels with declared costs.

use std::cell::Cell;
use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};

use cnnc::ops::{Cost, Number};

/// Operations that were done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) macs: u128,
    pub(crate) add: u128,
    pub(crate) mul: u128,
    pub(crate) div: u128,
    pub(crate) sqrt: u128,
    pub(crate) exp: u128,
    pub(crate) cmp: u128,
}

impl From<&Cost> for Counts {
    /// The operations that a cost declares, those on padding left out.
    fn from(cost: &Cost) -> Counts {
        let Cost { macs_useful: macs, add, mul, div, sqrt, exp, cmp, .. } = *cost;
        Counts { macs, add, mul, div, sqrt, exp, cmp }
    }
}

thread_local! {
    static COUNTS: Cell<Counts> = const {
        Cell::new(Counts { macs: 0, add: 0, mul: 0, div: 0, sqrt: 0, exp: 0, cmp: 0 })
    };
}

/// The operations of `work` on [`Counting`] numbers, and its result.
pub(crate) fn count<T>(work: impl FnOnce() -> T) -> (Counts, T) {
    COUNTS.set(Counts::default());
    let result = work();
    (COUNTS.get(), result)
}

fn record(change: impl FnOnce(&mut Counts)) {
    let mut counts = COUNTS.get();
    change(&mut counts);
    COUNTS.set(counts);
}

/// A number that counts the operations done with it. A change of sign is none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counting(pub(crate) f64);

impl PartialEq for Counting {
    fn eq(&self, other: &Counting) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Counting {
    fn partial_cmp(&self, other: &Counting) -> Option<Ordering> {
        record(|counts| counts.cmp += 1);
        self.0.partial_cmp(&other.0)
    }
}

macro_rules! counted {
    ($($trait:ident $method:ident $field:ident $sign:tt;)*) => {
        $(impl $trait for Counting {
            type Output = Counting;

            #[allow(clippy::suspicious_arithmetic_impl)] // The addition counts.
            fn $method(self, other: Counting) -> Counting {
                record(|counts| counts.$field += 1);
                Counting(self.0 $sign other.0)
            }
        })*
    };
}

counted! {
    Add add add +;
    Sub sub add -;
    Mul mul mul *;
    Div div div /;
}

impl Neg for Counting {
    type Output = Counting;

    fn neg(self) -> Counting {
        Counting(-self.0)
    }
}

impl Number for Counting {
    fn from_f64(value: f64) -> Counting {
        Counting(value)
    }

    fn mac(self, a: Counting, b: Counting) -> Counting {
        record(|counts| counts.macs += 1);
        Counting(self.0.mac(a.0, b.0))
    }

    fn max(self, other: Counting) -> Counting {
        record(|counts| counts.cmp += 1);
        Counting(Number::max(self.0, other.0))
    }

    fn min(self, other: Counting) -> Counting {
        record(|counts| counts.cmp += 1);
        Counting(Number::min(self.0, other.0))
    }

    fn exp(self) -> Counting {
        record(|counts| counts.exp += 1);
        Counting(Number::exp(self.0))
    }

    fn ln(self) -> Counting {
        record(|counts| counts.exp += 1);
        Counting(Number::ln(self.0))
    }

    fn ln_1p(self) -> Counting {
        record(|counts| counts.exp += 1);
        Counting(Number::ln_1p(self.0))
    }

    fn tanh(self) -> Counting {
        record(|counts| counts.exp += 1);
        Counting(Number::tanh(self.0))
    }

    fn erf(self) -> Counting {
        record(|counts| counts.exp += 1);
        Counting(Number::erf(self.0))
    }

    fn sqrt(self) -> Counting {
        record(|counts| counts.sqrt += 1);
        Counting(Number::sqrt(self.0))
    }

    fn powf(self, exponent: f64) -> Counting {
        record(|counts| counts.exp += 1);
        Counting(Number::powf(self.0, exponent))
    }
}
