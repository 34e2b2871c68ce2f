//! `elman sample`: writes text with a trained model.

use crate::cli::command_line::arguments::{Arguments, Choice};
use crate::cli::command_line::failure::Failure;
use crate::cli::run::inputs::{TextSource, open_text, read_model};
use crate::cli::terminal::flow::Flow;
use elman::inference::{Sampling, Synthesizer};
use elman::internals::decoder::byte_order_mark;
use elman::text::{Symbols, TextError, UnknownCharacters};
use elman::{Model, Vocabulary};
use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsStr;
use std::io::{self, Read as _, Write as _};

/// The help's words.
pub const DETAILS: &str = "\
MODEL is a model file or the folder of a run (its best model). Without a prime
the text begins as the final passage of `elman train` does; a model of documents
writes one, from start to end. --temperature comes first; then --top-k keeps
some characters, and --top-p some of these. Sample i of --count has SEED + i.";

/// Calls.
pub const EXAMPLES: &[&str] = &[
    "elman sample elman-run --prime \"The ferry\" --temperature 0.7",
    "elman sample elman-run --top-p 0.9 --until . --count 5",
];

/// Its options.
pub fn options() -> Vec<Choice> {
    vec![
        Choice::new("length", "N", "characters to write at most; 0: without end").or("1000"),
        Choice::new("seed", "N", "where the random numbers come from (the model's)"),
        Choice::new("prime", "TEXT", "text to begin with; it is written too"),
        Choice::new("prime-file", "FILE", "the same from a file, as it is; - is standard input"),
        Choice::new("until", "TEXT", "stop where the text ends with this"),
        Choice::new("count", "N", "samples to write, each with its own seed").or("1"),
        Choice::new("temperature", "X", "below 1 bolder, above 1 wilder; 0: the likeliest").or("1"),
        Choice::new("top-k", "N", "draw from the N likeliest characters only"),
        Choice::new("top-p", "X", "draw from the likeliest that together have X").or("1"),
        Choice::help(),
    ]
}

/// Runs it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let sampling = sampling(arguments)?;
    let length = match arguments.count("length")? {
        0 => usize::MAX,
        length => length,
    };
    let count: u64 = arguments.positive("count")?;
    let seed = if arguments.has("seed") { Some(arguments.count("seed")?) } else { None };
    let until = if arguments.has("until") {
        arguments.filled("until").and(arguments.text("until"))?
    } else {
        ""
    };
    let prime = arguments.text("prime")?;
    if arguments.has("prime") && arguments.has("prime-file") {
        return Err(Failure::Usage("--prime and --prime-file: give one of them".into()));
    }

    let model = read_model(arguments.first())?;
    let until = (model.vocabulary.encode(until)).map_err(|error| Failure::at("--until", error))?;
    let newline = model.newline();
    if count > 1 && length == usize::MAX && until.is_empty() && newline.is_none() {
        return Err(Failure::Usage(format!(
            "--count {count}: the first sample has no end: give it a --length, or --until"
        )));
    }
    let prime = if arguments.has("prime-file") {
        Prime::read(arguments.filled("prime-file")?, model.vocabulary.symbols())?
    } else {
        Prime::given(prime)
    };
    let mut synthesizer = Synthesizer::at_start(&model, sampling);
    let last = read_prime(&mut synthesizer, &model, &prime)?;
    let sample = Sample { model: &model, prime: prime.text(), synthesizer, last, length, until };
    let seed: u64 = seed.unwrap_or(model.settings.seed);
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

/// What every sample has in common.
struct Sample<'a> {
    model: &'a Model,
    prime: &'a [u8],
    /// It has read all of the prime but its last character.
    synthesizer: Synthesizer<'a>,
    last: usize,
    length: usize,
    until: Vec<usize>,
}

impl Sample<'_> {
    /// Writes characters until there are enough, a document ends, or what was written ends with `until`.
    fn write(&self, seed: u64, output: &mut Flow) -> io::Result<()> {
        output.write_all(self.prime)?;
        let newline = self.model.newline();
        let mut tail = VecDeque::new();
        let characters = self.synthesizer.clone().passage(self.last, seed);
        for character in characters.take(self.length) {
            if Some(character) == newline {
                break;
            }
            self.model.vocabulary.write(character, output)?;
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
        Failure::at(arguments.quoted(error.name), format!("must be {}", error.need))
    })?;
    Ok(sampling)
}

/// What is read before anything is written.
struct Prime {
    /// For messages: the option, or the file.
    place: String,
    is_file: bool,
    bytes: Vec<u8>,
    /// Bytes of a byte-order mark, which is left out as in training.
    start: usize,
}

impl Prime {
    fn given(text: &str) -> Self {
        Prime { place: "--prime".to_string(), is_file: false, bytes: text.into(), start: 0 }
    }

    fn read(path: &OsStr, symbols: Symbols) -> Result<Self, Failure> {
        let place = TextSource::named(Some(path)).text().place;
        let mut bytes = Vec::new();
        open_text(path)
            .and_then(|mut text| text.read_to_end(&mut bytes))
            .map_err(|error| Failure::at(&place, error))?;
        Ok(Prime { place, is_file: true, start: byte_order_mark(symbols, &bytes), bytes })
    }

    fn text(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Its symbols, all of them in the vocabulary.
    fn symbols<'a>(
        &'a self,
        vocabulary: &'a Vocabulary,
    ) -> Result<impl Iterator<Item = char> + Clone + 'a, Failure> {
        let (text, bytes) = match vocabulary.symbols() {
            Symbols::Bytes => ("", self.text()),
            Symbols::Characters => match std::str::from_utf8(self.text()) {
                Ok(text) => (text, &[][..]),
                Err(error) => {
                    let byte = (self.start + error.valid_up_to()) as u64;
                    return Err(Failure::at(&self.place, TextError::InvalidUtf8 { byte }));
                }
            },
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
                let (line, column) = known.fold((1, 1), |(line, column), c| match c {
                    '\n' => (line + 1, 1),
                    _ => (line, column + 1),
                });
                format!("{}: line {line}, column {column}", self.place)
            }
        };
        let unknown = UnknownCharacters {
            symbols: vocabulary.symbols(),
            characters: unknown.into_iter().collect(),
        };
        Err(Failure::at(place, unknown))
    }
}

/// Reads all before the text but the last character, which it returns. A document comes after a newline.
fn read_prime(
    synthesizer: &mut Synthesizer,
    model: &Model,
    prime: &Prime,
) -> Result<usize, Failure> {
    let symbols = prime.symbols(&model.vocabulary)?;
    let indices = symbols.filter_map(|symbol| model.vocabulary.index(symbol));
    let mut read = model.newline().into_iter().chain(indices);
    let mut last = read.next().unwrap_or(model.start());
    for character in read {
        synthesizer.step(last);
        last = character;
    }
    Ok(last)
}
