//! Writing text: the predictions of a network, sampled and fed back.

use crate::inference::recurrence::Recurrence;
use crate::kernels::{Level, Softmax};
use crate::model::Model;
use crate::network::rnn::Rnn;
use crate::random::{Generator, Stream};
use crate::settings::SettingError;
use std::cmp::Ordering;
use std::iter;

/// How the next character is chosen. The default is the network's own distribution: temperature 1, and everything is kept.
///
/// The logits o of the next character become probabilities in this order:
///
/// 1. `p = softmax(o / temperature)`. At temperature 0 the most likely character has all the probability.
/// 2. `top_k` keeps the k most likely characters.
/// 3. `top_p` keeps, of these, the fewest most likely characters whose probabilities sum to at least `top_p` (nucleus
///    sampling); at least one.
///
/// Of equally likely characters, the one with the lower index comes first. After 2 and after 3 the other characters have a
/// probability of 0, and those that are kept are divided by their sum. A `top_k` of K or more and a `top_p` of 1 change
/// nothing. The sums that are divided by run by increasing index; the sum that reaches `top_p` begins with the most likely
/// character.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// The divisor of the logits: below 1 likely characters become more likely, above 1 less. 0 leaves only the most
    /// likely.
    pub temperature: f64,
    /// The number of characters that are kept, at least 1.
    pub top_k: usize,
    /// The sum of the probabilities that is kept, above 0 and at most 1.
    pub top_p: f64,
}

impl Default for Sampling {
    fn default() -> Self {
        Sampling { temperature: 1.0, top_k: usize::MAX, top_p: 1.0 }
    }
}

impl Sampling {
    /// The network's own distribution at another temperature.
    pub fn at_temperature(temperature: f64) -> Self {
        Sampling { temperature, ..Sampling::default() }
    }

    /// Checks the range of every number.
    ///
    /// # Errors
    /// [`SettingError`] if the temperature is negative or not finite, `top_k` is 0, or `top_p` is not above 0 and at
    /// most 1.
    pub fn check(&self) -> Result<(), SettingError> {
        let Sampling { temperature, top_k, top_p } = *self;
        let (name, value, need) = if !(temperature >= 0.0 && temperature.is_finite()) {
            ("temperature", temperature.to_string(), "a number of at least 0")
        } else if top_k == 0 {
            ("top-k", top_k.to_string(), "a whole number of at least 1")
        } else if !(top_p > 0.0 && top_p <= 1.0) {
            ("top-p", top_p.to_string(), "a number above 0 and at most 1")
        } else {
            return Ok(());
        };
        Err(SettingError { name, value, need })
    }
}

/// A network that writes text: it reads one character at a time and gives the probabilities of the next.
///
/// It allocates when it is made, for a copy of the weights among others, and never afterwards. Make one and keep it.
///
/// ```
/// use elman::random::{Generator, Stream};
/// use elman::inference::{Sampling, Synthesizer};
/// use elman::{Rnn, Shape};
///
/// let rnn = Rnn::random(Shape::new(20, 5)?, 1.0, 7)?;
/// let sampling = Sampling { temperature: 0.8, top_k: 3, ..Sampling::default() };
/// let mut synthesizer = Synthesizer::new(&rnn, &[0.0; 20], sampling);
///
/// // The probabilities of the character after character 4.
/// let p = synthesizer.step(4);
/// assert_eq!(p.iter().filter(|&&p| p > 0.0).count(), 3);
///
/// // 100 characters after character 2, each fed back.
/// let generator = Generator::new(1, Stream::Passage);
/// let written: Vec<usize> = synthesizer.characters(2, generator).take(100).collect();
/// assert!(written.iter().all(|&index| index < 5));
/// # Ok::<(), elman::ShapeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Synthesizer<'a> {
    recurrence: Recurrence<'a>,
    sampling: Sampling,
    /// K: the logits, then the probabilities.
    p: Vec<f64>,
    /// K: all indices, in the order that the last choice left them in.
    order: Vec<usize>,
}

impl<'a> Synthesizer<'a> {
    /// Starts from the hidden state `h0`, m long.
    ///
    /// # Panics
    /// Panics if `h0` is not m long, if [`Sampling::check`] refuses `sampling`, or if there is no memory.
    pub fn new(rnn: &'a Rnn, h0: &[f64], sampling: Sampling) -> Self {
        if let Err(error) = sampling.check() {
            panic!("synthesis: {error}");
        }
        let K = rnn.shape().K();
        let recurrence = Recurrence::new(rnn, h0);
        Synthesizer { recurrence, sampling, p: vec![0.0; K], order: (0..K).collect() }
    }

    /// The same as [`Synthesizer::new`] for the network of a model. A model of documents reads every newline from h = 0.
    ///
    /// # Panics
    /// Panics if `h0` is not m long, if [`Sampling::check`] refuses `sampling`, or if there is no memory.
    pub fn of(model: &'a Model, h0: &[f64], sampling: Sampling) -> Self {
        let mut synthesizer = Synthesizer::new(&model.state.rnn, h0, sampling);
        synthesizer.recurrence.newline = model.newline();
        synthesizer
    }

    /// The network of a model, from the hidden state that it [begins with](Model::initial_state).
    ///
    /// # Panics
    /// Panics if [`Sampling::check`] refuses `sampling`, or if there is no memory.
    pub fn at_start(model: &'a Model, sampling: Sampling) -> Self {
        Synthesizer::of(model, &model.hidden_state(model.initial_state()), sampling)
    }

    /// Makes the network run at `level`.
    pub fn at(mut self, level: Level) -> Self {
        self.recurrence.level = level;
        self
    }

    /// The hidden state, m.
    pub fn h(&self) -> &[f64] {
        self.recurrence.h()
    }

    /// Reads the character with this index and returns the K probabilities that the next is drawn with.
    ///
    /// # Panics
    /// Panics if the index is K or more.
    pub fn step(&mut self, character: usize) -> &[f64] {
        self.recurrence.read(character, &mut self.p);
        let Sampling { temperature, top_k, top_p } = self.sampling;
        if temperature == 0.0 {
            let likeliest = likeliest(&self.p);
            self.p.fill(0.0);
            self.p[likeliest] = 1.0;
            return &self.p;
        }
        if temperature != 1.0 {
            // Differences first: however small the temperature, nothing becomes NaN.
            let largest = self.p[likeliest(&self.p)];
            for o in &mut self.p {
                *o = (*o - largest) / temperature;
            }
        }
        self.recurrence.level.run(Softmax(&mut self.p));
        let kept = keep_most_likely(&mut self.p, &mut self.order, top_k);
        keep_nucleus(&mut self.p, &mut self.order[..kept], top_p);
        &self.p
    }

    /// Reads a character and draws the next.
    ///
    /// # Panics
    /// Panics if the character is K or more.
    pub fn next(&mut self, character: usize, generator: &mut Generator) -> usize {
        let u = generator.uniform();
        sample(self.step(character), u)
    }

    /// Characters without end: reads `x0`, and then every character that it draws. x0 itself is not among them.
    ///
    /// # Panics
    /// The iterator panics if `x0` is K or more.
    pub fn characters(
        mut self,
        x0: usize,
        mut generator: Generator,
    ) -> impl Iterator<Item = usize> + use<'a> {
        let mut x = x0;
        iter::repeat_with(move || {
            x = self.next(x, &mut generator);
            x
        })
    }

    /// [`Synthesizer::characters`] with the random numbers that a seed has for passages.
    ///
    /// # Panics
    /// The iterator panics if `x0` is K or more.
    pub fn passage(self, x0: usize, seed: u64) -> impl Iterator<Item = usize> + use<'a> {
        self.characters(x0, Generator::new(seed, Stream::Passage))
    }
}

/// The index that a uniform draw `u` from [0, 1) picks: the first at which the cumulative sum of `p` exceeds `u`. If
/// rounding leaves the whole sum at or below `u`, it is the last whose probability is not 0.
///
/// # Panics
/// Panics if `p` is empty.
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

/// Writes the final passage of a model: `count` characters after the first of its text, from the hidden state that it
/// [begins with](Model::initial_state), with the random numbers that `seed` has for passages.
///
/// # Panics
/// Panics if the parts of the model do not belong together, or if memory does not hold so many characters.
pub fn passage(model: &Model, count: usize, seed: u64) -> String {
    let characters = Synthesizer::at_start(model, Sampling::default()).passage(model.start(), seed);
    let indices: Vec<usize> = characters.take(count).collect();
    model.vocabulary.decode(&indices)
}

/// The sample of report n, without end: the characters after `x0`, the first character of chunk n, from `h0`, the hidden
/// state that chunk n begins with.
pub(crate) fn report_sample<'a>(
    model: &'a Model,
    n: u64,
    h0: &[f64],
    x0: usize,
) -> impl Iterator<Item = usize> + use<'a> {
    let generator = Generator::new(model.settings.seed, Stream::Report(n));
    Synthesizer::of(model, h0, Sampling::default()).characters(x0, generator)
}

/// Keeps the `top_k` most likely, whose indices are first in `order` afterwards; returns how many these are.
fn keep_most_likely(p: &mut [f64], order: &mut [usize], top_k: usize) -> usize {
    if top_k >= p.len() {
        return p.len();
    }
    order.select_nth_unstable_by(top_k - 1, |&a, &b| by_likelihood(p, a, b));
    leave_out(p, &order[top_k..]);
    top_k
}

/// Keeps the fewest most likely of `order` whose probabilities sum to `top_p`.
fn keep_nucleus(p: &mut [f64], order: &mut [usize], top_p: f64) {
    if top_p == 1.0 {
        return;
    }
    order.sort_unstable_by(|&a, &b| by_likelihood(p, a, b));
    let mut sum = 0.0;
    let reaches = |&index: &usize| {
        sum += p[index];
        sum >= top_p
    };
    if let Some(last) = order.iter().position(reaches) {
        leave_out(p, &order[last + 1..]);
    }
}

fn by_likelihood(p: &[f64], a: usize, b: usize) -> Ordering {
    p[b].total_cmp(&p[a]).then(a.cmp(&b))
}

/// Gives these a probability of 0, and divides the others by their sum.
fn leave_out(p: &mut [f64], others: &[usize]) {
    if others.is_empty() {
        return;
    }
    for &other in others {
        p[other] = 0.0;
    }
    let sum: f64 = p.iter().sum();
    for p in p {
        *p /= sum;
    }
}

fn likeliest(o: &[f64]) -> usize {
    (1..o.len()).fold(0, |best, i| if o[i] > o[best] { i } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Edition, Origin, Record, State};
    use crate::network::parameters::Shape;
    use crate::settings::Settings;
    use crate::text::vocabulary::Vocabulary;

    fn network(sigma: f64) -> Rnn {
        Rnn::random(Shape::new(8, 6).unwrap(), sigma, 3).unwrap()
    }

    #[test]
    fn a_draw_picks_by_the_cumulative_sum() {
        let p = [0.25, 0.0, 0.5, 0.25];
        for (u, index) in [(0.0, 0), (0.2499, 0), (0.25, 2), (0.7499, 2), (0.75, 3), (0.9999, 3)] {
            assert_eq!(sample(&p, u), index, "u = {u}");
        }
        // A sum that rounding leaves below 1 never picks what is impossible.
        assert_eq!(sample(&[0.5, 0.4999, 0.0], 0.99999), 1);
        assert_eq!(sample(&[f64::NAN; 2], 0.5), 1);
    }

    #[test]
    fn the_same_seed_writes_the_same_text() {
        let rnn = network(1.0);
        let write = |seed| {
            let synthesizer = Synthesizer::new(&rnn, &[0.1; 8], Sampling::default());
            synthesizer.passage(0, seed).take(200).collect::<Vec<usize>>()
        };
        assert_eq!(write(1), write(1));
        assert_ne!(write(1), write(2));
        assert_eq!(write(1).len(), 200);
    }

    #[test]
    fn every_character_is_fed_back() {
        let rnn = network(1.0);
        let mut generator = Generator::new(4, Stream::Passage);
        let mut synthesizer = Synthesizer::new(&rnn, &[0.2; 8], Sampling::default());
        let characters = synthesizer.clone().characters(5, generator.clone());
        let written: Vec<usize> = characters.take(30).collect();
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
        let mut synthesizer = Synthesizer::new(&rnn, &[0.3; 8], Sampling::default());
        for (t, x) in inputs.into_iter().enumerate() {
            assert_eq!(synthesizer.step(x), steps.p(t, 0));
        }
    }

    #[test]
    fn temperature_sharpens_and_flattens() {
        let rnn = network(2.0);
        let at = |temperature| {
            Synthesizer::new(&rnn, &[0.3; 8], Sampling::at_temperature(temperature))
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

    /// [`Sampling`] entry by entry, with a sorted list of what is kept.
    fn twin(rnn: &Rnn, h0: &[f64], character: usize, sampling: Sampling) -> Vec<f64> {
        let K = rnn.shape().K();
        let mut o = vec![0.0; K];
        Recurrence::new(rnn, h0).read(character, &mut o);
        let largest = o.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if sampling.temperature != 1.0 {
            o = (o.iter().map(|o| (o - largest) / sampling.temperature)).collect();
        }
        Level::widest().run(Softmax(&mut o));
        let mut ranked: Vec<(f64, usize)> = o.into_iter().zip(0..).collect();
        ranked.sort_by(|a, b| b.0.partial_cmp(&a.0).unwrap()); // Stable: of equals the lower index.
        let divided = |mut kept: Vec<(f64, usize)>| {
            let mut p = vec![0.0; K];
            kept.iter().for_each(|&(x, index)| p[index] = x);
            let total: f64 = p.iter().sum();
            kept.iter_mut().for_each(|(x, _)| *x /= total);
            kept
        };
        if sampling.top_k < K {
            ranked.truncate(sampling.top_k);
            ranked = divided(ranked);
        }
        if sampling.top_p < 1.0 {
            let sum = |n: usize| ranked[..n].iter().fold(0.0, |sum, (x, _)| sum + x);
            let fewest = (1..=ranked.len()).find(|&n| sum(n) >= sampling.top_p);
            if let Some(fewest) = fewest.filter(|&fewest| fewest < ranked.len()) {
                ranked.truncate(fewest);
                ranked = divided(ranked);
            }
        }
        let mut p = vec![0.0; K];
        ranked.iter().for_each(|&(x, index)| p[index] = x);
        p
    }

    const CHOICES: [(f64, usize, f64); 14] = [
        (1.0, usize::MAX, 1.0),
        (1.0, 6, 1.0),
        (1.0, 5, 1.0),
        (1.0, 3, 1.0),
        (1.0, 1, 1.0),
        (1.0, usize::MAX, 0.95),
        (1.0, usize::MAX, 0.5),
        (1.0, usize::MAX, 1e-300),
        (0.6, 4, 1.0),
        (1.7, usize::MAX, 0.8),
        (1.7, 4, 0.8),
        (0.5, 5, 0.9),
        (3.0, 2, 0.99),
        (1.3, 100, 0.7),
    ];

    fn sampling((temperature, top_k, top_p): (f64, usize, f64)) -> Sampling {
        Sampling { temperature, top_k, top_p }
    }

    /// Step after step, so that the order of one step is where the next begins.
    #[test]
    fn what_is_sampled_from_is_the_definition_to_the_bit() {
        let rnn = network(1.0);
        for choice in CHOICES {
            let sampling = sampling(choice);
            for level in Level::available() {
                let mut synthesizer = Synthesizer::new(&rnn, &[0.3; 8], sampling).at(level);
                for character in [1, 5, 5, 0, 3, 2, 4] {
                    let h0 = synthesizer.h().to_vec();
                    let p = synthesizer.step(character);
                    assert_eq!(p, twin(&rnn, &h0, character, sampling), "{choice:?}");
                    assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-15);
                }
            }
        }
    }

    /// Five degrees of freedom at most: 25.7 is exceeded once in 10,000 times. What is left out never comes.
    #[test]
    fn characters_come_as_often_as_each_choice_says() {
        let rnn = network(1.0);
        for choice in CHOICES {
            let synthesizer = Synthesizer::new(&rnn, &[0.0; 8], sampling(choice));
            let p = synthesizer.clone().step(2).to_vec();
            let (mut counts, draws) = ([0u32; 6], 50_000);
            let mut generator = Generator::new(12, Stream::Passage);
            for _ in 0..draws {
                counts[synthesizer.clone().next(2, &mut generator)] += 1;
            }
            let mut chi_square = 0.0;
            for (p, count) in p.iter().zip(counts) {
                let expected = p * f64::from(draws);
                match *p {
                    0.0 => assert_eq!(count, 0),
                    _ => {
                        let off = f64::from(count) - expected;
                        chi_square += off * off / expected;
                    }
                }
            }
            assert!(chi_square < 25.7, "{choice:?}: chi-square {chi_square}");
        }
    }

    /// U, W, V and b are 0: the logits are c.
    fn constant(c: &[f64]) -> Rnn {
        let mut parameters =
            crate::network::parameters::Parameters::zeros(Shape::new(2, c.len()).unwrap()).unwrap();
        parameters.tensors_mut().c.copy_from_slice(c);
        Rnn { parameters }
    }

    #[test]
    fn of_equals_the_lower_index_is_kept() {
        let kept = |c: &[f64], choice| {
            let rnn = constant(c);
            let mut synthesizer = Synthesizer::new(&rnn, &[0.0; 2], sampling(choice));
            let p = synthesizer.step(0).to_vec();
            let indices = (0..p.len()).filter(|&i| p[i] > 0.0);
            indices.collect::<Vec<usize>>()
        };
        let all = usize::MAX;
        let equal = [1.5; 5];
        assert_eq!(kept(&equal, (0.0, all, 1.0)), [0]);
        assert_eq!(kept(&equal, (1.0, 3, 1.0)), [0, 1, 2]);
        // Five times 0.2 each: two of them are less than 0.5.
        assert_eq!(kept(&equal, (1.0, all, 0.5)), [0, 1, 2]);
        assert_eq!(kept(&equal, (1.0, all, 0.2)), [0]);
        let some = [0.0, 2.0, 0.0, 2.0, 1.0];
        assert_eq!(kept(&some, (0.0, all, 1.0)), [1]);
        assert_eq!(kept(&some, (1.0, 1, 1.0)), [1]);
        assert_eq!(kept(&some, (1.0, 4, 1.0)), [0, 1, 3, 4]);
        // After top_k the two have a half each; that is enough, and of the whole it were not.
        assert_eq!(kept(&some, (1.0, 2, 0.5)), [1]);
        assert_eq!(kept(&some, (1.0, all, 0.5)), [1, 3]);
    }

    #[test]
    fn what_is_out_of_range_is_refused_by_name() {
        for (choice, name) in [
            ((-1.0, 1, 1.0), "temperature -1: "),
            ((f64::NAN, 1, 1.0), "temperature NaN: "),
            ((f64::INFINITY, 1, 1.0), "temperature inf: "),
            ((1.0, 0, 1.0), "top-k 0: "),
            ((1.0, 1, 0.0), "top-p 0: "),
            ((1.0, 1, 1.0 + f64::EPSILON), "top-p 1.0000000000000002: "),
            ((1.0, 1, f64::NAN), "top-p NaN: "),
        ] {
            let message = sampling(choice).check().unwrap_err().to_string();
            assert!(message.starts_with(name), "{message}");
        }
        for choice in CHOICES.into_iter().chain([(0.0, 1, f64::MIN_POSITIVE)]) {
            assert_eq!(sampling(choice).check(), Ok(()));
        }
    }

    /// The random numbers of seed and n, from the hidden state and the character that are given.
    #[test]
    fn the_sample_of_a_report_has_its_own_random_numbers() {
        for documents in [false, true] {
            let settings = Settings { hidden: 8, documents, ..Settings::default() };
            let vocabulary = Vocabulary::of("anna\nbo\nchristopher\ny\n");
            let shape = Shape::new(8, vocabulary.len()).unwrap();
            let rnn = Rnn::random(shape, 1.0, 3).unwrap();
            let mut model = Model {
                state: State::first(rnn, &settings).unwrap(),
                settings,
                vocabulary,
                source: None,
                record: Record {
                    origin: Origin::Drawn,
                    updates_per_epoch: None,
                    edition: Edition::Second,
                },
            };
            let K = model.vocabulary.len();
            for (seed, n, x0) in [(1, 0, 0), (1, 10_000, 3), (2, 10_000, 3), (u64::MAX, 7, K - 1)] {
                model.settings.seed = seed;
                // What the state of the model says of updates has no say.
                model.state.updates = 99;
                let mut h = vec![0.4; 8];
                let mut generator = Generator::new(seed, Stream::Report(n));
                let mut x = x0;
                let expected = (0..200).map(|_| {
                    if documents && Some(x) == model.vocabulary.index('\n') {
                        h.fill(0.0);
                    }
                    let mut synthesizer =
                        Synthesizer::new(&model.state.rnn, &h, Sampling::default());
                    x = sample(synthesizer.step(x), generator.uniform());
                    h.copy_from_slice(synthesizer.h());
                    x
                });
                let expected: Vec<usize> = expected.collect();
                let found = report_sample(&model, n, &[0.4; 8], x0).take(200);
                assert_eq!(found.collect::<Vec<_>>(), expected, "{documents} {seed} {n}");
            }
        }
    }
}
