//! What the library says, in the words of the command line.

use elman::TrainingError;
use elman::files::FileError;
use elman::internals::settings::TABLE;

/// The message of an error about training.
pub fn of_training(error: &TrainingError) -> String {
    match error {
        TrainingError::FirstEdition => format!("{error}, with --from"),
        error => in_options(error.to_string()),
    }
}

/// The message of an error about a file, which is named beside it.
pub fn of_file(error: &FileError) -> String {
    match error {
        FileError::Read { error, .. } | FileError::Write { error, .. } => error.to_string(),
        FileError::NoVocabulary { K } => format!(
            "the file does not say which {K} characters the model has: name them with --vocabulary"
        ),
        FileError::NoModel(message) => {
            format!("{message}; elman import makes a model from weights")
        }
        error => error.to_string(),
    }
}

/// The names of settings as their options. Names of one word are the same in both.
pub fn in_options(message: String) -> String {
    let other = TABLE.iter().filter(|row| row.key.contains('_') && !row.option.is_empty());
    other.fold(message, |message, row| message.replace(row.key, row.option))
}

#[cfg(test)]
mod tests {
    use super::*;
    use elman::{Settings, Training};

    #[test]
    fn settings_are_named_by_their_options() {
        let settings = Settings { batch_size: 3, ..Settings::default() };
        let error = Training::new("abc", settings).unwrap_err();
        assert!(error.to_string().contains("batch_size x (sequence_length + 1) = 78"), "{error}");
        let told = of_training(&error);
        assert!(told.contains("batch-size x (seq-length + 1) = 78"), "{told}");
        assert!(!told.contains('_'), "{told}");
        assert!(of_training(&TrainingError::FirstEdition).ends_with("its model, with --from"));
    }
}
