//! Writing text: the network's own predictions, sampled and fed back.

use crate::kernels::{Four, Kernel, Level, softmax};
use crate::model::Model;
use crate::network::Rnn;
use crate::random::{Generator, Stream};
use std::iter;

/// A network that reads one character at a time and says what may come next.
///
/// It allocates when it is made, and never afterwards.
#[derive(Clone, Debug)]
pub struct Synthesizer<'a> {
    rnn: &'a Rnn,
    temperature: f64,
    level: Level,
    /// The character before which h = 0, where the texts are documents.
    newline: Option<usize>,
    h: Vec<f64>,
    before: Vec<f64>,
    /// K: the logits, then the probabilities.
    p: Vec<f64>,
}

/// Logits into probabilities.
struct Softmax<'a>(&'a mut [f64]);

impl Kernel for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: Four>(self) {
        softmax::<F>(self.0);
    }
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
            level: Level::chosen(),
            newline: None,
            h: h0.to_vec(),
            before: vec![0.0; m],
            p: vec![0.0; K],
        }
    }

    /// As [`Synthesizer::new`], with the network of a model. One that has learned documents begins each anew: with
    /// h = 0, whenever it reads a newline.
    ///
    /// # Panics
    /// As [`Synthesizer::new`].
    pub fn of(model: &'a Model, h0: &[f64], temperature: f64) -> Self {
        Synthesizer {
            newline: model.newline(),
            ..Synthesizer::new(&model.state.rnn, h0, temperature)
        }
    }

    /// Runs at `level`.
    pub fn at(self, level: Level) -> Self {
        Synthesizer { level, ..self }
    }

    /// Reads the character with this index; returns the probabilities of the next, K.
    ///
    /// # Panics
    /// Where the index is K or more.
    pub fn step(&mut self, character: usize) -> &[f64] {
        std::mem::swap(&mut self.h, &mut self.before);
        if self.newline == Some(character) {
            self.before.fill(0.0);
        }
        let Synthesizer { rnn, level, .. } = *self;
        rnn.step(level, character, &self.before, &mut self.h, &mut self.p);
        if self.temperature == 0.0 {
            let likeliest = likeliest(&self.p);
            self.p.fill(0.0);
            self.p[likeliest] = 1.0;
            return &self.p;
        }
        if self.temperature != 1.0 {
            // Differences first: however small the temperature, nothing becomes NaN.
            let largest = self.p[likeliest(&self.p)];
            for o in &mut self.p {
                *o = (*o - largest) / self.temperature;
            }
        }
        level.run(Softmax(&mut self.p));
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

    /// Characters without end: reads `x0`, and then every character that it draws. x0 itself is not
    /// among them.
    ///
    /// # Panics
    /// The iterator, where `x0` is K or more.
    pub fn characters(
        &mut self,
        x0: usize,
        generator: &mut Generator,
    ) -> impl Iterator<Item = usize> {
        let mut x = x0;
        iter::repeat_with(move || {
            x = self.next(x, generator);
            x
        })
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
/// Where `x0` is K or more, `h0` is not m long, or memory does not hold so many.
pub fn synthesize(
    rnn: &Rnn,
    h0: &[f64],
    x0: usize,
    count: usize,
    generator: &mut Generator,
) -> Vec<usize> {
    let mut synthesizer = Synthesizer::new(rnn, h0, 1.0);
    let characters = synthesizer.characters(x0, generator);
    characters.take(count).collect()
}

/// The final passage of a model: `count` characters after the first of its text, from h = 0, with the
/// random numbers of `seed`.
///
/// # Panics
/// Where the parts of the model do not belong together, or memory does not hold so many.
pub fn passage(model: &Model, count: usize, seed: u64) -> String {
    let h0 = vec![0.0; model.state.rnn.shape().m()];
    let mut generator = Generator::new(seed, Stream::Passage);
    let mut synthesizer = Synthesizer::of(model, &h0, 1.0);
    let characters = synthesizer.characters(model.start(), &mut generator);
    let indices: Vec<usize> = characters.take(count).collect();
    model.vocabulary.decode(&indices)
}

fn likeliest(o: &[f64]) -> usize {
    (1..o.len()).fold(0, |best, i| if o[i] > o[best] { i } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::Shape;

    fn network(sigma: f64) -> Rnn {
        Rnn::random(Shape::new(8, 6).unwrap(), sigma, 3).unwrap()
    }

    #[test]
    fn a_draw_picks_by_the_cumulative_sum() {
        let p = [0.25, 0.0, 0.5, 0.25];
        for (u, index) in [
            (0.0, 0),
            (0.2499, 0),
            (0.25, 2),
            (0.7499, 2),
            (0.75, 3),
            (0.9999, 3),
        ] {
            assert_eq!(sample(&p, u), index, "u = {u}");
        }
        // A sum that rounding leaves below 1 never picks what is impossible.
        assert_eq!(sample(&[0.5, 0.4999, 0.0], 0.99999), 1);
        assert_eq!(sample(&[f64::NAN; 2], 0.5), 1);
    }

    /// 100,000 draws from one distribution: chi-square with 5 degrees of freedom, where 25.7 is exceeded
    /// once in 10,000 times.
    #[test]
    fn characters_come_as_often_as_their_probability_says() {
        let rnn = network(1.0);
        let p = Synthesizer::new(&rnn, &[0.0; 8], 1.0).step(2).to_vec();
        let (mut counts, draws) = ([0u32; 6], 100_000);
        let mut generator = Generator::new(11, Stream::Passage);
        for _ in 0..draws {
            counts[synthesize(&rnn, &[0.0; 8], 2, 1, &mut generator)[0]] += 1;
        }
        let terms = p.iter().zip(counts).map(|(p, count)| {
            let expected = p * f64::from(draws);
            assert!(expected > 5.0);
            (f64::from(count) - expected) * (f64::from(count) - expected) / expected
        });
        let chi_square: f64 = terms.sum();
        assert!(chi_square < 25.7, "chi-square {chi_square}");
    }

    #[test]
    fn the_same_seed_writes_the_same_text() {
        let rnn = network(1.0);
        let write = |seed| {
            let mut generator = Generator::new(seed, Stream::Passage);
            synthesize(&rnn, &[0.1; 8], 0, 200, &mut generator)
        };
        assert_eq!(write(1), write(1));
        assert_ne!(write(1), write(2));
        assert_eq!(write(1).len(), 200);
    }

    #[test]
    fn every_character_is_fed_back() {
        let rnn = network(1.0);
        let mut generator = Generator::new(4, Stream::Passage);
        let written = synthesize(&rnn, &[0.2; 8], 5, 30, &mut generator);
        let mut generator = Generator::new(4, Stream::Passage);
        let mut synthesizer = Synthesizer::new(&rnn, &[0.2; 8], 1.0);
        for read in [&[5], &written[..29]].concat().windows(1).zip(&written) {
            assert_eq!(synthesizer.next(read.0[0], &mut generator), *read.1);
        }
    }

    #[test]
    fn the_probabilities_are_those_of_the_forward_pass() {
        let rnn = network(1.0);
        let inputs = [0, 3, 1, 5, 2];
        let mut steps = crate::Unrolled::new(rnn.shape(), 5, 1).unwrap();
        steps.begin(0, &inputs, &[0; 5], &[0.3; 8]);
        rnn.forward(&mut steps);
        let mut synthesizer = Synthesizer::new(&rnn, &[0.3; 8], 1.0);
        for (t, x) in inputs.into_iter().enumerate() {
            assert_eq!(synthesizer.step(x), steps.p(t, 0));
        }
    }

    #[test]
    fn temperature_sharpens_and_flattens() {
        let rnn = network(2.0);
        let at = |temperature| {
            Synthesizer::new(&rnn, &[0.3; 8], temperature)
                .step(1)
                .to_vec()
        };
        let (one, half) = (at(1.0), at(0.5));
        let total: f64 = one.iter().map(|p| p * p).sum();
        for (p, q) in one.iter().zip(&half) {
            assert!((p * p / total - q).abs() < 1e-12);
        }
        let best = (0..6).fold(0, |best, i| if one[i] > one[best] { i } else { best });
        for cold in [0.0, f64::MIN_POSITIVE, 1e-300] {
            let p = at(cold);
            assert_eq!(p[best], 1.0);
            assert_eq!(p.iter().sum::<f64>(), 1.0);
        }
        assert!(at(1e300).iter().all(|p| (p - 1.0 / 6.0).abs() < 1e-12));
    }
}
