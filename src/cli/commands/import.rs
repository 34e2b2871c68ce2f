//! `elman import`: makes a model of weights from other programs.

use crate::cli::command_line::arguments::{Arguments, OptionSpec};
use crate::cli::command_line::command::Command;
use crate::cli::command_line::failure::Failure;
use crate::cli::run::inputs::{read_file, refuse_existing};
use crate::cli::terminal::output::print_digest;
use elman::files::FileError;
use elman::internals::checkpoint;
use elman::internals::exchange;
use elman::text::TextError;
use std::path::Path;

/// The command.
pub const COMMAND: Command = Command {
    name: "import",
    takes: "FILE --out MODEL",
    limit: 1,
    summary: "make a model file from PyTorch or NumPy weights",
    details: "\
FILE is a safetensors file with one torch.nn.RNN (tanh, one layer) and one
torch.nn.Linear, under any names, or a file of numpy.savez with U, W, V, b and c.
Its numbers are F64, F32, F16 or BF16. Its content decides which it is, not its
name. If the RNN has two biases, b is their sum.

A file of `elman export` contains its vocabulary. For another file, --vocabulary
names a UTF-8 file that holds the K characters in the order of their indices, and
nothing else: a line break in it is a character too.

The last line of the output is the digest of the weights, as `elman show` prints
it.",
    examples: &[
        "elman import weights.safetensors --out imported",
        "elman import rnn.safetensors --vocabulary chars.txt --out imported",
    ],
    more: "",
    options: || {
        vec![
            OptionSpec::new("vocabulary", "CHARS", "file with the characters (those in FILE)"),
            OptionSpec::new("out", "MODEL", "model file to write"),
            OptionSpec::switch("force", "replace MODEL if it exists"),
            OptionSpec::help(),
        ]
    },
    run,
};

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let file = arguments.first();
    let file = file.ok_or_else(|| Failure::Usage("which file? name one with weights".into()))?;
    if !arguments.has("out") {
        return Err(Failure::Usage("where to? --out MODEL".into()));
    }
    let file = Path::new(file);
    let out = Path::new(arguments.filled("out")?);
    let vocabulary = arguments.has("vocabulary").then(|| arguments.filled("vocabulary"));
    let vocabulary = vocabulary.transpose()?.map(|path| read_vocabulary(Path::new(path)));
    let vocabulary = vocabulary.transpose()?;
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
fn place(error: &FileError, arguments: &Arguments) -> String {
    let is_of_vocabulary = matches!(error, FileError::Vocabulary(_));
    let place = if is_of_vocabulary && arguments.has("vocabulary") {
        arguments.value("vocabulary")
    } else {
        arguments.first().unwrap_or_default()
    };
    place.to_string_lossy().into_owned()
}
