//! How the next character is chosen: temperature, top-k, nucleus.

use crate::kernels::Level;
use crate::network::parameters::{ShapeError, room, zeros};
use crate::settings::SettingError;
use std::cmp::Ordering;

/// How the next character is chosen: by temperature, top-k and nucleus sampling.
///
/// The default is the network's own distribution: temperature 1, and all characters are kept.
///
/// The logits o of the next character become probabilities in this order:
///
/// 1. `p = softmax(o / temperature)`. At temperature 0 the most likely character has all the probability.
/// 2. `top_k` keeps the k most likely characters.
/// 3. `top_p` keeps the most likely of these: as few as have a total probability of at least `top_p`, and at least one.
///    This is nucleus sampling.
///
/// Of equally likely characters, the one with the lower index comes first. After steps 2 and 3 the other characters
/// have a probability of 0, and the probabilities that are kept are divided by their sum. A `top_k` of K or more and a
/// `top_p` of 1 change nothing.
///
/// The order of the sums is fixed. A sum that probabilities are divided by runs by increasing index. The sum that
/// reaches `top_p` runs from the most likely character down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// The divisor of the logits. Below 1 it makes likely characters more likely, above 1 less likely. With 0 the most
    /// likely character is always chosen. The default is 1.
    pub temperature: f64,
    /// The number of characters that are kept, at least 1. The default keeps all.
    pub top_k: usize,
    /// The total probability that is kept, above 0 and at most 1. The default is 1.
    pub top_p: f64,
}

impl Default for Sampling {
    fn default() -> Self {
        Sampling { temperature: 1.0, top_k: usize::MAX, top_p: 1.0 }
    }
}

impl Sampling {
    /// The network's own distribution at this temperature.
    pub fn at_temperature(temperature: f64) -> Self {
        Sampling { temperature, ..Sampling::default() }
    }

    /// Checks that every number is in range.
    ///
    /// # Errors
    /// [`SettingError`] if the temperature is negative or not finite, `top_k` is 0, or `top_p` is not above 0 and at
    /// most 1.
    pub fn check(&self) -> Result<(), SettingError> {
        let Sampling { temperature, top_k, top_p } = *self;
        let (name, value, need) = if !(temperature >= 0.0 && temperature.is_finite()) {
            ("temperature", temperature.to_string(), "a number of at least 0")
        } else if top_k == 0 {
            ("top_k", top_k.to_string(), "a whole number of at least 1")
        } else if !(top_p > 0.0 && top_p <= 1.0) {
            ("top_p", top_p.to_string(), "a number above 0 and at most 1")
        } else {
            return Ok(());
        };
        Err(SettingError { name, value, need })
    }
}

/// The probabilities of the next character, as [`Sampling`] says.
#[derive(Clone)]
pub(crate) struct Choice {
    pub sampling: Sampling,
    /// K: the logits, then the probabilities.
    pub p: Vec<f64>,
    /// K indices, in the order in which the last choice left them.
    order: Vec<usize>,
}

impl Choice {
    /// For K characters, with the network's own distribution.
    pub fn new(K: usize) -> Result<Self, ShapeError> {
        let mut order = room(K)?;
        order.extend(0..K);
        Ok(Choice { sampling: Sampling::default(), p: zeros(K)?, order })
    }

    /// Replaces the logits in `p` by the probabilities with which the next character is drawn.
    pub fn choose(&mut self, level: Level) {
        let Choice { sampling: Sampling { temperature, top_k, top_p }, p, order } = self;
        if *temperature == 0.0 {
            let likeliest = likeliest(p);
            p.fill(0.0);
            p[likeliest] = 1.0;
            return;
        }
        if *temperature != 1.0 {
            // Differences first: however small the temperature, nothing becomes NaN.
            let largest = p[likeliest(p)];
            for o in &mut *p {
                *o = (*o - largest) / *temperature;
            }
        }
        level.softmax(p);
        let kept = keep_most_likely(p, order, *top_k);
        keep_nucleus(p, &mut order[..kept], *top_p);
    }
}

/// The index that a uniform draw `u` from [0, 1) chooses: the first at which the cumulative sum of `p` exceeds `u`. If
/// rounding leaves the whole sum at or below `u`, it is the last index whose probability is not 0.
///
/// # Panics
/// Panics if `p` is empty.
pub(crate) fn sample(p: &[f64], u: f64) -> usize {
    let mut cumulative = 0.0;
    for (index, p) in p.iter().enumerate() {
        cumulative += p;
        if cumulative > u {
            return index;
        }
    }
    p.iter().rposition(|&p| p > 0.0).unwrap_or(p.len() - 1)
}

/// Keeps the `top_k` most likely characters. Their indices are the first in `order` afterwards. Returns how many they
/// are.
fn keep_most_likely(p: &mut [f64], order: &mut [usize], top_k: usize) -> usize {
    if top_k >= p.len() {
        return p.len();
    }
    order.select_nth_unstable_by(top_k - 1, |&a, &b| by_likelihood(p, a, b));
    leave_out(p, &order[top_k..]);
    top_k
}

/// Keeps the most likely characters of `order`: as few as have a total probability of `top_p`.
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

/// Gives `others` a probability of 0, and divides the rest by their sum.
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
    use crate::inference::recurrence::Recurrence;
    use crate::network::parameters::Shape;
    use crate::network::rnn::Rnn;
    use crate::random::{Generator, Stream};

    fn network(sigma: f64) -> Rnn {
        Rnn::random(Shape::new(8, 6).unwrap(), sigma, 3).unwrap()
    }

    /// The logits of a network after a character that is read from `h0`.
    fn logits(rnn: &Rnn, h0: &[f64], character: usize) -> Vec<f64> {
        let mut o = vec![0.0; rnn.shape().K()];
        Recurrence::new(rnn, h0).unwrap().read(rnn, character, &mut o);
        o
    }

    /// The probabilities that are chosen from logits.
    fn chosen(logits: &[f64], sampling: Sampling) -> Vec<f64> {
        let mut choice = Choice { sampling, ..Choice::new(logits.len()).unwrap() };
        choice.p.copy_from_slice(logits);
        choice.choose(Level::chosen());
        choice.p
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
    fn temperature_sharpens_and_flattens() {
        let rnn = network(2.0);
        let o = logits(&rnn, &[0.3; 8], 1);
        let at = |temperature| chosen(&o, Sampling::at_temperature(temperature));
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
    fn twin(mut o: Vec<f64>, sampling: Sampling) -> Vec<f64> {
        let K = o.len();
        let largest = o.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if sampling.temperature != 1.0 {
            o = (o.iter().map(|o| (o - largest) / sampling.temperature)).collect();
        }
        Level::widest().softmax(&mut o);
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
        for sampling in CHOICES.map(sampling) {
            for level in Level::available() {
                let mut recurrence = Recurrence::new(&rnn, &[0.3; 8]).unwrap();
                recurrence.level = level;
                let mut choice = Choice { sampling, ..Choice::new(6).unwrap() };
                for character in [1, 5, 5, 0, 3, 2, 4] {
                    recurrence.read(&rnn, character, &mut choice.p);
                    let expected = twin(choice.p.clone(), sampling);
                    choice.choose(level);
                    assert_eq!(choice.p, expected, "{sampling:?}");
                    assert!((choice.p.iter().sum::<f64>() - 1.0).abs() < 1e-15);
                }
            }
        }
    }

    /// Five degrees of freedom at most: 25.7 is exceeded once in 10,000 times. What is left out never comes.
    #[test]
    fn characters_come_as_often_as_each_choice_says() {
        let o = logits(&network(1.0), &[0.0; 8], 2);
        for choice in CHOICES {
            let p = chosen(&o, sampling(choice));
            let (mut counts, draws) = ([0u32; 6], 50_000);
            let mut generator = Generator::new(12, Stream::Passage);
            for _ in 0..draws {
                counts[sample(&p, generator.uniform())] += 1;
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

    #[test]
    fn of_equals_the_lower_index_is_kept() {
        let kept = |c: &[f64], choice| {
            let p = chosen(c, sampling(choice));
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
            ((1.0, 0, 1.0), "top_k 0: "),
            ((1.0, 1, 0.0), "top_p 0: "),
            ((1.0, 1, 1.0 + f64::EPSILON), "top_p 1.0000000000000002: "),
            ((1.0, 1, f64::NAN), "top_p NaN: "),
        ] {
            let message = sampling(choice).check().unwrap_err().to_string();
            assert!(message.starts_with(name), "{message}");
        }
        for choice in CHOICES.into_iter().chain([(0.0, 1, f64::MIN_POSITIVE)]) {
            assert_eq!(sampling(choice).check(), Ok(()));
        }
    }
}
