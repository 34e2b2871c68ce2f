//! `elman report`: the report that a run of the assignment is handed in as.
//!
//! Facts are gathered first, in no language; sections write them in one; the page becomes HTML and Markdown.

mod command;
mod facts;
mod gradients;
mod html;
mod markdown;
mod page;
mod run;
mod samples;
mod sections;
mod speed;
mod visible;
mod writer;

pub use run::COMMAND;
