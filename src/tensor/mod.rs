//! Shapes and the arithmetic of sliding windows, used by shapes, costs, receptive fields and kernels alike.

mod resampling;
mod shape;
pub mod window;

pub use resampling::{Interpolation, Resampling, gcd};
pub use shape::{MAX_DIMENSION, MAX_ELEMENTS, Shape};
pub use window::Window;
