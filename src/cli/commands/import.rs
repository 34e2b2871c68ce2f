//! `elman import`: makes a model of weights from other programs.

use crate::cli::command_line::arguments::{Arguments, Choice};
use crate::cli::command_line::failure::Failure;
use crate::cli::run::inputs::{read_file, refuse_existing};
use crate::cli::terminal::output::print_digest;
use elman::files::ExchangeError;
use elman::internals::checkpoint;
use elman::internals::exchange;
use elman::text::TextError;
use std::path::Path;

/// The help's words.
pub const DETAILS: &str = "\
FILE is a safetensors file with one torch.nn.RNN (tanh, one layer) and one
torch.nn.Linear, whatever they are called, or one that numpy.savez wrote, with
U, W, V, b and c; F64, F32, F16 or BF16. What it is, it says itself, not its name.
Where the RNN has two biases, b is their sum.

A file of `elman export` knows its vocabulary; for others --vocabulary names a
file that holds the K characters in the order of their indices as UTF-8, and
nothing else: a line break is a character too.

The last line is the digest of the weights, as `elman show` prints it.";

/// Calls.
pub const EXAMPLES: &[&str] = &[
    "elman import weights.safetensors --out imported",
    "elman import rnn.safetensors --vocabulary chars.txt --out imported",
];

/// Its options.
pub fn options() -> Vec<Choice> {
    vec![
        Choice::new("vocabulary", "CHARS", "the file with its characters (what FILE says)"),
        Choice::new("out", "MODEL", "the model file to write"),
        Choice::switch("force", "replace MODEL where it is already there"),
        Choice::help(),
    ]
}

/// Runs it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let file = arguments.first();
    let file = file.ok_or_else(|| Failure::Usage("which file? name one with weights".into()))?;
    if !arguments.has("out") {
        return Err(Failure::Usage("where to? --out MODEL".into()));
    }
    let file = Path::new(file);
    let out = Path::new(arguments.filled("out")?);
    let vocabulary = if arguments.has("vocabulary") {
        Some(read_vocabulary(Path::new(arguments.filled("vocabulary")?))?)
    } else {
        None
    };
    let bytes = read_file(file).map_err(|error| Failure::at(file.display(), error))?;
    let model = exchange::import(&bytes, vocabulary.as_deref());
    let model = model.map_err(|error| Failure::at(place(&error, arguments), error))?;
    refuse_existing(out, arguments.has("force"))?;
    checkpoint::save(&model, out).map_err(|error| Failure::at(out.display(), error))?;
    print_digest(&model.state.rnn.parameters)
}

fn read_vocabulary(path: &Path) -> Result<String, Failure> {
    let bytes = read_file(path).map_err(|error| Failure::at(path.display(), error))?;
    String::from_utf8(bytes).map_err(|error| {
        let byte = error.utf8_error().valid_up_to() as u64;
        Failure::at(path.display(), TextError::InvalidUtf8 { byte })
    })
}

/// The file that an error is about.
fn place(error: &ExchangeError, arguments: &Arguments) -> String {
    let is_of_vocabulary = matches!(error, ExchangeError::Vocabulary(_));
    let place = if is_of_vocabulary && arguments.has("vocabulary") {
        arguments.value("vocabulary")
    } else {
        arguments.first().unwrap_or_default()
    };
    place.to_string_lossy().into_owned()
}
