//! The project file `cnnc.toml`: which files belong to a project, what their networks may cost, which lints
//! count, and how reports look by default.
//!
//! A project is data: it is read from a text, and paths in it are compared as texts. The command line
//! opens files and finds the project file.

mod device;
mod read;
mod settings;

pub use device::DeviceFile;
pub use read::ProjectMistake;
pub use settings::{Defaults, Group, Level, Lints, Pattern, Project, Variant};

/// The name of the project file.
pub const FILE_NAME: &str = "cnnc.toml";
