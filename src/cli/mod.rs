//! The program: arguments, commands, files of a run, progress and charts.

mod arguments;
mod chart;
mod check;
pub mod commands;
mod completions;
mod curve;
mod export;
mod failure;
mod files;
mod flow;
mod help;
mod import;
mod lock;
mod loss_log;
mod nearest;
mod output;
mod progress;
mod resume;
mod run_folder;
mod sample;
mod score;
mod seeds;
mod settings;
mod show;
mod terminal;
mod text_curve;
mod train;
