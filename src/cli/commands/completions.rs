//! `elman completions`: what lets a shell complete command lines.

use crate::cli::command_line::arguments::{Arguments, Choice};
use crate::cli::command_line::command::Command;
use crate::cli::command_line::completions::SHELLS;
use crate::cli::command_line::failure::Failure;
use crate::cli::terminal::output::print;

/// The help's words.
pub const DETAILS: &str = "\
Prints a script that completes commands, options and their values in that shell.
Where a file or a folder has to stand, files or folders are offered. For every
new shell:

  bash  in ~/.bashrc: source <(elman completions bash)
  zsh   in ~/.zshrc, after compinit: source <(elman completions zsh)
  fish  elman completions fish > ~/.config/fish/completions/elman.fish";

/// Calls.
pub const EXAMPLES: &[&str] = &["elman completions bash"];

/// Its options.
pub fn options() -> Vec<Choice> {
    vec![Choice::help()]
}

/// Runs it.
pub fn run(arguments: &Arguments, commands: &'static [Command]) -> Result<(), Failure> {
    let shells = SHELLS.map(|(name, _)| name);
    let Some(name) = arguments.first() else {
        let which = format!("which shell? one of {}", shells.join(", "));
        return Err(Failure::Usage(which));
    };
    match SHELLS.iter().find(|(shell, _)| *shell == name) {
        Some((_, script)) => print(&script(commands)),
        None => {
            let known = shells.join(", ");
            let name = name.to_string_lossy();
            Err(Failure::Usage(format!("{name:?} is no shell of {known}")))
        }
    }
}
