//! The macro behind the list of element-wise functions. It makes of each entry a variant of `Function`, a `Spec`, the
//! reading and writing of arguments, the function itself, its cost, and its forms in ONNX and PyTorch.

/// The example program: a convolution followed by the word.
macro_rules! example {
    ($word:literal) => {
        concat!("input 8x8x4;\nconv 3x3x8 same ", $word, "  -> 8x8x8;\n")
    };
    ($word:literal, $written:literal) => {
        example!($written)
    };
}

macro_rules! elementwise {
    ($(
        $variant:ident $({ $($field:ident: $type:ty = $written:expr),* })?
        $word:literal $(written $written_as:literal)? since $since:expr, $doc:literal,
        cost $cost:expr, $costs:literal,
        onnx |$builder:ident, $operand:ident| $onnx:expr,
        torch $torch:expr,
        |$x:ident, $c:ident| $apply:expr;
    )*) => {
        /// The functions of a single element.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Function {
            $(#[doc = $doc] $variant $({ $(#[doc = concat!("`", stringify!($field), "` of `", $word, "`.")] $field: $type),* })?,)*
        }

        /// The specs of the functions, in the order of the list.
        static SPECS: &[Spec] = &[$({
            $($(#[allow(non_upper_case_globals)] const $field: Field<$type> = $written;)*)?
            const FLAGS: &[&[Flag]] = &[$($($field.flags),*)?];
            const ATTRIBUTES: &[&[Attribute]] = &[$($($field.attributes),*)?];
            const ALL_FLAGS: [Flag; total(FLAGS)] = joined(FLAGS, Flag::NONE);
            const ALL_ATTRIBUTES: [Attribute; total(ATTRIBUTES)] = joined(ATTRIBUTES, Attribute::NONE);
            Spec {
                name: $word,
                trailing: true,
                summary: $doc,
                example: example!($word $(, $written_as)?),
                value: only_value(&[$($($field.value),*)?]),
                flags: &ALL_FLAGS,
                attributes: &ALL_ATTRIBUTES,
                cost: $costs,
                since: $since,
                ..Spec::EMPTY
            }
        }),*];

        static LIST: [&Spec; SPECS.len()] = {
            let mut list = [&SPECS[0]; SPECS.len()];
            let mut at = 0;
            while at < list.len() {
                list[at] = &SPECS[at];
                at += 1;
            }
            list
        };

        impl Arguments for Activation {
            const WRITTEN: Spec = Spec::EMPTY;

            fn read(bound: &Bound) -> Result<Activation, OpError> {
                let function = match bound.spec().name {
                    $($word => Function::$variant $({ $($field: {
                        const FIELD: Field<$type> = $written;
                        (FIELD.read)(&FIELD, bound)?
                    }),* })?,)*
                    other => return Err(OpError::new(Code::E0101, format!("`{other}` is no activation"))),
                };
                Ok(Activation { function })
            }

            #[allow(unused_variables)]
            fn write(&self, bound: &mut Bound) {
                match &self.function {
                    $(Function::$variant $({ $($field),* })? => {
                        $($({
                            const FIELD: Field<$type> = $written;
                            (FIELD.write)(&FIELD, $field, bound);
                        })*)?
                    })*
                }
            }
        }

        impl Activation {
            /// Applies the function to one element.
            pub fn apply<N: Number>(&self, x: N) -> N {
                match self.function {
                    $(Function::$variant $({ $($field),* })? => {
                        let ($x, $c) = (x, |constant: f64| N::from_f64(constant));
                        let _ = &$c;
                        $apply
                    })*
                }
            }

            /// The operations for one element.
            #[allow(unused_variables)]
            fn cost_of_one(&self) -> Cost {
                match self.function {
                    $(Function::$variant $({ $($field),* })? => $cost,)*
                }
            }

            fn word(&self) -> &'static str {
                match self.function {
                    $(Function::$variant $({ $($field: _),* })? => $word,)*
                }
            }
        }

        impl ToOnnx for Activation {
            #[allow(unused_variables)]
            fn to_onnx(&self, builder: &mut dyn OnnxBuilder) -> String {
                match self.function {
                    $(Function::$variant $({ $($field),* })? => {
                        let ($operand, $builder) = (builder.operand(), builder);
                        $onnx
                    })*
                }
            }
        }

        impl ToTorch for Activation {
            #[allow(unused_variables)]
            fn to_torch(&self, _inputs: &[Shape], _output: Shape) -> Torch {
                match self.function {
                    $(Function::$variant $({ $($field),* })? => $torch,)*
                }
            }
        }
    };
}

pub(super) use {elementwise, example};
