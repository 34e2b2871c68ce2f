//! Reading what the command line names: texts and models.

use super::failure::Failure;
use elman::{Model, checkpoint, text};
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// A text and what to call it.
pub struct Text {
    /// For titles: the file's name.
    pub name: String,
    /// For messages: the file as the command line names it.
    pub place: String,
    /// Its characters.
    pub characters: String,
}

/// The text of a file, of standard input for `-`, or the built-in one where none is named.
pub fn read_text(argument: Option<&OsStr>) -> Result<Text, Failure> {
    let Some(argument) = argument else {
        let name = "the built-in story".to_string();
        return Ok(Text {
            place: name.clone(),
            name,
            characters: elman::STORY.into(),
        });
    };
    let (name, place, bytes) = if argument == "-" {
        let name: &OsStr = "standard input".as_ref();
        (name, name, read_standard_input())
    } else {
        let path = Path::new(argument);
        let name = path.file_name().unwrap_or(argument);
        (name, argument, read_file(path))
    };
    let place = place.to_string_lossy().into_owned();
    let bytes = bytes.map_err(|error| Failure::at(&place, error))?;
    if bytes.is_empty() {
        return Err(Failure::at(place, "the text is empty"));
    }
    let characters = text::from_utf8(bytes).map_err(|error| Failure::at(&place, error))?;
    Ok(Text {
        name: name.to_string_lossy().into_owned(),
        place,
        characters,
    })
}

fn read_standard_input() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.is_dir() {
        return Err(io::Error::other("a folder, not a text"));
    }
    fs::read(path)
}

/// The model of a file, or the best one of a run's folder.
pub fn read_model(argument: Option<&OsStr>) -> Result<Model, Failure> {
    let argument = argument
        .ok_or_else(|| Failure::Usage("which model? name a model file or a run's folder".into()))?;
    let mut path = PathBuf::from(argument);
    if path.is_dir() {
        path.push("best.safetensors");
        if !path.exists() {
            let folder = argument.to_string_lossy();
            return Err(Failure::at(
                folder,
                "not the folder of a run: it has no best.safetensors",
            ));
        }
    }
    checkpoint::load(&path).map_err(|error| Failure::at(path.display(), error))
}
