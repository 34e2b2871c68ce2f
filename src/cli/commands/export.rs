//! `elman export`: writes a model's weights for other programs.

use crate::cli::command_line::arguments::{Arguments, Choice};
use crate::cli::command_line::failure::Failure;
use crate::cli::run::inputs::{read_model, refuse_existing};
use crate::cli::terminal::output::print_digest;
use elman::files::Format;
use elman::internals::exchange;
use std::path::Path;

/// The help's words.
pub const DETAILS: &str = "\
MODEL is a model file or the folder of a run (its best model). OUT holds its
weights and its vocabulary. The last line is the digest of the weights, as
`elman show` prints it.";

/// Calls.
pub const EXAMPLES: &[&str] = &[
    "elman export elman-run --format torch weights.safetensors",
    "elman export elman-run --format npz weights.npz",
];

/// What the formats hold.
pub const MORE: &str = "\
The formats:
  torch  a safetensors file with the names and shapes of torch.nn.RNN and
         torch.nn.Linear, so that load_state_dict takes it: rnn.weight_ih_l0
         is U, rnn.weight_hh_l0 W, rnn.bias_ih_l0 b, rnn.bias_hh_l0 zeros,
         fc.weight V, fc.bias c; the vocabulary is in the metadata
  npz    the arrays U, W, V, b, c and vocabulary (code points, or bytes) for
         numpy.load";

/// Its options.
pub fn options() -> Vec<Choice> {
    vec![
        Choice::new("format", "torch|npz", "for PyTorch or for NumPy"),
        Choice::switch("force", "replace OUT where it is already there"),
        Choice::help(),
    ]
}

/// Runs it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let format = Format::of(arguments.word("format"));
    let which = || Failure::Usage("which format? --format torch or --format npz".into());
    let format = format.ok_or_else(which)?;
    if arguments.all().len() == 1 {
        return Err(Failure::Usage("where to? elman export MODEL OUT".into()));
    }
    let model = read_model(arguments.first())?;
    let out = Path::new(arguments.all().get(1).map_or("".as_ref(), |out| out.as_os_str()));
    refuse_existing(out, arguments.has("force"))?;
    exchange::export(&model, format, out).map_err(|error| Failure::at(out.display(), error))?;
    print_digest(&model.state.rnn.parameters)
}
