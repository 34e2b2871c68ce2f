//! Writing text: the network's own predictions, sampled and fed back.

use crate::kernels::softmax;
use crate::model::Model;
use crate::network::Rnn;
use crate::random::{Generator, Stream};

/// A network that reads one character at a time and says what may come next.
///
/// It allocates when it is made, and never afterwards.
#[derive(Clone, Debug)]
pub struct Synthesizer<'a> {
    rnn: &'a Rnn,
    temperature: f64,
    h: Vec<f64>,
    before: Vec<f64>,
    o: Vec<f64>,
    p: Vec<f64>,
}

impl<'a> Synthesizer<'a> {
    /// Starts from the hidden state `h0`. The logits are divided by `temperature`: 1 leaves the
    /// network's own distribution, less makes the likely likelier, 0 leaves only the most likely
    /// character (the first of several).
    ///
    /// # Panics
    /// Where `h0` is not m long, or the temperature is negative or NaN.
    pub fn new(rnn: &'a Rnn, h0: &[f64], temperature: f64) -> Self {
        let (m, K) = (rnn.shape().m(), rnn.shape().K());
        assert_eq!(h0.len(), m, "synthesis: h0");
        assert!(temperature >= 0.0, "synthesis: temperature {temperature}");
        Synthesizer {
            rnn,
            temperature,
            h: h0.to_vec(),
            before: vec![0.0; m],
            o: vec![0.0; K],
            p: vec![0.0; K],
        }
    }

    /// Reads the character with this index; returns the probabilities of the next, K.
    ///
    /// # Panics
    /// Where the index is K or more.
    pub fn step(&mut self, character: usize) -> &[f64] {
        std::mem::swap(&mut self.h, &mut self.before);
        self.rnn.hidden(character, &self.before, &mut self.h);
        self.rnn.logits(&self.h, &mut self.o);
        let likeliest = likeliest(&self.o);
        if self.temperature == 0.0 {
            self.p.fill(0.0);
            self.p[likeliest] = 1.0;
        } else {
            // Differences first: however small the temperature, nothing becomes NaN.
            let largest = self.o[likeliest];
            for o in &mut self.o {
                *o = (*o - largest) / self.temperature;
            }
            softmax(&self.o, &mut self.p);
        }
        &self.p
    }

    /// Reads a character, and draws the next.
    ///
    /// # Panics
    /// Where the index is K or more.
    pub fn next(&mut self, character: usize, generator: &mut Generator) -> usize {
        let u = generator.uniform();
        sample(self.step(character), u)
    }
}

/// The index that a uniform draw `u` from [0, 1) picks: the first whose cumulative sum of `p` exceeds
/// it. Where rounding leaves the whole sum at or below `u`, it is the last that is possible.
///
/// # Panics
/// Where `p` is empty.
pub fn sample(p: &[f64], u: f64) -> usize {
    let mut cumulative = 0.0;
    for (index, p) in p.iter().enumerate() {
        cumulative += p;
        if cumulative > u {
            return index;
        }
    }
    p.iter().rposition(|&p| p > 0.0).unwrap_or(p.len() - 1)
}

/// `count` characters after `x0`, from the hidden state `h0`; x0 itself is not among them.
///
/// # Panics
/// Where `x0` is K or more, or `h0` is not m long.
pub fn synthesize(
    rnn: &Rnn,
    h0: &[f64],
    x0: usize,
    count: usize,
    generator: &mut Generator,
) -> Vec<usize> {
    let mut synthesizer = Synthesizer::new(rnn, h0, 1.0);
    let mut x = x0;
    (0..count)
        .map(|_| {
            x = synthesizer.next(x, generator);
            x
        })
        .collect()
}

/// The final passage of a model: `count` characters after the first of its text, from h = 0, with the
/// random numbers of `seed`.
pub fn passage(model: &Model, count: usize, seed: u64) -> String {
    let rnn = &model.state.rnn;
    let h0 = vec![0.0; rnn.shape().m()];
    let mut generator = Generator::new(seed, Stream::Passage);
    let indices = synthesize(rnn, &h0, model.source.start, count, &mut generator);
    model.vocabulary.decode(&indices)
}

fn likeliest(o: &[f64]) -> usize {
    (1..o.len()).fold(0, |best, i| if o[i] > o[best] { i } else { best })
}
