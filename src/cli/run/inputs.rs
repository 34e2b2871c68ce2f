//! Reading what the command line names: texts and models.

use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::words;
use crate::cli::run::file_kind::kind_of;
use crate::cli::run::folder::{BEST, no_run};
use crate::cli::run::text_warnings;
use crate::cli::terminal::progress::Progress;
use elman::internals::checkpoint;
use elman::internals::sniff::Sniffed;
use elman::text::Input;
use elman::{Corpus, Model, Plan, Settings, TextError, TrainingError};
use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::fs::{self, File, Metadata};
use std::io::{self, Cursor, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What stands for standard input, and for standard output where a file is written.
pub const STANDARD: &str = "-";
/// The name of standard input in messages.
const INPUT: &str = "standard input";

/// The text of a command.
#[derive(Clone, Debug)]
pub struct TextSource {
    /// The file's name, for titles.
    pub name: String,
    /// The file as the command line names it, for messages.
    pub place: String,
    /// The text as an argument of a command, with a space before it: nothing for the built-in story.
    pub argument: String,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    /// A file, or standard input for `-`.
    File(OsString),
    Memory(Arc<[u8]>),
}

impl TextSource {
    /// The text that the command line names; the built-in story if it names none.
    pub fn named(argument: Option<&OsStr>) -> Self {
        let (name, place, content) = match argument {
            None => {
                let name = "the built-in story".as_ref();
                (name, name, Content::Memory(elman::STORY.as_bytes().into()))
            }
            Some(path) => {
                let name = Path::new(path).file_name().unwrap_or(path);
                let (name, place) =
                    if path == STANDARD { (INPUT.as_ref(), INPUT.as_ref()) } else { (name, path) };
                (name, place, Content::File(path.into()))
            }
        };
        let words = |name: &OsStr| name.to_string_lossy().into_owned();
        let argument = argument.map_or(String::new(), |path| format!(" {}", words(path)));
        TextSource { name: words(name), place: words(place), argument, content }
    }

    /// The text as several runs can read it: standard input, and what is no regular file, is read into memory.
    pub fn for_several(mut self) -> io::Result<Self> {
        if let Content::File(path) = &self.content
            && (path == STANDARD || !Path::new(path).is_file())
        {
            let mut bytes = Vec::new();
            open_text(path)?.read_to_end(&mut bytes)?;
            self.content = Content::Memory(bytes.into());
        }
        Ok(self)
    }

    /// Opens the text, and tells how many bytes it has. A regular file is read as it is needed.
    fn open(&self) -> io::Result<(Box<dyn Input>, u64)> {
        match self.clone().for_several()?.content {
            Content::Memory(bytes) => {
                let length = bytes.len() as u64;
                Ok((Box::new(Cursor::new(bytes)), length))
            }
            Content::File(path) => {
                let file = File::open(path)?;
                let metadata = file.metadata()?;
                let length = metadata.len();
                Ok((Box::new(UnchangedFile { file, metadata }), length))
            }
        }
    }
}

/// The name of a file in messages.
pub fn place_of(path: &OsStr) -> String {
    if path == STANDARD { INPUT.into() } else { path.to_string_lossy().into_owned() }
}

/// Whether standard input is a pipe, or a file that is not empty.
#[cfg(unix)]
pub fn has_standard_input() -> bool {
    use std::os::{fd::AsFd as _, unix::fs::FileTypeExt as _};
    let input = io::stdin().as_fd().try_clone_to_owned();
    let metadata = input.and_then(|input| File::from(input).metadata());
    metadata.is_ok_and(|it| it.file_type().is_fifo() || it.is_file() && it.len() > 0)
}

/// Elsewhere it cannot be told.
#[cfg(not(unix))]
pub fn has_standard_input() -> bool {
    false
}

/// Standard input, of which a second reader would get nothing.
fn standard_input() -> io::Result<impl Read> {
    static IS_TAKEN: AtomicBool = AtomicBool::new(false);
    if IS_TAKEN.swap(true, Ordering::Relaxed) {
        return Err(io::Error::other("already read: - can be used for one file only"));
    }
    Ok(io::stdin().lock())
}

/// What is known of a file; every system has other words for one that does not exist.
fn metadata(path: &Path) -> io::Result<Metadata> {
    fs::metadata(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => io::Error::new(ErrorKind::NotFound, "there is no such file"),
        _ => error,
    })
}

/// Opens a text: a file, or standard input for `-`.
pub fn open_text(path: &OsStr) -> io::Result<Box<dyn Read>> {
    if path == STANDARD {
        return Ok(Box::new(standard_input()?));
    }
    if metadata(path.as_ref())?.is_dir() {
        return Err(io::Error::other("a folder, not a text"));
    }
    Ok(Box::new(File::open(path)?))
}

/// Reads a text from its start to its end, and shows the progress. Unless `quiet`, says what is probably not meant in it.
pub fn read_text(text: &TextSource, settings: &Settings, quiet: bool) -> Result<Corpus, Failure> {
    let place = &text.place;
    let (input, bytes) = text.open().map_err(|error| Failure::at(place, error))?;
    let mut progress = Progress::new(quiet);
    let corpus = Corpus::open(input, settings, |read| {
        progress.draw_reading(place, read, bytes);
    });
    progress.clear();
    let corpus = corpus.map_err(|error| match error {
        TextError::InvalidUtf8 { .. } => Failure::at(place, no_text(text, &error)),
        TextError::Setting(error) => Failure::Failed(words::of_training(&error.into())),
        error => Failure::at(place, error),
    })?;
    for warning in text_warnings::of_corpus(place, &corpus, settings) {
        progress.warn(&warning);
    }
    Ok(corpus)
}

/// The message about a text that is not UTF-8: it may be a file of another kind.
fn no_text(text: &TextSource, error: &TextError) -> String {
    let kind = match &text.content {
        Content::File(path) if path != STANDARD => kind_of(Path::new(path)),
        _ => Sniffed::Other,
    };
    match kind {
        Sniffed::SafeTensors => {
            "a safetensors file, not a text: use --from to start from a model, --resume to continue a run in its \
             folder; elman import makes a model file from weights"
        }
        Sniffed::Zip => "an .npz or another zip file, not a text: elman import makes a model file from weights, elman check --against \
             compares arrays",
        Sniffed::Utf16 => {
            "its byte-order mark is that of UTF-16 or UTF-32, not UTF-8: iconv -f UTF-16 -t UTF-8 OLD >NEW converts it"
        }
        Sniffed::Json | Sniffed::Other => {
            return format!("{error}, or read it as bytes with --bytes");
        }
    }
    .to_string()
}

/// The failure of a training with the text at `place`, with the argument to blame.
pub fn refused(error: TrainingError, place: &str, settings: Settings) -> Failure {
    let place = match error {
        TrainingError::TooFewHeldOut { .. } | TrainingError::TextTooShort { held_out: 1.., .. } => {
            format!("{place}: --validation {:?}", settings.validation)
        }
        TrainingError::TextTooShort { settings: ref read, .. } => match read.order.chunk() {
            Some(length) => format!("{place}: --chunk {length}"),
            None => place.to_string(),
        },
        TrainingError::Text(_) => place.to_string(),
        TrainingError::Shape(_) => format!("--hidden {}", settings.hidden),
        _ => return Failure::Failed(words::of_training(&error)),
    };
    Failure::at(place, words::of_training(&error))
}

/// A file that must not change while it is read: another text of the same characters would be learned unnoticed.
struct UnchangedFile {
    file: File,
    /// As it was when the file was opened.
    metadata: Metadata,
}

impl Read for UnchangedFile {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(bytes)?;
        let now = self.file.metadata()?;
        // Not every system has times.
        let times = now.modified().ok() == self.metadata.modified().ok();
        if times && now.len() == self.metadata.len() {
            Ok(count)
        } else {
            Err(io::Error::other("the text has changed since the run began: use the original text"))
        }
    }
}

impl Seek for UnchangedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// A model file that has been read.
pub struct ModelFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// What it holds.
    pub model: Model,
    /// The plan of its run, in the last state of one.
    pub plan: Option<Plan>,
}

/// The bytes of a file with weights or arrays, or of standard input for `-`; no device, which may have no end.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    if path == Path::new(STANDARD) {
        let mut bytes = Vec::new();
        standard_input()?.read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    if metadata(path)?.is_file() {
        fs::read(path)
    } else {
        Err(io::Error::other("not a regular file"))
    }
}

/// The model of a file, or the best one of a run's folder.
pub fn read_model(argument: Option<&OsStr>) -> Result<Model, Failure> {
    read_model_file(argument).map(|file| file.model)
}

/// A model file, or that of the best model in a run's folder, or standard input for `-`.
pub fn read_model_file(argument: Option<&OsStr>) -> Result<ModelFile, Failure> {
    let argument = argument
        .ok_or_else(|| Failure::Usage("which model? name a model file or a run's folder".into()))?;
    let mut path = PathBuf::from(argument);
    if argument != STANDARD && path.is_dir() {
        path.push(BEST);
        if !path.exists() {
            return Err(no_run(Path::new(argument), BEST));
        }
    }
    let fail = |error: &dyn Display| Failure::at(place_of(path.as_os_str()), error);
    let file = read_file(&path).map_err(|error| fail(&error))?;
    let read = checkpoint::of_bytes(&file);
    let (model, plan) = read.map_err(|error| fail(&words::of_file(&error)))?;
    Ok(ModelFile { bytes: file.len() as u64, path, model, plan })
}

/// Refuses `-` where a folder is needed.
pub fn refuse_standard(folder: &OsStr, option: &str) -> Result<(), Failure> {
    if folder != STANDARD {
        return Ok(());
    }
    let given = format!("{option} -");
    let problem = "a folder is needed, but - is standard input or output";
    Err(Failure::Usage(format!("{}: {problem}", given.trim_start())))
}

/// Refuses to write where there is something: a folder, or a file without `force`.
pub fn refuse_existing(path: &Path, force: bool) -> Result<(), Failure> {
    let problem = match path.symlink_metadata() {
        Ok(_) if path.is_dir() => "a folder, not a file",
        Ok(_) if !force => "already exists: choose another name, or replace it with --force",
        _ => return Ok(()),
    };
    Err(Failure::at(path.display(), problem))
}
