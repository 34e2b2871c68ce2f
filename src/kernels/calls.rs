//! The kernels as methods of a level, on plain slices.

use super::elementary::{exp, ln, tanh};
use super::lanes::{F64x8, Kernel};
use super::level::Level;
use super::outer_products::outer_product_accumulate;
use super::products::{RowOrder, matvec, transposed_matvec_accumulate};
use super::rows::{Rows, RowsMut};
use super::softmax::{LogSumExp, Softmax};

/// # Kernels on plain slices
///
/// A matrix is row-major, without gaps. Slices may be empty, except the logits of a softmax. No term is skipped: 0
/// times infinity gives NaN in a product, too. All levels give the same bits, except that the sign and the payload of a
/// NaN may differ. To fuse several kernels into one, write a [`Kernel`].
impl Level {
    /// `y = A x`, for a matrix A of `y.len()` rows and `x.len()` columns.
    ///
    /// Entry i is `sum_j A_ij x_j`, computed in eight sums that begin at 0. Term j is added to sum j mod 8, by
    /// increasing j, as `s = fma(A_ij, x_j, s)`. Then the eight sums are added as
    /// `((s_0 + s_1) + (s_2 + s_3)) + ((s_4 + s_5) + (s_6 + s_7))`. An empty x gives zeros, and terms that are all -0
    /// give +0. A NaN in a row of A affects that entry only, a NaN in x all entries.
    ///
    /// `cargo bench --bench hot_loops -- Level::matvec` times it.
    ///
    /// # Panics
    /// Panics if A does not have `y.len() * x.len()` entries.
    ///
    /// # Examples
    /// A one-hot vector takes a column out of a matrix.
    /// ```
    /// use elman::Level;
    ///
    /// let U = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    /// let mut a = [0.0; 2];
    /// Level::chosen().matvec(&U, &[0.0, 0.0, 1.0], &mut a);
    /// assert_eq!(a, [3.0, 6.0]);
    /// ```
    #[track_caller]
    pub fn matvec(self, A: &[f64], x: &[f64], y: &mut [f64]) {
        assert_shape("matvec", A, y.len(), x.len());
        self.run(Matvec { A, x, y });
    }

    /// `y += A' x`, for a matrix A of `x.len()` rows and `y.len()` columns.
    ///
    /// Entry j becomes `y_j + sum_i A_ij x_i`. The sum starts from y_j and runs by increasing row:
    /// `s = fma(x_i, A_ij, s)`. With an empty x, y does not change. A NaN in a column of A affects that entry only, a
    /// NaN in x all entries.
    ///
    /// `cargo bench --bench hot_loops -- Level::transposed_matvec_accumulate` times it.
    ///
    /// # Panics
    /// Panics if A does not have `x.len() * y.len()` entries.
    ///
    /// # Examples
    /// The gradient of a loss flows back through `o = V h` to h.
    /// ```
    /// use elman::Level;
    ///
    /// let V = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    /// let mut dh = [10.0, 0.0, 0.0];
    /// Level::chosen().transposed_matvec_accumulate(&V, &[1.0, -1.0], &mut dh);
    /// assert_eq!(dh, [7.0, -3.0, -3.0]);
    /// ```
    #[track_caller]
    pub fn transposed_matvec_accumulate(self, A: &[f64], x: &[f64], y: &mut [f64]) {
        assert_shape("transposed_matvec_accumulate", A, x.len(), y.len());
        self.run(TransposedMatvecAccumulate { A, x, y });
    }

    /// `A += x y'`, for a matrix A of `x.len()` rows and `y.len()` columns.
    ///
    /// Each entry is rounded once: `A_ij = fma(x_i, y_j, A_ij)`. A NaN in x affects its row of A only, a NaN in y its
    /// column.
    ///
    /// `cargo bench --bench hot_loops -- Level::outer_product_accumulate` times it.
    ///
    /// # Panics
    /// Panics if A does not have `x.len() * y.len()` entries.
    ///
    /// # Examples
    /// The gradient in V sums `g_t h_t'` over the steps.
    /// ```
    /// use elman::Level;
    ///
    /// let mut dV = [0.0; 6];
    /// for (g, h) in [([1.0, -1.0], [0.5, 0.0, 0.25]), ([2.0, 0.0], [0.0, 1.0, 0.0])] {
    ///     Level::chosen().outer_product_accumulate(&g, &h, &mut dV);
    /// }
    /// assert_eq!(dV, [0.5, 2.0, 0.25, -0.5, 0.0, -0.25]);
    /// ```
    #[track_caller]
    pub fn outer_product_accumulate(self, x: &[f64], y: &[f64], A: &mut [f64]) {
        assert_shape("outer_product_accumulate", A, x.len(), y.len());
        self.run(OuterProductAccumulate { x, y, A });
    }

    /// Replaces each x_i by `tanh(x_i)`, with the bits of [`tanh`]: at most 1 ulp from the exact value.
    ///
    /// Zeros keep their sign, subnormal numbers stay as they are, the infinities become 1 and -1, and NaN stays NaN. The
    /// function is odd to the bit.
    ///
    /// `cargo bench --bench hot_loops -- Level::tanh` times it.
    ///
    /// # Examples
    /// From 20 on, tanh is 1 to the last bit; below 1e-8, it is its argument.
    /// ```
    /// use elman::Level;
    ///
    /// let mut h = [20.0, f64::NEG_INFINITY, 1e-9, -0.0];
    /// Level::chosen().tanh(&mut h);
    /// assert_eq!(h, [1.0, -1.0, 1e-9, -0.0]);
    /// ```
    pub fn tanh(self, x: &mut [f64]) {
        self.run(Tanh(x));
    }

    /// Replaces each x_i by `e^x_i`, with the bits of [`exp`]: at most 0.6 ulp from the exact value, or 0.8
    /// if the result is subnormal.
    ///
    /// Both zeros become 1. Minus infinity and numbers below -745.2 become 0. Infinity and numbers above 709.79 become
    /// infinity. NaN stays NaN.
    ///
    /// `cargo bench --bench hot_loops -- Level::exp` times it.
    ///
    /// # Examples
    /// A loss in nats is the logarithm of a perplexity.
    /// ```
    /// use elman::Level;
    ///
    /// let mut losses = [0.0, 1.0, f64::INFINITY, -1000.0];
    /// Level::chosen().exp(&mut losses);
    /// assert_eq!(losses, [1.0, std::f64::consts::E, f64::INFINITY, 0.0]);
    /// ```
    pub fn exp(self, x: &mut [f64]) {
        self.run(Exp(x));
    }

    /// Replaces each x_i by `ln(x_i)`, with the bits of [`ln`]: at most 0.6 ulp from the exact value.
    ///
    /// 1 becomes 0, both zeros become minus infinity, and infinity stays. Subnormal numbers are as exact as others.
    /// Negative numbers become NaN, and NaN stays NaN.
    ///
    /// `cargo bench --bench hot_loops -- Level::ln` times it.
    ///
    /// # Examples
    /// ```
    /// use elman::Level;
    ///
    /// let mut x = [1.0, 0.5, 0.0, -1.0];
    /// Level::chosen().ln(&mut x);
    /// assert_eq!(x[..3], [0.0, -std::f64::consts::LN_2, f64::NEG_INFINITY]);
    /// assert!(x[3].is_nan());
    /// ```
    pub fn ln(self, x: &mut [f64]) {
        self.run(Ln(x));
    }

    /// Replaces logits o by the probabilities `p_k = exp(o_k) / sum_j exp(o_j)`, and returns the logarithm of that sum.
    ///
    /// The largest logit is subtracted from all of them first, so nothing overflows. Term k of the sum goes to sum k mod 8,
    /// and the eight sums are added as in [`Level::matvec`]. Each exponential is then multiplied by the reciprocal of the
    /// sum.
    ///
    /// A logit that is smaller than the largest by 708 or more gets a probability of 0; minus infinity does, too. If a logit
    /// is NaN or infinity, or if all are minus infinity, then all probabilities and the loss are NaN.
    ///
    /// `cargo bench --bench hot_loops -- Level::softmax` times it.
    ///
    /// # Panics
    /// Panics if there are no logits.
    ///
    /// # Examples
    /// Logits whose exponentials overflow still give probabilities and a loss.
    /// ```
    /// use elman::Level;
    ///
    /// let mut o = [1000.0, 1000.0, -1000.0];
    /// let log_sum_exp = Level::chosen().softmax(&mut o);
    /// assert_eq!(o, [0.5, 0.5, 0.0]);
    /// assert_eq!(log_sum_exp.loss(1000.0), std::f64::consts::LN_2);
    /// assert_eq!(log_sum_exp.loss(-1000.0), 2000.0 + std::f64::consts::LN_2);
    /// ```
    #[track_caller]
    pub fn softmax(self, o: &mut [f64]) -> LogSumExp {
        assert!(!o.is_empty(), "softmax: no logits");
        self.run(Softmax(o))
    }
}

#[track_caller]
fn assert_shape(name: &str, A: &[f64], rows: usize, columns: usize) {
    let entries = A.len();
    let fits = rows.checked_mul(columns) == Some(entries);
    assert!(fits, "{name}: A has {entries} entries, which are not {rows} x {columns}");
}

struct Matvec<'a> {
    A: &'a [f64],
    x: &'a [f64],
    y: &'a mut [f64],
}

impl Kernel for Matvec<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        let Matvec { A, x, y } = self;
        let A = Rows::tight(A, y.len(), x.len());
        matvec::<F>(A, Rows::one(x), RowsMut::one(y), RowOrder::Ascending);
    }
}

struct TransposedMatvecAccumulate<'a> {
    A: &'a [f64],
    x: &'a [f64],
    y: &'a mut [f64],
}

impl Kernel for TransposedMatvecAccumulate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        let TransposedMatvecAccumulate { A, x, y } = self;
        let A = Rows::tight(A, x.len(), y.len());
        transposed_matvec_accumulate::<F>(A, x, y, RowOrder::Ascending);
    }
}

struct OuterProductAccumulate<'a> {
    x: &'a [f64],
    y: &'a [f64],
    A: &'a mut [f64],
}

impl Kernel for OuterProductAccumulate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        let OuterProductAccumulate { x, y, A } = self;
        let A = RowsMut::new(A, x.len(), y.len(), y.len());
        outer_product_accumulate::<F>(x, y, A);
    }
}

/// Kernels that apply a function to every entry.
macro_rules! elementwise {
    ($($Name:ident $function:ident;)*) => {$(
        struct $Name<'a>(&'a mut [f64]);

        impl Kernel for $Name<'_> {
            type Output = ();

            #[inline(always)]
            fn run<F: F64x8>(self) {
                for x in self.0.chunks_mut(8) {
                    $function(F::load_first(x)).store_first(x);
                }
            }
        }
    )*};
}
elementwise! { Tanh tanh; Exp exp; Ln ln; }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::twins::{self, numbers, same};
    use crate::kernels::{Number, exp_at_most_0};
    use std::panic::catch_unwind;

    /// Zeros, subnormal numbers, factors whose products overflow and underflow, and what is not finite.
    const SPECIAL: [f64; 15] = [
        0.0,
        -0.0,
        f64::MIN_POSITIVE,
        -f64::MIN_POSITIVE / 3.0,
        f64::from_bits(1),
        -1e-310,
        1e-160,
        -1e-200,
        1e200,
        -1e160,
        f64::MAX,
        f64::MIN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];

    /// One of nine is special, so that many sums of several terms are numbers.
    fn with_special(count: usize, seed: usize) -> Vec<f64> {
        let mut values = numbers(count, seed);
        for (i, x) in values.iter_mut().enumerate() {
            let choice = (i * 7919 + seed * 104_729) % 1009 % (9 * SPECIAL.len());
            *x = SPECIAL.get(choice).copied().unwrap_or(*x);
        }
        values
    }

    /// Ordinary numbers, and some that are not.
    const VALUES: [fn(usize, usize) -> Vec<f64>; 2] = [numbers, with_special];

    fn lengths() -> impl Iterator<Item = usize> {
        (0..=40).chain([63, 64, 65, 257, 1000])
    }

    fn shapes() -> impl Iterator<Item = (usize, usize)> {
        let small = (0..=40).flat_map(|rows| (0..=40).map(move |columns| (rows, columns)));
        small.chain([(1, 1000), (257, 100), (100, 257), (65, 512), (1000, 3)])
    }

    /// Hands every shape to `test`, with a matrix, a vector of a row for each and one of a column for each, and the level.
    fn at_every_level(test: impl Fn(Level, &[f64], &[f64], &[f64], &str)) {
        for values in VALUES {
            for (rows, columns) in shapes() {
                // Slices that begin anywhere.
                let offset = (rows + columns) % 5;
                let A = &values(offset + rows * columns, 1)[offset..];
                let (left, right) = (values(rows, 2), &values(offset + columns, 3)[offset..]);
                for level in Level::available() {
                    test(level, A, &left, right, &format!("{rows} x {columns}, {level:?}"));
                }
            }
        }
    }

    #[test]
    fn matvec_gives_the_bits_of_dot_products() {
        at_every_level(|level, A, left, x, what| {
            let row = |i: usize| &A[i * x.len()..][..x.len()];
            let expected: Vec<f64> = (0..left.len()).map(|i| twins::dot(row(i), x)).collect();
            let mut y = left.to_vec();
            level.matvec(A, x, &mut y);
            same(&y, &expected, what);
        });
    }

    #[test]
    fn transposed_matvec_accumulate_gives_the_bits_of_sums_over_rows() {
        at_every_level(|level, A, x, start, what| {
            let mut y = start.to_vec();
            level.transposed_matvec_accumulate(A, x, &mut y);
            same(&y, &twins::transposed(A, x, start), what);
        });
    }

    #[test]
    fn outer_product_accumulate_rounds_each_entry_once() {
        at_every_level(|level, start, x, y, what| {
            let entry = |(k, &a): (usize, &f64)| x[k / y.len()].fma(y[k % y.len()], a);
            let expected: Vec<f64> = start.iter().enumerate().map(entry).collect();
            let mut A = start.to_vec();
            level.outer_product_accumulate(x, y, &mut A);
            same(&A, &expected, what);
        });
    }

    type Call = fn(Level, &mut [f64]);
    type Function = fn(f64) -> f64;

    /// The calls for all entries of a slice, and the functions of one number.
    const ELEMENTWISE: [(&str, Call, Function); 3] =
        [("tanh", Level::tanh, tanh), ("exp", Level::exp, exp), ("ln", Level::ln, ln)];

    #[test]
    fn elementwise_calls_give_the_bits_of_the_functions_of_one_number() {
        for (name, call, function) in ELEMENTWISE {
            for (values, length) in VALUES.iter().flat_map(|v| lengths().map(move |n| (v, n))) {
                let x: Vec<f64> =
                    (0..8).flat_map(|seed| values(length, seed)).map(|x| 50.0 * x).collect();
                for x in x.chunks(length.max(1)) {
                    let expected: Vec<f64> = x.iter().map(|&x| function(x)).collect();
                    for level in Level::available() {
                        let mut found = x.to_vec();
                        call(level, &mut found);
                        same(&found, &expected, &format!("{name}, {length} numbers, {level:?}"));
                    }
                }
            }
        }
    }

    /// As the documentation has them.
    #[test]
    fn special_values_are_the_same_in_every_lane() {
        let (inf, nan, tiny) = (f64::INFINITY, f64::NAN, f64::from_bits(1));
        let cases: [&[(f64, f64)]; 3] = [
            &[(0.0, 0.0), (-0.0, -0.0), (tiny, tiny), (-1e-310, -1e-310), (inf, 1.0), (-inf, -1.0)],
            &[(0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, 0.0), (709.79, inf), (-745.2, 0.0)],
            &[(1.0, 0.0), (0.0, -inf), (-0.0, -inf), (inf, inf), (-tiny, nan), (-inf, nan)],
        ];
        for ((name, call, _), cases) in ELEMENTWISE.into_iter().zip(cases) {
            for &(x, expected) in cases.iter().chain(&[(nan, nan)]) {
                for (level, lane) in Level::available().flat_map(|l| (0..11).map(move |i| (l, i))) {
                    let mut values = [0.75; 11];
                    values[lane] = x;
                    call(level, &mut values);
                    same(&[values[lane]], &[expected], &format!("{name}({x:e}), {level:?}"));
                    let other = values[(lane + 1) % 11];
                    assert!(other.is_finite(), "{name} beside {x:e}, {level:?}");
                }
            }
        }
        let mut limits = [709.78, -745.1];
        Level::widest().exp(&mut limits);
        assert!(limits[0] < inf && limits[1] > 0.0);
    }

    #[test]
    fn softmax_gives_the_bits_of_its_definition() {
        for values in VALUES {
            for (length, seed) in lengths().skip(1).flat_map(|n| (0..6).map(move |s| (n, s))) {
                let o: Vec<f64> = values(length, seed).iter().map(|x| 50.0 * x).collect();
                check_softmax(&o);
            }
        }
        // Two zeros are the largest.
        check_softmax(&[-1.0, 0.0, -1.0, -2.0, -3.0, -4.0, -5.0, -6.0, -0.0, -7.0]);
    }

    fn check_softmax(o: &[f64]) {
        let (p, expected) = twins::softmax(o);
        let at_baseline = Level::BASELINE.softmax(&mut o.to_vec());
        for level in Level::available() {
            let what = format!("{o:?}, {level:?}");
            let mut found = o.to_vec();
            let log_sum_exp = level.softmax(&mut found);
            same(&found, &p, &what);
            same(&[log_sum_exp.rest], &[expected.rest], &what);
            // The definition does not say which of two zeros is larger; all levels do.
            same(&[log_sum_exp.largest], &[at_baseline.largest], &what);
            same(&[log_sum_exp.largest + 0.0], &[expected.largest + 0.0], &what);
        }
    }

    #[test]
    fn softmax_shows_what_is_not_finite() {
        let (inf, nan) = (f64::INFINITY, f64::NAN);
        for level in Level::available() {
            let mut o = [0.0, -inf, 0.0, -708.0, -707.9];
            assert_eq!(level.softmax(&mut o).loss(-inf), inf);
            let smallest = 0.5 * exp_at_most_0(-707.9);
            assert_eq!(o, [0.5, 0.0, 0.5, 0.0, smallest]);
            for logits in [[0.0, nan], [nan, 0.0], [0.0, inf], [inf, inf], [-inf, -inf]] {
                let mut o = logits;
                let log_sum_exp = level.softmax(&mut o);
                assert!(o.iter().all(|p| p.is_nan()), "{logits:?}, {level:?}");
                assert!(logits.iter().all(|&o| log_sum_exp.loss(o).is_nan()), "{logits:?}");
            }
        }
    }

    /// What the caller of `work` is told.
    fn refusal(work: fn()) -> String {
        let told = catch_unwind(work).unwrap_err();
        let literal = told.downcast_ref::<&str>().map(|told| told.to_string());
        literal.or_else(|| told.downcast_ref::<String>().cloned()).unwrap()
    }

    #[test]
    fn slices_that_do_not_fit_are_refused() {
        const L: Level = Level::BASELINE;
        let told = "A has 6 entries, which are not 2 x 2";
        assert_eq!(
            refusal(|| L.matvec(&[1.0; 6], &[1.0; 2], &mut [1.0; 2])),
            format!("matvec: {told}")
        );
        assert_eq!(
            refusal(|| L.transposed_matvec_accumulate(&[1.0; 6], &[1.0; 2], &mut [1.0; 2])),
            format!("transposed_matvec_accumulate: {told}")
        );
        assert_eq!(
            refusal(|| L.outer_product_accumulate(&[1.0; 2], &[1.0; 2], &mut [1.0; 6])),
            format!("outer_product_accumulate: {told}")
        );
        let told = "matvec: A has 1 entries, which are not 0 x 3";
        assert_eq!(refusal(|| L.matvec(&[1.0], &[1.0; 3], &mut [])), told);
        assert_eq!(refusal(|| assert!(L.softmax(&mut []).rest == 0.0)), "softmax: no logits");
    }
}
