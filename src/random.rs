//! Reproducible random numbers: one generator, with a separate stream for every purpose.
//!
//! The generator is xoshiro256++ (David Blackman and Sebastiano Vigna, 2019), seeded by SplitMix64 as its authors
//! advise. A stream depends only on the seed, its purpose and a number. So what a run prints, and how often, never
//! changes what it learns.

use crate::kernels::ln;

/// The purpose of random numbers. Each purpose has its own stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The parameters before the first update.
    Initialization,
    /// The sample in the report of this update.
    Report(u64),
    /// The final passage, and samples from a trained model.
    Passage,
    /// The order in which a text is read: the chunks of this epoch, or the positions of this update.
    Order(u64),
}

/// A generator of random numbers: xoshiro256++, with a period of 2^256 - 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generator {
    state: [u64; 4],
}

impl Generator {
    /// The generator of one stream.
    ///
    /// ```
    /// use elman::random::{Generator, Stream};
    /// let mut a = Generator::new(1, Stream::Passage);
    /// let mut b = Generator::new(1, Stream::Report(0));
    /// assert_ne!(a.next_u64(), b.next_u64());
    /// ```
    pub fn new(seed: u64, stream: Stream) -> Self {
        let (purpose, number) = match stream {
            Stream::Initialization => (0, 0),
            Stream::Report(update) => (1, update),
            Stream::Passage => (2, 0),
            Stream::Order(number) => (3, number),
        };
        // Each part is mixed before the next is added, so that no two streams are shifts of
        // one another.
        let mut mixer = SplitMix64(seed);
        for part in [purpose, number] {
            mixer = SplitMix64(mixer.next_u64() ^ part);
        }
        Generator { state: std::array::from_fn(|_| mixer.next_u64()) }
    }

    /// The state of the generator. [`Generator::from_state`] continues from it.
    ///
    /// ```
    /// use elman::random::{Generator, Stream};
    /// let mut generator = Generator::new(1, Stream::Passage);
    /// generator.next_u64();
    /// let later = Generator::from_state(generator.state());
    /// assert_eq!(later, Some(generator));
    /// ```
    pub fn state(&self) -> [u64; 4] {
        self.state
    }

    /// The generator with this state. `None` for four zeros, which are no state of a generator.
    pub fn from_state(state: [u64; 4]) -> Option<Self> {
        (state != [0; 4]).then_some(Generator { state })
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A number from [0, 1): one of the 2^53 multiples of 2^-53, all equally likely.
    pub fn uniform(&mut self) -> f64 {
        const UNIT: f64 = 1.0 / (1u64 << 53) as f64;
        (self.next_u64() >> 11) as f64 * UNIT
    }

    /// A whole number from `0..bound`, all equally likely.
    ///
    /// It is the upper half of the product of `bound` and 64 random bits. The bits are drawn again if the lower half is
    /// one of the few that would make some numbers more likely (Daniel Lemire, 2019).
    ///
    /// # Panics
    /// Panics if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // 2^64 modulo the bound.
        let too_many = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            if product as u64 >= too_many {
                return (product >> 64) as u64;
            }
        }
    }

    /// Two independent draws from N(0, 1), by Marsaglia's polar method (1964).
    pub fn normal_pair(&mut self) -> [f64; 2] {
        loop {
            let x = 2.0 * self.uniform() - 1.0;
            let y = 2.0 * self.uniform() - 1.0;
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let scale = (-2.0 * ln(square) / square).sqrt();
                return [x * scale, y * scale];
            }
        }
    }

    /// Fills `values` with draws from N(0, sigma^2), in order.
    pub fn fill_normal(&mut self, values: &mut [f64], sigma: f64) {
        for pair in values.chunks_mut(2) {
            for (value, draw) in pair.iter_mut().zip(self.normal_pair()) {
                *value = sigma * draw;
            }
        }
    }
}

/// SplitMix64 (Sebastiano Vigna, 2015): spreads any 64 bits over the state of a generator.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the authors' C program, with the state 1, 2, 3, 4.
    #[test]
    fn xoshiro_gives_its_reference_vector() {
        let mut generator = Generator { state: [1, 2, 3, 4] };
        let expected: [u64; 10] = [
            41943041,
            58720359,
            3588806011781223,
            3591011842654386,
            9228616714210784205,
            9973669472204895162,
            14011001112246962877,
            12406186145184390807,
            15849039046786891736,
            10450023813501588000,
        ];
        assert_eq!(expected.map(|_| generator.next_u64()), expected);
    }

    /// From the author's C program, with the seed 1234567.
    #[test]
    fn split_mix_gives_its_reference_vector() {
        let mut mixer = SplitMix64(1234567);
        let expected: [u64; 5] = [
            6457827717110365317,
            3203168211198807973,
            9817491932198370423,
            4593380528125082431,
            16408922859458223821,
        ];
        assert_eq!(expected.map(|_| mixer.next_u64()), expected);
    }

    /// A million draws: each moment lies within five standard deviations of its estimator.
    #[test]
    fn normal_draws_have_the_moments_of_a_normal_distribution() {
        let count = 1_000_000;
        let mut values = vec![0.0; count];
        Generator::new(7, Stream::Initialization).fill_normal(&mut values, 1.0);
        let moment = |power: u32| {
            let total: f64 =
                values.iter().map(|x| (0..power).fold(1.0, |product, _| product * x)).sum();
            total / count as f64
        };
        let scale = 5.0 / (count as f64).sqrt();
        // Variances of x, x^2, x^3, x^4 for x from N(0, 1): 1, 2, 15, 96.
        assert!(moment(1).abs() < scale);
        assert!((moment(2) - 1.0).abs() < scale * 2f64.sqrt());
        assert!(moment(3).abs() < scale * 15f64.sqrt());
        assert!((moment(4) - 3.0).abs() < scale * 96f64.sqrt());
        let beyond = values.iter().filter(|x| x.abs() > 1.959963984540054).count() as f64;
        assert!((beyond / count as f64 - 0.05).abs() < scale * (0.05f64 * 0.95).sqrt());
    }

    /// A million pairs: the mean of the products lies within five of its standard deviations.
    #[test]
    fn the_draws_of_a_pair_are_independent() {
        let count = 1_000_000;
        let mut generator = Generator::new(7, Stream::Initialization);
        let products = (0..count).map(|_| generator.normal_pair().iter().product::<f64>());
        let mean = products.sum::<f64>() / f64::from(count);
        assert!(mean.abs() < 5.0 / f64::from(count).sqrt(), "{mean}");
    }

    #[test]
    fn sigma_scales_every_draw() {
        let mut unit = [0.0; 7];
        let mut scaled = [0.0; 7];
        Generator::new(3, Stream::Initialization).fill_normal(&mut unit, 1.0);
        Generator::new(3, Stream::Initialization).fill_normal(&mut scaled, 0.01);
        assert_eq!(unit.map(|x| 0.01 * x), scaled);
    }

    #[test]
    fn uniform_draws_fill_their_interval_evenly() {
        let mut generator = Generator::new(5, Stream::Passage);
        let mut bins = [0u32; 64];
        for _ in 0..64_000 {
            let u = generator.uniform();
            assert!((0.0..1.0).contains(&u));
            bins[(u * 64.0) as usize] += 1;
        }
        let chi_square: f64 = bins
            .iter()
            .map(|&count| (f64::from(count) - 1000.0) * (f64::from(count) - 1000.0) / 1000.0)
            .sum();
        // 63 degrees of freedom: 112 is exceeded once in 10,000 times.
        assert!(chi_square < 112.0, "chi-square {chi_square}");
    }

    #[test]
    fn whole_numbers_below_a_bound_are_equally_likely() {
        let mut generator = Generator::new(5, Stream::Order(0));
        for bound in [1, 2, 3, 7, 64, 100] {
            let mut bins = vec![0u32; bound as usize];
            for _ in 0..1000 * bound {
                bins[generator.below(bound) as usize] += 1;
            }
            let beyond = bins.iter().map(|&count| f64::from(count) - 1000.0);
            let chi_square = beyond.map(|beyond| beyond * beyond / 1000.0).sum::<f64>();
            // Its mean is bound - 1, its variance twice that: five of its standard deviations, and room for the skew
            // of the few.
            let freedom = bound as f64 - 1.0;
            let limit = freedom + 5.0 * (2.0 * freedom).sqrt() + 10.0;
            assert!(chi_square < limit, "{bound}: chi-square {chi_square}");
        }
    }

    /// Without drawing again, the lowest third of these would come twice as often as the rest.
    #[test]
    fn no_bound_is_so_large_that_some_numbers_are_likelier() {
        let bound = 3 << 62;
        let mut generator = Generator::new(5, Stream::Order(0));
        let mut bins = [0u32; 3];
        for _ in 0..30_000 {
            let drawn = generator.below(bound);
            assert!(drawn < bound);
            bins[(drawn % 3) as usize] += 1;
        }
        // Of 10,000 each: the standard deviation is below 82.
        assert!(bins.iter().all(|bin| bin.abs_diff(10_000) < 450), "{bins:?}");
    }

    #[test]
    fn uniform_draws_have_all_of_their_53_bits() {
        let mut generator = Generator::new(5, Stream::Passage);
        let multiples: Vec<f64> =
            (0..64).map(|_| generator.uniform() * (1u64 << 53) as f64).collect();
        assert!(multiples.iter().all(|multiple| multiple.fract() == 0.0));
        assert!(multiples.iter().any(|multiple| multiple % 2.0 == 1.0));
    }

    /// A seed means the same numbers in every version, so that runs can be repeated.
    #[test]
    fn streams_begin_as_they_always_did() {
        let first = |stream| Generator::new(1, stream).next_u64();
        assert_eq!(first(Stream::Initialization), 0x3f85_06cb_87cd_7d91);
        assert_eq!(first(Stream::Report(7)), 0x1be9_0c75_43e8_6ab9);
        assert_eq!(first(Stream::Passage), 0xbb61_66f9_f678_e6f5);
        assert_eq!(first(Stream::Order(7)), 0x22f7_efbf_88a0_7466);
    }

    #[test]
    fn streams_differ_by_seed_purpose_and_number() {
        let mut firsts: Vec<u64> = Vec::new();
        for seed in 0..20 {
            for stream in [Stream::Initialization, Stream::Passage] {
                firsts.push(Generator::new(seed, stream).next_u64());
            }
            for number in 0..20 {
                for stream in [Stream::Report(number), Stream::Order(number)] {
                    firsts.push(Generator::new(seed, stream).next_u64());
                }
            }
        }
        let count = firsts.len();
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), count);
    }

    /// Three draws of each, from an independent program in Python: SplitMix64 of the seed, xored with the number of the
    /// purpose, and that of the result with the number, seeds xoshiro256++.
    #[test]
    fn streams_are_seeded_as_they_are_defined() {
        for (seed, stream, expected) in [
            (
                0,
                Stream::Report(0),
                [0xbbff_a8ff_e929_e2d3, 0xefd6_cff7_897f_b2be, 0x303a_ded6_5023_e025],
            ),
            (
                42,
                Stream::Report(10_000),
                [0x1c2c_32fc_7bda_2127, 0x8e7c_ddd8_4a12_6a1a, 0x0777_65eb_2ef9_603f],
            ),
            (
                u64::MAX,
                Stream::Report(1 << 40),
                [0x6d0c_26d6_080d_e705, 0xb344_2e12_52c2_fee6, 0x6ef0_22ff_a164_e517],
            ),
            (
                42,
                Stream::Initialization,
                [0xeb42_c256_0e9f_46d3, 0xba04_0fc5_80df_f35f, 0x73f4_cc6d_f99d_830f],
            ),
            (
                42,
                Stream::Passage,
                [0x7202_3e56_f030_5473, 0xa5d4_588b_cb9a_9fa6, 0xcfcc_d88a_60ef_ea43],
            ),
            (
                42,
                Stream::Order(3),
                [0x2523_ea4c_1631_e9e5, 0xe1dc_3c9e_3384_1aa1, 0x730b_8e55_1921_fa78],
            ),
        ] {
            let mut generator = Generator::new(seed, stream);
            assert_eq!([0; 3].map(|_| generator.next_u64()), expected, "{seed} {stream:?}");
        }
    }
}
