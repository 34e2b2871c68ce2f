//! The speed of the updates on this machine, beside a naive implementation of the equations.

use elman::network::reference::{backward, forward, update};
use elman::text::one_hot;
use elman::training::OptimizerStart;
use elman::{Corpus, Loss, Model, Order, Parameters, Settings, Training, TrainingError};
use std::io::Cursor;
use std::time::{Duration, Instant};

/// Updates per second on one thread.
pub struct Speed {
    pub fast: f64,
    pub naive: f64,
}

/// Measures both in turn for so many seconds, from the weights of a model, on text that it has written.
pub fn measure(model: &Model, written: &[usize], seconds: f64) -> Result<Speed, TrainingError> {
    let settings =
        Settings { documents: false, validation: 0.0, order: Order::Text, ..*model.settings() };
    let mut training = training(model, written, settings)?;
    let mut naive = Naive::new(model, written, settings);
    // The first update of each is not counted: its memory is not in the caches yet.
    training.update()?;
    naive.update();
    let (mut fast_updates, mut naive_updates) = (0, 0);
    let (mut fast_time, mut naive_time) = (Duration::ZERO, Duration::ZERO);
    let begun = Instant::now();
    loop {
        let round = Instant::now();
        naive.update();
        let time = round.elapsed();
        (naive_updates, naive_time) = (naive_updates + 1, naive_time + time);
        let round = Instant::now();
        loop {
            training.update()?;
            fast_updates += 1;
            if round.elapsed() >= time {
                break;
            }
        }
        fast_time += round.elapsed();
        if begun.elapsed().as_secs_f64() >= seconds {
            let speed = |updates: u64, time: Duration| updates as f64 / time.as_secs_f64();
            return Ok(Speed {
                fast: speed(fast_updates, fast_time),
                naive: speed(naive_updates, naive_time),
            });
        }
    }
}

/// A training over several chunks of every sequence of the batch.
fn training(
    model: &Model,
    written: &[usize],
    settings: Settings,
) -> Result<Training, TrainingError> {
    // One character more in case the first is a byte-order mark.
    let characters = settings.least_characters().saturating_mul(8) + 1;
    let mut bytes = Vec::new();
    for &index in written.iter().cycle().take(characters) {
        model.vocabulary().write(index, &mut bytes).expect("a vector takes any bytes");
    }
    let corpus = Corpus::open(Cursor::new(bytes), &settings, |_| ())?;
    Training::begin_from(corpus, settings, model, OptimizerStart::Fresh)
}

/// The definition: dense one-hot vectors and plain loops.
struct Naive {
    settings: Settings,
    parameters: Parameters,
    /// X and Y of every sequence of the batch.
    chunks: Vec<[Vec<f64>; 2]>,
    h: Vec<Vec<f64>>,
    memory: Vec<Vec<f64>>,
    updates: u64,
}

impl Naive {
    fn new(model: &Model, written: &[usize], settings: Settings) -> Self {
        let (shape, T) = (model.shape(), settings.sequence_length);
        let mut characters = written.iter().copied().cycle();
        let chunks = (0..settings.batch_size).map(|_| {
            let chunk: Vec<usize> = characters.by_ref().take(T + 1).collect();
            [&chunk[..T], &chunk[1..]]
                .map(|part| one_hot(part, shape.K()).expect("characters of the model"))
        });
        let memory = settings.optimizer.state_parts().len();
        Naive {
            chunks: chunks.collect(),
            h: vec![vec![0.0; shape.m()]; settings.batch_size],
            memory: vec![vec![0.0; shape.entries()]; memory],
            parameters: model.parameters().clone(),
            updates: 0,
            settings,
        }
    }

    /// Makes one update by the mean of the gradients of the batch.
    fn update(&mut self) {
        let parameters = &mut self.parameters;
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
                let written = model.vocabulary().encode(&elman::STORY[..50]).unwrap();
                let mut fast = super::training(model, &written, settings).unwrap();
                let mut naive = Naive::new(model, &written, settings);
                fast.update().unwrap();
                naive.update();
                let (before, fast, naive) = (model.parameters(), fast.model(), &naive.parameters);
                let [before, fast, naive] =
                    [before, fast.parameters(), naive].map(Parameters::values);
                assert!(before != fast);
                for (fast, naive) in fast.iter().zip(naive) {
                    let off = (fast - naive).abs();
                    assert!(off < 1e-6, "{fast} {naive} by {optimizer:?}, {loss:?}");
                }
            }
        }
    }
}
