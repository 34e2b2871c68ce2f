//! Text that a run's network writes.

use crate::cli::command_line::failure::Failure;
use crate::cli::run::report_log::LONGEST_SAMPLE;
use crate::cli::terminal::output::{print, print_characters};
use elman::inference::{Sampling, Synthesizer};
use elman::random::{Generator, Stream};
use elman::{Model, Training};

/// The sample of a report: the characters that the folder keeps, and what the others follow from.
pub struct Sample {
    begun: Vec<usize>,
    /// The character that was last read or drawn, after the hidden state h.
    last: usize,
    h: Vec<f64>,
    generator: Generator,
    /// Characters that are still to come.
    more: usize,
}

impl Sample {
    /// The beginning of a sample of `count` characters for the report of update n, the next.
    pub fn begin(training: &Training, n: u64, count: usize) -> Self {
        let model = training.model();
        let x0 = training.chunk().0[0];
        let mut generator = Generator::new(model.settings.seed, Stream::Report(n));
        let mut synthesizer = Synthesizer::of(model, training.h0(), Sampling::default());
        let kept = count.min(LONGEST_SAMPLE);
        let characters = synthesizer.characters(x0, &mut generator);
        let begun: Vec<usize> = characters.take(kept).collect();
        Sample {
            last: begun.last().copied().unwrap_or(x0),
            h: synthesizer.h().to_vec(),
            more: count - kept,
            begun,
            generator,
        }
    }

    /// The text so far.
    pub fn text(&self, model: &Model) -> String {
        model.vocabulary.decode(&self.begun)
    }

    /// Writes the text so far to standard output, and what follows as it comes.
    pub fn print(self, model: &Model) -> Result<(), Failure> {
        print_characters(&model.vocabulary, self.begun.into_iter())?;
        write_text(model, self.last, &self.h, self.generator, self.more)
    }
}

/// `count` characters of a model after x0 and the hidden state h0, and an empty line.
pub fn write_text(
    model: &Model,
    x0: usize,
    h0: &[f64],
    mut generator: Generator,
    count: usize,
) -> Result<(), Failure> {
    let mut synthesizer = Synthesizer::of(model, h0, Sampling::default());
    let characters = synthesizer.characters(x0, &mut generator);
    print_characters(&model.vocabulary, characters.take(count))?;
    print("\n\n")
}
