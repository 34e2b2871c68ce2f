//! `elman score`: measures the cross-entropy of a text, whole or line by line.

use crate::cli::command_line::arguments::{Arguments, OptionSpec};
use crate::cli::command_line::command::Command;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::options::{
    MOST_THREADS, cores, initial_state, start_option, threads, threads_option,
};
use crate::cli::format::thousands;
use crate::cli::run::inputs::{TextSource, open_text, read_model};
use crate::cli::run::text_warnings::{self, Reading};
use crate::cli::terminal::flow::Flow;
use crate::cli::terminal::output::one_line;
use crate::cli::terminal::progress::Progress;
use elman::Level;
use elman::inference::{Score, ScoreBy, Scored, TextScorer, WorstCharacter, bits_of_unknown};
use elman::internals::json::{Json, object};
use elman::text::Symbols;
use std::ffi::OsStr;
use std::io::{self, IsTerminal as _, Write as _};
use std::ops::ControlFlow;

/// The command.
pub const COMMAND: Command = Command {
    name: "score",
    takes: "MODEL [FILE...]",
    limit: usize::MAX,
    summary: "measure the cross-entropy of a text or its lines",
    details: "\
MODEL is a model file, or the folder of a run: then its best model is used. Without
a FILE, or if FILE is -, standard input is read. The score is the cross-entropy in
bits per character: the lower, the better the model predicts the text. A line is
scored by itself, as if it came after a newline, and printed as soon as it is read. A
character that is not in the vocabulary counts as 20.08 bits, a byte as 8 bits. With
--threshold the exit status is 3 if any line is above it, else 0.",
    examples: &[
        "elman score elman-run book.txt",
        "elman score elman-run --per-line --csv names.txt >scores.csv",
        "elman score log-run access.log --threshold 3",
    ],
    more: "\
The worst character is the one with the most bits: the one that the model expected
least. Positions count from 1.

--start chooses the initial hidden state of the text or of every line: zero, or
carried, which is the state that was saved with the model. The default is carried. It
is zero if the model was imported, or trained with --documents or in a random --order.
A document always begins with zero.

Any file can be scored. A sequence of bytes that is not UTF-8 counts as one character
that is not in the vocabulary. If it is the worst character, its bytes are shown, in
CSV and JSON too: \\xff, or \\xe2\\x82. Any other worst character in CSV and JSON is
a single character. A model that was trained with --bytes reads bytes, not UTF-8.",
    options: || {
        vec![
            OptionSpec::switch("per-line", "score every line, instead of the whole text"),
            OptionSpec::new("threshold", "X", "print only lines above X bits per character"),
            OptionSpec::switch("csv", "print CSV"),
            OptionSpec::switch("jsonl", "print one JSON object per line"),
            OptionSpec::switch("carry", "keep the hidden state from line to line").seldom(),
            start_option().seldom(),
            threads_option().seldom(),
            OptionSpec::help(),
        ]
    },
    run,
};

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (extent, threshold) = extent(arguments)?;
    let threads = threads(arguments)?.unwrap_or_else(|| cores().min(MOST_THREADS));
    let form = match (arguments.has("csv"), arguments.has("jsonl")) {
        (true, true) => {
            return Err(Failure::Usage("--csv and --jsonl: use only one of them".into()));
        }
        (true, false) => Form::Csv,
        (false, true) => Form::Jsonl,
        (false, false) => Form::Text,
    };
    let files = arguments.all().iter().skip(1).map(|file| file.as_os_str());
    let mut files: Vec<&OsStr> = files.collect();
    if files.is_empty() {
        files.push("-".as_ref());
    }
    let names_files = files.len() > 1;
    let model = read_model(arguments.first())?;
    if files.contains(&OsStr::new("-")) && io::stdin().is_terminal() {
        Progress::new(false)
            .say("reading from the keyboard: end the text with Ctrl-D, on Windows with Ctrl-Z");
    }
    let mut output = Flow::new();
    if form == Form::Csv {
        let file = if names_files { "file," } else { "" };
        writeln!(output, "{file}{}", COLUMNS.join(",")).map_err(Failure::output)?;
    }
    let h0 = model.hidden_state(initial_state(arguments, &model));
    let symbols = model.vocabulary().symbols();
    let by_lines = extent != ScoreBy::Text || form == Form::Jsonl || model.newline().is_some();
    let is_unknown = !by_lines && model.vocabulary().index('\r').is_none();
    let unknown = "is not in the vocabulary";
    let reading = Reading { symbols, by_lines, returns: is_unknown.then_some(unknown) };
    let mut found = false;
    for file in files {
        let name = names_files.then(|| file.to_string_lossy().into_owned());
        let mut sheet = Sheet { extent, threshold, form, reading, file: name, rows: 0 };
        let scorer = TextScorer::new(&model, extent)
            .and_then(|scorer| scorer.starting_from(&h0))
            .map_err(|error| Failure::Failed(error.to_string()))?
            .on(Level::chosen(), threads);
        let scored = score(scorer, file, &mut sheet, &mut output);
        found |= threshold.is_some() && sheet.rows > 0;
        match scored {
            // What was found counts whether or not it is read.
            Err(Failure::Closed) if found => return Err(Failure::Found),
            scored => scored?,
        }
    }
    output.flush().map_err(Failure::output)?;
    if found { Err(Failure::Found) } else { Ok(()) }
}

const COLUMNS: [&str; 6] =
    ["line", "bits", "characters", "bits_per_character", "worst_character", "worst_position"];

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Text,
    Csv,
    Jsonl,
}

/// What is scored, and the threshold of lines.
fn extent(arguments: &Arguments) -> Result<(ScoreBy, Option<f64>), Failure> {
    let threshold =
        arguments.has("threshold").then(|| arguments.number("threshold")).transpose()?;
    if threshold.is_some_and(|threshold| threshold.is_nan() || threshold < 0.0) {
        let place = arguments.quoted("threshold");
        return Err(Failure::of_option(place, "must be a number of at least 0"));
    }
    let carry = arguments.has("carry");
    if arguments.has("per-line") || threshold.is_some() {
        Ok((ScoreBy::Lines { carry }, threshold))
    } else if carry {
        Err(Failure::Usage("--carry: can only be used with --per-line or --threshold".into()))
    } else {
        Ok((ScoreBy::Text, None))
    }
}

/// The bytes after which it is said what is probably not meant in a text, if its end does not come before.
const ENOUGH: u64 = 1 << 20;

/// Scores one text, and prints each row as soon as it is known.
fn score(
    mut scorer: TextScorer<&elman::Model>,
    file: &OsStr,
    sheet: &mut Sheet,
    output: &mut Flow,
) -> Result<(), Failure> {
    let place = &TextSource::named(Some(file)).place;
    let mut input = open_text(file).map_err(|error| Failure::at(place, error))?;
    let mut has_warned = false;
    loop {
        let mut printed = Ok(());
        let read = scorer.read(&mut input, &mut |row| {
            printed = sheet.print(row, place, output);
            if printed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        let flushed = output.flush().map_err(Failure::output);
        printed.and(flushed)?;
        let line = scorer.line();
        let read = read.map_err(|error| Failure::at(place, format!("line {line}: {error}")))?;
        let more = read == elman::inference::Reading::More;
        if !has_warned && (!more || scorer.form().bytes >= ENOUGH) {
            has_warned = true;
            if let Some(warning) = text_warnings::of_form(place, scorer.form(), sheet.reading) {
                Progress::new(false).warn(&warning);
            }
        }
        if !more {
            return Ok(());
        }
    }
}

/// The rows of one text, and how they are printed.
struct Sheet {
    extent: ScoreBy,
    threshold: Option<f64>,
    form: Form,
    reading: Reading,
    /// The text's name, if there are several.
    file: Option<String>,
    /// The rows printed so far.
    rows: u64,
}

impl Sheet {
    fn print(&mut self, row: Scored<'_>, place: &str, output: &mut Flow) -> Result<(), Failure> {
        if !row.score.bits.is_finite() {
            let line = row.line.map_or(String::new(), |line| format!("line {line}: "));
            let problem =
                format!("{line}the score is not finite: the weights of the model are too large");
            return Err(Failure::at(place, problem));
        }
        let above = |threshold| row.score.bits_per_character() > Some(threshold);
        if !self.threshold.is_none_or(above) {
            return Ok(());
        }
        let lines = match self.form {
            Form::Csv => {
                let fields = self.fields(row).into_iter().map(|(_, field)| csv_field(field));
                fields.collect::<Vec<_>>().join(",") + "\n"
            }
            Form::Jsonl => format!("{}\n", object(self.fields(row))),
            Form::Text => self.heading() + &self.words(row),
        };
        self.rows += 1;
        output.write_all(lines.as_bytes()).map_err(Failure::output)
    }

    /// The columns with their names.
    fn fields(&self, Scored { line, score, .. }: Scored<'_>) -> Vec<(&'static str, Json)> {
        let worst = score.worst.map(|worst| match worst.invalid {
            Some(invalid) => invalid.to_string(),
            None => worst.character.to_string(),
        });
        let fields = [
            line.into(),
            score.bits.into(),
            score.characters.into(),
            score.bits_per_character().into(),
            worst.into(),
            score.worst.map(|worst| worst.position).into(),
        ];
        let file = self.file.iter().map(|file| ("file", file.as_str().into()));
        file.chain(COLUMNS.into_iter().zip(fields)).collect()
    }

    /// Before the first row.
    fn heading(&self) -> String {
        if self.rows > 0 {
            return String::new();
        }
        let file = self.file.as_ref().map_or(String::new(), |file| one_line(file) + "\n");
        let symbol = one_of(self.reading.symbols);
        let per = format!("bits/{symbol}");
        let columns = match (self.extent, self.threshold) {
            (ScoreBy::Text, _) => return file,
            (_, None) => format!(
                "{:>9}  {per:>14}  {:>14}  {:>10}  worst {symbol}\n",
                "line",
                "bits",
                self.reading.symbols.name()
            ),
            (_, Some(_)) => format!("{:>9}  {per:>14}  {:<14}  text\n", "line", "worst"),
        };
        file + &columns
    }

    fn words(&self, row: Scored<'_>) -> String {
        let score = row.score;
        let Some(line) = row.line else {
            return self.summary(&score);
        };
        let per = score.bits_per_character();
        let per = per.map_or("-".to_string(), |bits| format!("{bits:.3}"));
        let worst = score.worst.map(|worst| self.place(worst));
        let worst = worst.unwrap_or("-".to_string());
        match self.threshold {
            None => {
                let (bits, characters) = (decimals(score.bits), thousands(score.characters));
                format!("{line:>9}  {per:>14}  {bits:>14}  {characters:>10}  {worst}\n")
            }
            Some(_) => {
                let cut = if row.is_cut { " [...]" } else { "" };
                format!("{line:>9}  {per:>14}  {worst:<14}  {}{cut}\n", readable(row.text))
            }
        }
    }

    fn summary(&self, score: &Score) -> String {
        let symbol = one_of(self.reading.symbols);
        let per = match score.bits_per_character() {
            Some(bits) => format!("{bits:.4}"),
            None => format!("- (there is no {symbol} to predict)"),
        };
        let mut rows = vec![
            (format!("bits per {symbol}"), per),
            ("bits".to_string(), decimals(score.bits)),
            (self.reading.symbols.name().to_string(), thousands(score.characters)),
        ];
        if score.unknown > 0 {
            let unknown = format!(
                "{} of them are not in the vocabulary: {:.2} bits each",
                thousands(score.unknown),
                bits_of_unknown(self.reading.symbols)
            );
            rows.push(("unknown".to_string(), unknown));
        }
        if let Some(worst) = score.worst {
            let words = format!("{}: {:.2} bits", self.place(worst), worst.bits);
            rows.push((format!("worst {symbol}"), words));
        }
        let rows = rows.iter().map(|(name, value)| format!("{name:<20}{value}\n"));
        rows.collect()
    }

    fn place(&self, worst: WorstCharacter) -> String {
        let position = thousands(worst.position);
        if let Some(invalid) = worst.invalid {
            return format!("{invalid} at {position}");
        }
        match (self.reading.symbols, worst.character) {
            (Symbols::Bytes, byte) => format!("0x{:02x} at {position}", u32::from(byte)),
            (_, '\'') => format!("\"'\" at {position}"),
            (_, character) => format!("{character:?} at {position}"),
        }
    }
}

/// A field by RFC 4180: a text is quoted where it has to be, or where it could be mistaken for space around a field.
/// A number stands as in JSON, and nothing is an empty field.
fn csv_field(field: Json) -> String {
    let plain = |c: char| !(c == ',' || c == '"' || c.is_whitespace() || c.is_control());
    match field {
        Json::Null => String::new(),
        Json::String(text) if text.chars().all(plain) => text,
        Json::String(text) => format!("\"{}\"", text.replace('"', "\"\"")),
        number => number.to_string(),
    }
}

fn one_of(symbols: Symbols) -> &'static str {
    match symbols {
        Symbols::Characters => "character",
        Symbols::Bytes => "byte",
    }
}

/// One decimal, and separators: 1,234,567.8.
fn decimals(number: f64) -> String {
    let shown = format!("{number:.1}");
    let (whole, fraction) = shown.split_once('.').unwrap_or((&shown, "0"));
    match whole.parse() {
        Ok(whole) => format!("{}.{fraction}", thousands(whole)),
        Err(_) => shown,
    }
}

/// A line as a terminal may show it, UTF-8 or not.
fn readable(line: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in line.utf8_chunks() {
        shown += &one_line(chunk.valid());
        for byte in chunk.invalid() {
            shown += &format!("\\x{byte:02x}");
        }
    }
    shown
}
