//! Reading what the command line names: texts and models.

use crate::cli::command_line::failure::Failure;
use crate::cli::run::folder::{BEST, folders_of_seeds};
use crate::cli::terminal::progress::Progress;
use elman::internals::checkpoint;
use elman::internals::sniff::{Sniffed, sniff};
use elman::text::Input;
use elman::{Corpus, Model, Plan, Settings, TextError, TrainingError};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the text of a command comes from.
#[derive(Clone, Debug)]
pub enum TextSource {
    /// It is built into the program.
    Story,
    /// A file, or standard input for `-`.
    Named(OsString),
    /// Bytes that were read once, for several runs.
    Memory {
        /// What the command line names.
        name: OsString,
        /// All of it.
        bytes: Arc<[u8]>,
    },
}

/// What to call a text.
pub struct Text {
    /// For titles: the file's name.
    pub name: String,
    /// For messages: the file as the command line names it.
    pub place: String,
}

impl TextSource {
    /// What the command line names; the built-in story where it names nothing.
    pub fn named(argument: Option<&OsStr>) -> Self {
        argument.map_or(TextSource::Story, |name| TextSource::Named(name.into()))
    }

    /// The same for several readers: what can be read only once is taken into memory.
    pub fn for_several(self) -> Result<Self, Failure> {
        let TextSource::Named(name) = &self else {
            return Ok(self);
        };
        let read = read_once(name).map_err(|error| Failure::at(self.text().place, error))?;
        Ok(match read {
            Some(bytes) => TextSource::Memory { name: name.clone(), bytes: bytes.into() },
            None => self,
        })
    }

    /// What to call it.
    pub fn text(&self) -> Text {
        let (name, place): (&OsStr, &OsStr) = match self {
            TextSource::Story => ("the built-in story".as_ref(), "the built-in story".as_ref()),
            TextSource::Named(path) | TextSource::Memory { name: path, .. } => {
                if path == "-" {
                    ("standard input".as_ref(), "standard input".as_ref())
                } else {
                    (Path::new(path).file_name().unwrap_or(path), path)
                }
            }
        };
        let words = |name: &OsStr| name.to_string_lossy().into_owned();
        Text { name: words(name), place: words(place) }
    }

    /// Its bytes and how many there are. Files stay where they are and are read as they are needed; what cannot be
    /// read twice is taken into memory.
    fn open(&self) -> io::Result<(Box<dyn Input>, u64)> {
        let in_memory = |bytes: Vec<u8>| {
            let length = bytes.len() as u64;
            (Box::new(Cursor::new(bytes)) as Box<dyn Input>, length)
        };
        match self {
            TextSource::Story => {
                let bytes = elman::STORY.as_bytes();
                Ok((Box::new(Cursor::new(bytes)), bytes.len() as u64))
            }
            TextSource::Memory { bytes, .. } => {
                Ok((Box::new(Cursor::new(Arc::clone(bytes))), bytes.len() as u64))
            }
            TextSource::Named(path) => match read_once(path)? {
                Some(bytes) => Ok(in_memory(bytes)),
                None => {
                    let file = File::open(path)?;
                    let metadata = file.metadata()?;
                    let length = metadata.len();
                    Ok((Box::new(Watched { file, metadata }), length))
                }
            },
        }
    }
}

/// The bytes of standard input, or of what is no regular file; none of a regular file, which can be read again.
fn read_once(path: &OsStr) -> io::Result<Option<Vec<u8>>> {
    if path != "-" && Path::new(path).is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    open_text(path)?.read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Opens a text: a file, or standard input for `-`.
pub fn open_text(path: &OsStr) -> io::Result<Box<dyn Read>> {
    if path == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    if fs::metadata(path)?.is_dir() {
        return Err(io::Error::other("a folder, not a text"));
    }
    Ok(Box::new(File::open(path)?))
}

/// Reads a text from end to end, and shows how far it is.
pub fn read_text(
    source: &TextSource,
    settings: &Settings,
    quiet: bool,
) -> Result<(Text, Corpus), Failure> {
    let text = source.text();
    let place = &text.place;
    let (input, bytes) = source.open().map_err(|error| Failure::at(place, error))?;
    let mut progress = Progress::new(quiet);
    let corpus = Corpus::open(input, settings, |read| {
        progress.draw_reading(place, read, bytes);
    });
    progress.clear();
    let corpus = corpus.map_err(|error| {
        let advice = match error {
            TextError::InvalidUtf8 { .. } => ", or read it as bytes with --bytes",
            _ => "",
        };
        Failure::at(place, format!("{error}{advice}"))
    })?;
    if corpus.has_byte_order_mark() && !quiet {
        progress.warn(&mark_is_left_out(place));
    }
    Ok((text, corpus))
}

/// Says which argument is to blame.
pub fn refused(error: TrainingError, text: &Text, settings: Settings) -> Failure {
    match error {
        TrainingError::TooFewHeldOut { .. } | TrainingError::TextTooShort { held_out: 1.., .. } => {
            let place = format!("{}: --validation {:?}", text.place, settings.validation);
            Failure::at(place, error)
        }
        TrainingError::TextTooShort { settings: ref read, .. } => match read.order.chunk() {
            Some(length) => Failure::at(format!("{}: --chunk {length}", text.place), error),
            None => Failure::at(&text.place, error),
        },
        TrainingError::Text(_) => Failure::at(&text.place, error),
        TrainingError::Shape(_) => Failure::at(format!("--hidden {}", settings.hidden), error),
        _ => Failure::Failed(error.to_string()),
    }
}

/// What is told of a text that does not begin with its first character.
pub fn mark_is_left_out(place: &str) -> String {
    format!("{place} begins with a byte-order mark, which is left out")
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

/// Whether a file is a safetensors file, by its content.
pub fn is_safetensors(path: &Path) -> bool {
    let mut start = [0; 9];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && sniff(&start) == Sniffed::SafeTensors
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
