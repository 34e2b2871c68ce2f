//! The speed of the updates on this machine, beside a naive implementation of the equations.

use elman::network::reference::{backward, forward, update};
use elman::text::one_hot;
use elman::{Corpus, Level, Loss, Model, Order, Settings, Training, TrainingError};
use std::io::Cursor;
use std::time::{Duration, Instant};

/// Updates per second.
pub struct Speed {
    /// Of the program, on one thread.
    pub fast: f64,
    /// Of the naive implementation: dense one-hot vectors and plain loops.
    pub naive: f64,
    /// Characters of an update.
    pub characters: usize,
    /// The instruction set of the program.
    pub level: &'static str,
}

/// Measures both in turn for so many seconds, from the weights of a model, on text that it has written.
pub fn measure(model: &Model, written: &[usize], seconds: f64) -> Result<Speed, TrainingError> {
    let settings =
        Settings { documents: false, validation: 0.0, order: Order::Text, ..model.settings };
    let (mut fast, mut naive) =
        (Fast::new(model, written, settings)?, Naive::new(model, written, settings)?);
    // The first update of each is not counted: its memory is not in the caches yet.
    fast.training.update()?;
    naive.update();
    let (begun, mut rounds) = (Instant::now(), [Round::default(); 2]);
    loop {
        let [fast_rounds, naive_rounds] = &mut rounds;
        let share = naive_rounds.add(Duration::ZERO, || {
            naive.update();
            Ok(())
        })?;
        fast_rounds.add(share, || fast.training.update().map(|_| ()))?;
        if begun.elapsed().as_secs_f64() >= seconds {
            break;
        }
    }
    let [fast, naive] = rounds.map(|round| round.updates as f64 / round.time.as_secs_f64());
    Ok(Speed {
        fast,
        naive,
        characters: settings.sequence_length * settings.batch_size,
        level: Level::chosen().name(),
    })
}

/// A number of updates, and the time that they took.
#[derive(Clone, Copy, Default)]
struct Round {
    updates: u64,
    time: Duration,
}

impl Round {
    /// Makes updates for at least so long, and at least one; returns the time that they took.
    fn add(
        &mut self,
        least: Duration,
        mut update: impl FnMut() -> Result<(), TrainingError>,
    ) -> Result<Duration, TrainingError> {
        let begun = Instant::now();
        loop {
            update()?;
            self.updates += 1;
            let time = begun.elapsed();
            if time >= least {
                self.time += time;
                return Ok(time);
            }
        }
    }
}

struct Fast {
    training: Training,
}

impl Fast {
    fn new(model: &Model, written: &[usize], settings: Settings) -> Result<Self, TrainingError> {
        // Several chunks of every sequence of the batch; one character more in case the first is a byte-order mark.
        let characters = settings.least_characters().saturating_mul(8) + 1;
        let mut bytes = Vec::new();
        for &index in written.iter().cycle().take(characters) {
            let taken = model.vocabulary.write(index, &mut bytes);
            taken.expect("a vector takes any bytes");
        }
        let corpus = Corpus::open(Cursor::new(bytes), &settings, |_| ())?;
        let training = Training::begin(corpus, settings, Some(model))?;
        Ok(Fast { training })
    }
}

struct Naive {
    settings: Settings,
    /// The network that is updated.
    model: Model,
    /// X and Y of every sequence of the batch.
    chunks: Vec<[Vec<f64>; 2]>,
    h: Vec<Vec<f64>>,
    memory: Vec<Vec<f64>>,
    updates: u64,
}

impl Naive {
    fn new(model: &Model, written: &[usize], settings: Settings) -> Result<Self, TrainingError> {
        let (shape, T) = (model.state.rnn.shape(), settings.sequence_length);
        let mut characters = written.iter().copied().cycle();
        let chunks = (0..settings.batch_size).map(|_| {
            let chunk: Vec<usize> = characters.by_ref().take(T + 1).collect();
            [&chunk[..T], &chunk[1..]].map(|part| one_hot(part, shape.K()))
        });
        let memory = settings.optimizer.state_parts().len();
        Ok(Naive {
            chunks: chunks.collect(),
            h: vec![vec![0.0; shape.m()]; settings.batch_size],
            memory: vec![vec![0.0; shape.entries()]; memory],
            model: model.clone(),
            updates: 0,
            settings,
        })
    }

    /// Makes one update by the mean of the gradients of the batch.
    fn update(&mut self) {
        let parameters = &mut self.model.state.rnn.parameters;
        let mut gradient = vec![0.0; parameters.values().len()];
        for ([X, Y], h) in self.chunks.iter().zip(&mut self.h) {
            let pass = forward(parameters, X, Y, h);
            let parts = backward(parameters, X, Y, &pass).concat();
            let sums = gradient.iter_mut().zip(parts);
            sums.for_each(|(sum, part)| *sum += part);
            h.clone_from(pass.h.last().expect("h_0 is there"));
        }
        let steps = match self.settings.loss {
            Loss::Sum => 1,
            Loss::Mean => self.settings.sequence_length,
        };
        let divisor = (steps * self.settings.batch_size) as f64;
        gradient.iter_mut().for_each(|g| *g /= divisor);
        self.updates += 1;
        let rule = self.settings.rule(self.updates);
        update(&rule, parameters.values_mut(), &mut self.memory, &gradient);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use elman::Optimizer;

    /// Only then can their speeds be compared.
    #[test]
    fn both_make_the_same_update() {
        for optimizer in Optimizer::ALL {
            for loss in [Loss::Sum, Loss::Mean] {
                let settings = Settings {
                    hidden: 7,
                    sequence_length: 9,
                    optimizer,
                    loss,
                    clip: 0.01,
                    ..Settings::default()
                };
                let training = Training::new(elman::STORY, settings).unwrap();
                let model = training.model();
                let written = model.vocabulary.encode(&elman::STORY[..50]).unwrap();
                let mut fast = Fast::new(model, &written, settings).unwrap();
                let mut naive = Naive::new(model, &written, settings).unwrap();
                fast.training.update().unwrap();
                naive.update();
                let [before, fast, naive] = [model, fast.training.model(), &naive.model]
                    .map(|model| model.state.rnn.parameters.values());
                assert!(before != fast);
                for (fast, naive) in fast.iter().zip(naive) {
                    let off = (fast - naive).abs();
                    assert!(off < 1e-6, "{fast} {naive} by {optimizer:?}, {loss:?}");
                }
            }
        }
    }
}
