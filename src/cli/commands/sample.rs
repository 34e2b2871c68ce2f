//! `elman sample`: writes text with a trained model.

use crate::cli::command_line::arguments::{Arguments, OptionSpec};
use crate::cli::command_line::command::Command;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::options::{initial_state, start_option};
use crate::cli::run::inputs::{TextSource, open_text, read_model};
use crate::cli::terminal::flow::Flow;
use elman::inference::{Sampling, Writer};
use elman::internals::decoder::byte_order_mark;
use elman::text::{Symbols, TextError, UnknownCharacters};
use elman::{Model, Vocabulary};
use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsStr;
use std::io::{self, Read as _, Write as _};

/// The command.
pub const COMMAND: Command = Command {
    name: "sample",
    takes: "MODEL",
    limit: 1,
    summary: "generate text with a trained model",
    details: "\
MODEL is a model file, or the folder of a run: then its best model is used. Without
--prime the first input is the first character of the training text, which is not
printed.",
    examples: &[
        "elman sample elman-run --prime \"The ferry\" --temperature 0.7",
        "elman sample elman-run --top-p 0.9 --until . --count 5",
    ],
    more: "\
A model that was trained with --documents writes one document and stops.
--temperature is applied first, then --top-k, then --top-p. --top-p X keeps the most
likely characters until their probabilities add up to X (nucleus sampling). The seeds
of --count samples are SEED, SEED + 1 and so on.

--start chooses the initial hidden state: zero, or carried, which is the state that
was saved with the model. The default is carried. It is zero if the model was imported,
or trained with --documents or in a random --order. A document always begins with
zero.",
    options: || {
        let temperature = "below 1: less random; 0: always the most likely";
        vec![
            OptionSpec::new("length", "N", "maximum number of characters; 0: no limit").or("1000"),
            OptionSpec::new("seed", "N", "seed of the random numbers (the model's seed)"),
            OptionSpec::new("prime", "TEXT", "text to begin with; it is printed too"),
            OptionSpec::new("prime-file", "FILE", "the same from a file; - is standard input"),
            start_option(),
            OptionSpec::new("until", "TEXT", "stop after this text"),
            OptionSpec::new("count", "N", "number of samples").or("1"),
            OptionSpec::new("temperature", "X", temperature).or("1"),
            OptionSpec::new("top-k", "N", "draw only from the N most likely characters"),
            OptionSpec::new("top-p", "X", "draw from the smallest set with total probability X")
                .or("1"),
            OptionSpec::help(),
        ]
    },
    run,
};

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let sampling = sampling(arguments)?;
    let length = match arguments.count("length")? {
        0 => usize::MAX,
        length => length,
    };
    let count: u64 = arguments.positive("count")?;
    let seed = arguments.has("seed").then(|| arguments.count("seed")).transpose()?;
    let until = arguments.has("until").then(|| arguments.filled("until")).transpose()?;
    let until = until.map_or(Ok(""), |_| arguments.text("until"))?;
    let prime = arguments.text("prime")?;
    if arguments.has("prime") && arguments.has("prime-file") {
        return Err(Failure::Usage("--prime and --prime-file: use only one of them".into()));
    }

    let model = read_model(arguments.first())?;
    let until = model.vocabulary().encode(until).map_err(|error| {
        let hint = newline_hint(until, model.vocabulary());
        Failure::at("--until", format!("{error}{hint}"))
    })?;
    let newline = model.newline();
    if count > 1 && length == usize::MAX && until.is_empty() && newline.is_none() {
        return Err(Failure::Usage(format!(
            "--count {count}: the first sample would never end: add --until, or a --length above 0"
        )));
    }
    let prime = if arguments.has("prime-file") {
        Prime::read(arguments.filled("prime-file")?, model.vocabulary().symbols())?
    } else {
        Prime { place: "--prime".to_string(), is_file: false, bytes: prime.into() }
    };
    let h0 = model.hidden_state(initial_state(arguments, &model));
    let fail = |error: elman::Error| Failure::Failed(error.to_string());
    let mut writer = writer(&model, &h0, sampling).map_err(fail)?;
    for symbol in prime.symbols(model.vocabulary())? {
        let index = model.vocabulary().index(symbol).unwrap_or_default();
        writer.read(index).map_err(|error| fail(error.into()))?;
    }
    let sample = Sample { prime: &prime.bytes, writer, length, until };
    let seed: u64 = seed.unwrap_or(model.settings().seed);
    let mut output = Flow::new();
    for i in 0..count {
        // Documents stand one on a line, other texts apart.
        let between = if i > 0 && newline.is_none() { "\n" } else { "" };
        (output.write_all(between.as_bytes()))
            .and_then(|()| sample.write(seed.wrapping_add(i), &mut output))
            .map_err(Failure::output)?;
    }
    output.flush().map_err(Failure::output)
}

/// A writer that stands before a sample.
fn writer<'a>(
    model: &'a Model,
    h0: &[f64],
    sampling: Sampling,
) -> Result<Writer<&'a Model>, elman::Error> {
    Ok(Writer::new(model)?.starting_from(h0)?.sampling(sampling)?)
}

/// What every sample has in common.
struct Sample<'a> {
    prime: &'a [u8],
    /// It has read the prime.
    writer: Writer<&'a Model>,
    length: usize,
    until: Vec<usize>,
}

impl Sample<'_> {
    /// Writes characters until there are enough, a document ends, or what was written ends with `until`.
    fn write(&self, seed: u64, output: &mut Flow) -> io::Result<()> {
        output.write_all(self.prime)?;
        let model = self.writer.model();
        let newline = model.newline();
        let mut tail = VecDeque::new();
        let characters = self.writer.clone().seed(seed).indices();
        for character in characters.take(self.length) {
            if Some(character) == newline {
                break;
            }
            model.vocabulary().write(character, output)?;
            if self.until.is_empty() {
                continue;
            }
            if tail.len() == self.until.len() {
                tail.pop_front();
            }
            tail.push_back(character);
            if tail.iter().eq(&self.until) {
                break;
            }
        }
        output.write_all(b"\n")
    }
}

fn sampling(arguments: &Arguments) -> Result<Sampling, Failure> {
    let everything = Sampling::default();
    let sampling = Sampling {
        temperature: arguments.number("temperature")?,
        top_k: if arguments.has("top-k") { arguments.count("top-k")? } else { everything.top_k },
        top_p: arguments.number("top-p")?,
    };
    sampling.check().map_err(|error| {
        let option = error.name.replace('_', "-");
        Failure::of_option(arguments.quoted(&option), format!("must be {}", error.need))
    })?;
    Ok(sampling)
}

/// The text to begin with.
struct Prime {
    /// The option, or the file, for messages.
    place: String,
    is_file: bool,
    /// In UTF-8, if the model has characters.
    bytes: Vec<u8>,
}

impl Prime {
    /// Reads a file; a byte-order mark is left out as in training.
    fn read(path: &OsStr, symbols: Symbols) -> Result<Self, Failure> {
        let place = TextSource::named(Some(path)).place;
        let mut bytes = Vec::new();
        open_text(path)
            .and_then(|mut text| text.read_to_end(&mut bytes))
            .map_err(|error| Failure::at(&place, error))?;
        if symbols == Symbols::Characters
            && let Err(error) = str::from_utf8(&bytes)
        {
            let byte = error.valid_up_to() as u64;
            return Err(Failure::at(&place, TextError::InvalidUtf8 { byte }));
        }
        bytes.drain(..byte_order_mark(symbols, &bytes));
        Ok(Prime { place, is_file: true, bytes })
    }

    /// Its symbols, all of them in the vocabulary.
    fn symbols<'a>(
        &'a self,
        vocabulary: &'a Vocabulary,
    ) -> Result<impl Iterator<Item = char> + Clone + 'a, Failure> {
        let (text, bytes) = match vocabulary.symbols() {
            Symbols::Bytes => ("", &self.bytes[..]),
            Symbols::Characters => (str::from_utf8(&self.bytes).unwrap_or_default(), &[][..]),
        };
        let symbols = (text.chars()).chain(bytes.iter().map(|&byte| char::from(byte)));
        let lacks = |c: &char| vocabulary.index(*c).is_none();
        let unknown: BTreeSet<char> = symbols.clone().filter(lacks).collect();
        if unknown.is_empty() {
            return Ok(symbols);
        }
        let known = symbols.take_while(|c| !lacks(c));
        let place = match (self.is_file, vocabulary.symbols()) {
            (false, _) => self.place.clone(),
            (true, Symbols::Bytes) => format!("{}: byte {}", self.place, known.count()),
            (true, Symbols::Characters) => {
                let next =
                    |(line, column), c| if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
                let (line, column) = known.fold((1, 1), next);
                format!("{}: line {line}, column {column}", self.place)
            }
        };
        let unknown = UnknownCharacters {
            symbols: vocabulary.symbols(),
            characters: unknown.into_iter().collect(),
        };
        let hint = if self.is_file { "" } else { newline_hint(text, vocabulary) };
        let or = match hint {
            "" => "; elman show MODEL prints the vocabulary",
            _ => "; or put the text in a file for --prime-file",
        };
        Err(Failure::at(place, format!("{unknown}{hint}{or}")))
    }
}

/// How to give a newline, where a text has a backslash and an n instead, and the vocabulary no backslash.
fn newline_hint(text: &str, vocabulary: &Vocabulary) -> &'static str {
    let is_meant = text.contains("\\n") && vocabulary.index('\\').is_none();
    if is_meant && vocabulary.index('\n').is_some() {
        "; for a newline write $'\\n' in bash and zsh, \"`n\" in PowerShell"
    } else {
        ""
    }
}
