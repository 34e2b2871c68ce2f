//! `elman export`: writes a model's weights for other programs.

use crate::cli::command_line::arguments::{Arguments, OptionSpec};
use crate::cli::command_line::command::Command;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::words;
use crate::cli::run::inputs::{STANDARD, read_model, refuse_existing};
use crate::cli::terminal::output::{print_digest, print_weights};
use elman::files::Format;
use elman::internals::exchange;
use std::path::Path;

/// The command.
pub const COMMAND: Command = Command {
    name: "export",
    takes: "MODEL OUT --format F",
    limit: 2,
    summary: "write a model's weights for PyTorch or NumPy",
    details: "\
MODEL is a model file, or the folder of a run: then its best model is used. Its
weights and its vocabulary are written to the file OUT. The last line of the output
is the digest of the weights, as `elman show` prints it. If OUT is -, the file goes
to standard output, and the digest to standard error.",
    examples: &[
        "elman export elman-run --format torch weights.safetensors",
        "elman export elman-run --format npz weights.npz",
    ],
    more: "\
The formats:
  torch  a safetensors file with the names and shapes of torch.nn.RNN and
         torch.nn.Linear, for load_state_dict: rnn.weight_ih_l0 is U,
         rnn.weight_hh_l0 W, rnn.bias_ih_l0 b, rnn.bias_hh_l0 zeros,
         fc.weight V, fc.bias c; the vocabulary is in the metadata
  npz    the arrays U, W, V, b, c and vocabulary (code points, or bytes) for
         numpy.load",
    options: || {
        vec![
            OptionSpec::new("format", "torch|npz", "format for PyTorch or for NumPy"),
            OptionSpec::switch("force", "replace OUT if it exists"),
            OptionSpec::help(),
        ]
    },
    run,
};

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let format = Format::of(arguments.word("format"));
    let which = || Failure::Usage("which format? --format torch or --format npz".into());
    let format = format.ok_or_else(which)?;
    if arguments.all().len() == 1 {
        return Err(Failure::Usage("which output file? elman export MODEL OUT --format F".into()));
    }
    let model = read_model(arguments.first())?;
    let out = Path::new(arguments.all().get(1).map_or("".as_ref(), |out| out.as_os_str()));
    if out == Path::new(STANDARD) {
        let mut file = Vec::new();
        exchange::write_weights(&mut file, &model, format)
            .map_err(|error| Failure::Failed(error.to_string()))?;
        return print_weights(&file, model.parameters());
    }
    refuse_existing(out, arguments.has("force"))?;
    let exported = exchange::export(&model, format, out);
    exported.map_err(|error| Failure::at(out.display(), words::of_file(&error)))?;
    print_digest(model.parameters())
}
