//! The loops in which a search spends its time, over eight numbers at a time.

use crate::kernels::{F64x8, Kernel, Level, exp, tanh};

/// Replaces each number by its exponential.
pub(super) fn exp_of_each(x: &mut [f64]) {
    Level::chosen().run(Exp(x));
}

/// Replaces each number by its hyperbolic tangent.
pub(super) fn tanh_of_each(x: &mut [f64]) {
    Level::chosen().run(Tanh(x));
}

/// `sum += A x`, from the columns of A.
pub(super) fn add_product(sum: &mut [f64], columns: &[f64], x: &[f64]) {
    assert_eq!(columns.len(), sum.len() * x.len(), "columns");
    Level::chosen().run(AddProduct { sum, columns, x });
}

struct Exp<'a>(&'a mut [f64]);

impl Kernel for Exp<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        for x in self.0.chunks_mut(8) {
            exp(F::load_first(x)).store_first(x);
        }
    }
}

struct Tanh<'a>(&'a mut [f64]);

impl Kernel for Tanh<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        for x in self.0.chunks_mut(8) {
            tanh(F::load_first(x)).store_first(x);
        }
    }
}

struct AddProduct<'a> {
    sum: &'a mut [f64],
    columns: &'a [f64],
    x: &'a [f64],
}

impl Kernel for AddProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        let AddProduct { sum, columns, x } = self;
        let length = sum.len();
        let mut at = 0;
        while at < length {
            let mut eight = F::load_first(&sum[at..]);
            let mut column = 0;
            while column < x.len() {
                // The lanes after the end of a column are not stored.
                let entries = F::load_first(&columns[column * length + at..]);
                eight = eight + entries * F::splat(x[column]);
                column += 1;
            }
            eight.store_first(&mut sum[at..]);
            at += 8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plain loops, to the bit, for lengths around eight.
    #[test]
    fn eight_at_a_time_are_as_one_by_one() {
        let number = |i: usize| ((i * 37 + 11) % 101) as f64 / 50.5 - 1.0;
        for length in [1, 5, 7, 8, 9, 16, 19] {
            let x: Vec<f64> = (0..length).map(number).collect();
            let (mut exps, mut tanhs) = (x.clone(), x.clone());
            exp_of_each(&mut exps);
            tanh_of_each(&mut tanhs);
            assert_eq!(exps, x.iter().map(|&x| exp(x)).collect::<Vec<f64>>());
            assert_eq!(tanhs, x.iter().map(|&x| tanh(x)).collect::<Vec<f64>>());
            for count in [0, 1, 6] {
                let columns: Vec<f64> = (0..length * count).map(|i| number(3 * i)).collect();
                let factors: Vec<f64> = (0..count).map(|i| number(7 * i + 1)).collect();
                let (mut sum, mut expected) = (x.clone(), x.clone());
                add_product(&mut sum, &columns, &factors);
                for (column, factor) in columns.chunks(length).zip(&factors) {
                    expected.iter_mut().zip(column).for_each(|(sum, entry)| *sum += entry * factor);
                }
                assert_eq!(sum, expected, "{length} x {count}");
            }
        }
    }
}
