//! `elman import`: makes a model of weights from other programs.

use crate::cli::command_line::arguments::{Arguments, OptionSpec};
use crate::cli::command_line::command::Command;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::words;
use crate::cli::run::folder::BEST;
use crate::cli::run::inputs::{STANDARD, place_of, read_file, refuse_existing};
use crate::cli::terminal::output::{print_digest, print_weights};
use crate::cli::terminal::progress::Progress;
use elman::files::FileError;
use elman::internals::checkpoint;
use elman::internals::exchange;
use elman::internals::names::quoted;
use elman::text::TextError;
use std::path::Path;

/// The command.
pub const COMMAND: Command = Command {
    name: "import",
    takes: "FILE --out MODEL",
    limit: 1,
    summary: "make a model file from PyTorch or NumPy weights",
    details: "\
FILE is a safetensors file with one torch.nn.RNN (tanh, one layer) or RNNCell
and one torch.nn.Linear, or a file of numpy.savez, safetensors or JSON with U, W,
V, b and c. The format is recognised by the content, not by the name.

A file of `elman export` contains its vocabulary. For another file, --vocabulary
names a UTF-8 file with the K characters in the order of their indices, and nothing
else: a line break in it is a character too.",
    examples: &[
        "elman import weights.safetensors --out imported",
        "elman import rnn.safetensors --vocabulary chars.txt --out imported",
    ],
    more: "\
The layers of PyTorch may have any names. If the RNN has two biases, b is their
sum. Wxh, Whh, Why, bh and by are other names of U, W, V, b and c. Biases may be
rows or columns. Numbers are F64, F32, F16 or BF16. Other arrays are ignored, and
named on standard error.

The last line of the output is the digest of the weights, as `elman show` prints
it. If FILE is -, standard input is read. If MODEL is -, the model goes to standard
output, and the digest to standard error.",
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
    let file = file.ok_or_else(|| Failure::Usage("which file? name a file with weights".into()))?;
    if !arguments.has("out") {
        return Err(Failure::Usage("which output file? add --out MODEL".into()));
    }
    let file = Path::new(file);
    let out = Path::new(arguments.filled("out")?);
    let bytes = read_weights(file)?;
    let vocabulary = arguments.has("vocabulary").then(|| arguments.filled("vocabulary"));
    let vocabulary = vocabulary.transpose()?.map(|path| read_vocabulary(Path::new(path)));
    let vocabulary = vocabulary.transpose()?;
    let imported = exchange::import_telling(&bytes, vocabulary.as_deref());
    let (model, ignored) =
        imported.map_err(|error| Failure::at(place(&error, arguments), words::of_file(&error)))?;
    if !ignored.is_empty() {
        let line = format!("{}: {}", place_of(file.as_os_str()), not_needed(&ignored));
        Progress::new(false).warn(&line);
    }
    if out == Path::new(STANDARD) {
        let file = checkpoint::to_bytes(&model);
        let file = file.map_err(|error| Failure::Failed(words::of_file(&error)))?;
        return print_weights(&file, model.parameters());
    }
    refuse_existing(out, arguments.has("force"))?;
    let saved = checkpoint::save(&model, out);
    saved.map_err(|error| Failure::at(out.display(), words::of_file(&error)))?;
    print_digest(model.parameters())
}

/// The line about arrays that are no part of the model.
fn not_needed(names: &[String]) -> String {
    const FEW: usize = 5;
    const LONGEST: usize = 40;
    let few: Vec<String> = names.iter().take(FEW).map(|name| quoted(name, LONGEST)).collect();
    let more = match names.len().saturating_sub(FEW) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("ignored {}{more}: not part of the model", few.join(", "))
}

fn read_weights(path: &Path) -> Result<Vec<u8>, Failure> {
    if path != Path::new(STANDARD) && path.join(BEST).is_file() {
        let problem = "the folder of a run, not weights from another program: the other commands read it without import";
        return Err(Failure::at(path.display(), problem));
    }
    read_file(path).map_err(|error| Failure::at(place_of(path.as_os_str()), error))
}

fn read_vocabulary(path: &Path) -> Result<String, Failure> {
    let place = place_of(path.as_os_str());
    let bytes = read_file(path).map_err(|error| Failure::at(&place, error))?;
    String::from_utf8(bytes).map_err(|error| {
        let byte = error.utf8_error().valid_up_to() as u64;
        Failure::at(&place, TextError::InvalidUtf8 { byte })
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
    place_of(place)
}
