//! Reading what the command line names: texts and models.

use crate::cli::command_line::failure::Failure;
use crate::cli::run::folder::{BEST, folders_of_seeds};
use crate::cli::terminal::progress::Progress;
use elman::internals::checkpoint;
use elman::text::Input;
use elman::text::Symbols;
use elman::{Corpus, Model, Plan, Settings, TextError};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What to call a text.
pub struct Text {
    /// For titles: the file's name.
    pub name: String,
    /// For messages: the file as the command line names it.
    pub place: String,
}

/// The text of a file, of standard input for `-`, or the built-in one where none is named. Files stay where they
/// are and are read as they are needed.
pub fn read_text(
    argument: Option<&OsStr>,
    symbols: Symbols,
    settings: &Settings,
    quiet: bool,
) -> Result<(Text, Corpus), Failure> {
    let Text { name, place } = names(argument);
    let fail = |error: io::Error| Failure::at(&place, error);
    let (input, bytes) = open(argument).map_err(fail)?;
    let mut progress = Progress::new(quiet);
    let corpus = Corpus::open(input, symbols, settings, |read| {
        progress.draw_reading(&place, read, bytes);
    });
    progress.clear();
    let corpus = corpus.map_err(|error| {
        let advice = match error {
            TextError::InvalidUtf8(_) => ", or read it as bytes with --bytes",
            _ => "",
        };
        Failure::at(&place, format!("{error}{advice}"))
    })?;
    if corpus.has_byte_order_mark() && !quiet {
        progress.warn(&mark_is_left_out(&place));
    }
    Ok((Text { name, place }, corpus))
}

/// What is told of a text that does not begin with its first character.
pub fn mark_is_left_out(place: &str) -> String {
    format!("{place} begins with a byte-order mark, which is left out")
}

/// What to call the text that the command line names.
pub fn names(argument: Option<&OsStr>) -> Text {
    let (name, place): (&OsStr, &OsStr) = match argument {
        None => ("the built-in story".as_ref(), "the built-in story".as_ref()),
        Some(path) if path == "-" => ("standard input".as_ref(), "standard input".as_ref()),
        Some(path) => (Path::new(path).file_name().unwrap_or(path), path),
    };
    let words = |name: &OsStr| name.to_string_lossy().into_owned();
    Text {
        name: words(name),
        place: words(place),
    }
}

/// A file that is to stay what it was: other text of the same characters would be learned unnoticed.
struct Watched {
    file: File,
    /// Of when it was opened.
    metadata: Metadata,
}

impl Read for Watched {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(bytes)?;
        let now = self.file.metadata()?;
        // Not every system has times.
        let times = now.modified().ok() == self.metadata.modified().ok();
        if times && now.len() == self.metadata.len() {
            Ok(count)
        } else {
            Err(io::Error::other(
                "the text has changed since the run began: give the text as it was",
            ))
        }
    }
}

impl Seek for Watched {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// The text's bytes and how many there are. What cannot be read twice is taken into memory.
fn open(argument: Option<&OsStr>) -> io::Result<(Box<dyn Input>, u64)> {
    let bytes = match argument {
        None => elman::STORY.as_bytes(),
        Some(path) if path == "-" => once(path, |bytes| io::stdin().lock().read_to_end(bytes))?,
        Some(path) => {
            let metadata = fs::metadata(path)?;
            if metadata.is_dir() {
                return Err(io::Error::other("a folder, not a text"));
            }
            if metadata.is_file() {
                let (file, length) = (File::open(path)?, metadata.len());
                return Ok((Box::new(Watched { file, metadata }), length));
            }
            once(path, |bytes| File::open(path)?.read_to_end(bytes))?
        }
    };
    Ok((Box::new(Cursor::new(bytes)), bytes.len() as u64))
}

/// The bytes of what can be read only once, for all who ask: runs side by side share them. They are kept to the end.
fn once(
    path: &OsStr,
    read: impl FnOnce(&mut Vec<u8>) -> io::Result<usize>,
) -> io::Result<&'static [u8]> {
    static READ: Mutex<Vec<(OsString, &[u8])>> = Mutex::new(Vec::new());
    let mut all = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, bytes)) = all.iter().find(|(known, _)| known == path) {
        return Ok(bytes);
    }
    let mut bytes = Vec::new();
    read(&mut bytes)?;
    let bytes: &[u8] = bytes.leak();
    all.push((path.to_os_string(), bytes));
    Ok(bytes)
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

/// The bytes of a file with weights or arrays; no device, which may have no end.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.is_file() {
        fs::read(path)
    } else {
        Err(io::Error::other("not a regular file"))
    }
}

/// The model of a file, or the best one of a run's folder.
pub fn read_model(argument: Option<&OsStr>) -> Result<Model, Failure> {
    read_model_file(argument).map(|file| file.model)
}

/// A model file, or that of the best model in a run's folder.
pub fn read_model_file(argument: Option<&OsStr>) -> Result<ModelFile, Failure> {
    let argument = argument
        .ok_or_else(|| Failure::Usage("which model? name a model file or a run's folder".into()))?;
    let mut path = PathBuf::from(argument);
    if path.is_dir() {
        path.push(BEST);
        if !path.exists() {
            let problem = match folders_of_seeds(Path::new(argument)).as_slice() {
                [seed, ..] => {
                    format!(
                        "holds the runs of several seeds: name one of them, such as seed-{seed}"
                    )
                }
                [] => format!("not the folder of a run: it has no {BEST}"),
            };
            return Err(Failure::at(argument.to_string_lossy(), problem));
        }
    }
    let loaded = checkpoint::load_with_plan(&path);
    let (model, plan) = loaded.map_err(|error| Failure::at(path.display(), error))?;
    Ok(ModelFile {
        bytes: fs::metadata(&path).map_or(0, |metadata| metadata.len()),
        path,
        model,
        plan,
    })
}

/// Whether a file is a safetensors file, by its content: it begins with the length of its header, which has zeros
/// at its end, and then the header.
pub fn is_safetensors(path: &Path) -> bool {
    let mut start = [0; 9];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start[4..] == *b"\0\0\0\0{"
}

/// Refuses to write where there is something: a folder, or a file without `force`.
pub fn refuse_existing(path: &Path, force: bool) -> Result<(), Failure> {
    let problem = match path.symlink_metadata() {
        Ok(_) if path.is_dir() => "a folder, not a file",
        Ok(_) if !force => "is already there: choose another name, or replace it with --force",
        _ => return Ok(()),
    };
    Err(Failure::at(path.display(), problem))
}
