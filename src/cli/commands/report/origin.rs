//! Whether a run began with the weights that its seed draws. No file says so; its first sample shows it.

use crate::cli::run::report_log::Report;
use elman::internals::sampling::report_sample;
use elman::{Model, Order, Rnn, ShapeError};

/// So many characters are not the same by chance.
const CHARACTERS: usize = 20;

/// Whether the run's first sample is none of the weights that are drawn: `--from` gave it others. Where there is no
/// such sample nothing can be told.
pub fn is_of_another_model(model: &Model, first: Option<&Report>) -> Result<bool, ShapeError> {
    let first = first.filter(|report| report.observation.iteration == 0);
    let Some(Report { sample, .. }) = first.filter(|report| !report.sample.is_empty()) else {
        return Ok(false);
    };
    let (settings, shape) = (&model.settings, model.state.rnn.shape());
    let mut drawn = model.clone();
    drawn.state.rnn = Rnn::drawn(shape, settings.deviations(shape), settings.seed)?;
    // It was written after the first character of the first chunk, which may be any in a random order.
    let starts = match settings.order {
        Order::Text => model.start()..model.start() + 1,
        _ => 0..shape.K(),
    };
    let begins_so = |start| {
        let h0 = vec![0.0; shape.m()];
        let characters = report_sample(&drawn, 0, &h0, start);
        let indices: Vec<usize> = characters.take(CHARACTERS).collect();
        let written = drawn.vocabulary.decode(&indices);
        // Of bytes the last may be the first ones of a character that goes on.
        let written = written.trim_end_matches(char::REPLACEMENT_CHARACTER);
        sample
            .chars()
            .zip(written.chars())
            .all(|(one, other)| one == other)
    };
    Ok(!starts.into_iter().any(begins_so))
}
