//! Everything that decides what is learned from a text.
//!
//! A setting is a field of [`Settings`] and a row of [`TABLE`]. Whatever deals with settings iterates over the rows:
//! the command line, its help, presets, model files, the check at `--resume`, `show`, reports. Defaults are
//! [`Settings::DEFAULT`] in fields.rs; that of the learning rate depends on the optimizer. Leaves out: when a run ends and
//! what it reports, which is the [`Plan`](crate::Plan).

mod fields;
mod presets;
mod table;
mod value;

pub use fields::{Initialization, Loss, Order, Settings, Symbols};
pub use presets::{PRESETS, Preset};
pub use table::{Access, Setting, SettingError, Stored, TABLE, setting};
pub use value::{Value, ValueError, count, number, word};
