//! [`Settings`]: everything that decides what is learned from a text, such as m, T, the optimizer and the seed.
//!
//! A setting is a field of [`Settings`] and a row of one table. All code that deals with settings iterates over the
//! rows: the command line, its help, presets, model files, the check at `--resume`, `show`, reports. The defaults are
//! in [`Settings::DEFAULT`]. When a run ends and what it reports are not settings but its [`Plan`](crate::Plan).

mod fields;
pub(crate) mod presets;
mod schedule;
pub(crate) mod table;
pub(crate) mod value;

pub use fields::{Initialization, Loss, Order, Settings, Symbols};
pub use schedule::Schedule;
pub use table::SettingError;
pub(crate) use table::{Setting, Stored, TABLE};
pub(crate) use value::ValueError;
#[cfg(test)]
pub(crate) use {presets::PRESETS, table::setting, value::count};
