//! The compiler of `.cnn` files.
