//! `elman completions`: prints a script that lets a shell complete command lines.

use crate::cli::command_line::arguments::{Arguments, OptionSpec};
use crate::cli::command_line::command::Command;
use crate::cli::command_line::completions::SHELLS;
use crate::cli::command_line::failure::Failure;
use crate::cli::terminal::output::print;

/// The command, whose `run` passes the table of commands on.
pub const fn command(run: fn(&Arguments) -> Result<(), Failure>) -> Command {
    Command {
        name: "completions",
        takes: "bash|zsh|fish",
        limit: 1,
        summary: "print a completion script for a shell",
        details: "\
Prints a script with which the shell completes commands, options and their values.
For files and folders it offers their names. To load the script in every new shell:

  bash  in ~/.bashrc: source <(elman completions bash)
  zsh   in ~/.zshrc, after compinit: source <(elman completions zsh)
  fish  elman completions fish > ~/.config/fish/completions/elman.fish",
        examples: &["elman completions bash"],
        more: "",
        options: || vec![OptionSpec::help()],
        run,
    }
}

/// Prints the script of the shell that the arguments name.
pub fn run(arguments: &Arguments, commands: &[Command]) -> Result<(), Failure> {
    let shells = SHELLS.map(|(name, _)| name).join(", ");
    let Some(name) = arguments.first() else {
        return Err(Failure::Usage(format!("which shell? one of {shells}")));
    };
    match SHELLS.iter().find(|(shell, _)| *shell == name) {
        Some((_, script)) => print(&script(commands)),
        None => {
            let name = name.to_string_lossy();
            Err(Failure::Usage(format!("there is no script for {name:?}: choose one of {shells}")))
        }
    }
}
