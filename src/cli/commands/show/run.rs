//! The command: its help and its options.

use super::{json, rows, tensors};
use crate::cli::command_line::arguments::{Arguments, OptionSpec};
use crate::cli::command_line::command::Command;
use crate::cli::command_line::failure::Failure;
use crate::cli::run::inputs::read_model_file;
use crate::cli::terminal::output::print;

const DETAILS: &str = "\
MODEL is a model file, the folder of a run (its best model), or - for standard
input. Prints the kind and the size of the file, the network and its vocabulary,
the settings, the state of the training, the plan of the run (from
model.safetensors only), and the smallest entry, the largest entry and the root
mean square of every tensor.";

const EXAMPLES: &[&str] =
    &["elman show elman-run", "elman show elman-run/model.safetensors --json"];

const MORE: &str = "\
--json prints one JSON object. Numbers read back to the same bits. A value that
the model does not have is null:
  file, bytes       the path and the length of the file
  kind              \"last\" state of a run, \"best\" model, or \"imported\"
  digest            of U, W, V, b, c, as 16 hexadecimal digits
  symbols           \"characters\" or \"bytes\"
  vocabulary        a string, or a list of bytes, in the order of the indices
  K, m, parameters  sizes: symbols, hidden units, entries of U, W, V, b, c
  settings          hidden, sequence_length, batch_size, bytes, documents,
                    optimizer, learning_rate, schedule, half_life,
                    schedule_updates, beta1, beta2, epsilon, clip (null: none),
                    loss, initialization, sigma, validation, order, chunk,
                    seed; null if it does not apply, as beta1 to adagrad
  text              length, digest, start (the first symbol); null if imported
  state             updates, epoch, position, smooth_loss, best_smooth_loss,
                    best_validation (nats per character), optimizer_updates
                    (those before this run, with --keep-optimizer)
  plan              iterations, report_every, report_length, passage_length,
                    log_every, validate_every, save_every; null except in
                    the last state of a run
  tensors           by name: shape, smallest, largest, rms
  saturated         fraction of h below -0.99 or above 0.99";

/// The command.
pub const COMMAND: Command = Command {
    name: "show",
    takes: "MODEL",
    limit: 1,
    summary: "print a model's settings, state and tensors",
    details: DETAILS,
    examples: EXAMPLES,
    more: MORE,
    options,
    run,
};

fn options() -> Vec<OptionSpec> {
    vec![OptionSpec::switch("json", "print JSON"), OptionSpec::help()]
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let file = read_model_file(arguments.first())?;
    if arguments.has("json") {
        print(&json::of(&file))
    } else {
        print(&format!("{}{}", rows::of(&file), tensors::table(&file)))
    }
}
