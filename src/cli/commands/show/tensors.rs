//! The tensors of a model: a row for each, with its shape and its size.

use super::rows::NAMES;
use crate::cli::run::inputs::ModelFile;
use elman::internals::array::Array;
use elman::internals::tensors;

/// A hidden unit beyond it hardly changes any more.
const SATURATED: f64 = 0.99;

pub struct Tensor {
    pub name: String,
    pub shape: Vec<usize>,
    pub smallest: f64,
    pub largest: f64,
    pub rms: f64,
}

/// All tensors, in the order of the file.
pub fn tensors(file: &ModelFile) -> Vec<Tensor> {
    let tensor = |array: Array| {
        let values = array.numbers().unwrap_or_default();
        let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let rms = rms(&values);
        Tensor { name: array.name.clone(), shape: array.shape.clone(), smallest, largest, rms }
    };
    tensors::tensors(&file.model).into_iter().map(tensor).collect()
}

/// The root mean square. The values are divided by the largest, so that no square overflows.
fn rms(values: &[f64]) -> f64 {
    let most = values.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    if most == 0.0 {
        return 0.0;
    }
    let squares = values.iter().map(|x| (x / most) * (x / most));
    most * (squares.sum::<f64>() / values.len() as f64).sqrt()
}

/// The fraction of the hidden state that is close to -1 or 1.
pub fn saturated(file: &ModelFile) -> f64 {
    let h = &file.model.state().h;
    let beyond = h.iter().filter(|h| h.abs() > SATURATED).count();
    beyond as f64 / h.len() as f64
}

/// A row for every tensor, then the fraction that is saturated, and the digest.
pub fn table(file: &ModelFile) -> String {
    let mut table = format!(
        "{:<NAMES$}{:<18}{:>12}{:>12}{:>12}\n",
        "tensor", "shape", "smallest", "largest", "rms"
    );
    for tensor in tensors(file) {
        let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
        table += &format!(
            "{:<NAMES$}{:<18}{:>12}{:>12}{:>12}\n",
            tensor.name,
            shape.join(" x "),
            short(tensor.smallest),
            short(tensor.largest),
            short(tensor.rms)
        );
    }
    let share = 100.0 * saturated(file);
    let digest = file.model.parameters().digest();
    table
        + &format!(
            "\n{:<NAMES$}{share:.1} % of h beyond {SATURATED}\n{:<NAMES$}{digest:016x}\n",
            "saturated", "digest"
        )
}

fn short(x: f64) -> String {
    match x.abs() {
        0.0 => "0".to_string(),
        1e-3..1e5 => format!("{x:.4}"),
        _ => format!("{x:.3e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_have_their_root_mean_square() {
        assert_eq!(rms(&[0.0, 0.0]), 0.0);
        assert_eq!(rms(&[3.0, -3.0]), 3.0);
        assert!((rms(&[1.0, 7.0]) - 5.0).abs() < 1e-14);
        assert_eq!(rms(&[1e300, -1e300]), 1e300);
        assert_eq!(rms(&[5e-324, 5e-324]), 5e-324);
    }

    #[test]
    fn short_numbers_fit_their_column() {
        for x in [0.0, -0.0, 1.0, -99_999.99, 1e-3, -1e-4, 1e300, -1e-300, 5e-324] {
            assert!(short(x).len() < 12, "{}", short(x));
        }
        assert_eq!(short(-1.5), "-1.5000");
        assert_eq!(short(1.25e-9), "1.250e-9");
    }
}
