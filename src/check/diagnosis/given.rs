//! What a worked case begins with, read from its arrays.

use super::CaseError;
use crate::check::worked_case::letters;
use crate::formats::array::Array;
use crate::network::optimizer::{Optimizer, Rule};

/// The parameters, in order.
pub(super) const NAMES: [&str; 5] = ["U", "W", "V", "b", "c"];

/// The numbers that a case begins with.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub m: usize,
    pub K: usize,
    pub inputs: Vec<usize>,
    pub targets: Vec<usize>,
    pub theta: [Vec<f64>; 5],
    pub h0: Vec<f64>,
    /// What the loss and the gradient are divided by: T where the loss is a mean, or 1.
    pub divisor: f64,
    /// Adam's m; zeros elsewhere.
    pub averages: [Vec<f64>; 5],
    /// v, or AdaGrad's G.
    pub squares: [Vec<f64>; 5],
    pub rule: Rule,
}

impl Given {
    /// From the arrays of a case.
    pub fn of(arrays: &[Array]) -> Result<Self, CaseError> {
        let arrays = Arrays(arrays);
        let U = arrays.find("U")?;
        let [m, K] = U.shape[..] else {
            return Err(wrong_shape(U));
        };
        let (inputs, targets) = (arrays.indices("inputs", K)?, arrays.indices("targets", K)?);
        if inputs.len() != targets.len() || inputs.is_empty() || m == 0 {
            return Err(wrong_shape(arrays.find("targets")?));
        }
        // As long as the passes that are made of it.
        arrays.numbers("h", &[inputs.len(), m])?;
        arrays.numbers("p", &[inputs.len(), K])?;
        let rule = arrays.rule()?;
        let theta = arrays.parts("", m, K)?;
        let memory = letters(rule.optimizer);
        Ok(Given {
            averages: match memory {
                [first, _] => arrays.parts(first, m, K)?,
                _ => theta.each_ref().map(|part| vec![0.0; part.len()]),
            },
            squares: arrays.parts(memory[memory.len() - 1], m, K)?,
            h0: arrays.numbers("h0", &[m])?,
            divisor: arrays.number_where(arrays.has("divisor"), "divisor", 1.0)?,
            m,
            K,
            inputs,
            targets,
            theta,
            rule,
        })
    }

    /// Steps.
    pub fn T(&self) -> usize {
        self.inputs.len()
    }
}

/// Arrays, asked for by name.
struct Arrays<'a>(&'a [Array<'a>]);

impl Arrays<'_> {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|array| array.name == name)
    }

    fn find(&self, name: &str) -> Result<&Array<'_>, CaseError> {
        let array = self.0.iter().find(|array| array.name == name);
        array.ok_or_else(|| CaseError::Missing {
            name: name.to_string(),
        })
    }

    fn numbers(&self, name: &str, shape: &[usize]) -> Result<Vec<f64>, CaseError> {
        let array = self.find(name)?;
        let numbers = array.numbers().ok_or_else(|| wrong_numbers(array))?;
        if array.shape == shape && numbers.len() == shape.iter().product::<usize>() {
            Ok(numbers.into_owned())
        } else {
            Err(wrong_shape(array))
        }
    }

    fn number(&self, name: &str) -> Result<f64, CaseError> {
        self.numbers(name, &[]).map(|one| one[0])
    }

    /// A number that only some cases have.
    fn number_where(&self, is_there: bool, name: &str, other: f64) -> Result<f64, CaseError> {
        if is_there {
            self.number(name)
        } else {
            Ok(other)
        }
    }

    /// Whole numbers below K.
    fn indices(&self, name: &str, K: usize) -> Result<Vec<usize>, CaseError> {
        let array = self.find(name)?;
        let index = |&x: &f64| (x >= 0.0 && x < K as f64 && x.fract() == 0.0).then_some(x as usize);
        let numbers = self.numbers(name, &array.shape)?;
        let indices: Option<Vec<usize>> = numbers.iter().map(index).collect();
        indices.ok_or_else(|| wrong_numbers(array))
    }

    /// What there is of each of the parameters, by the letter before their names.
    fn parts(&self, before: &str, m: usize, K: usize) -> Result<[Vec<f64>; 5], CaseError> {
        let shapes = [&[m, K][..], &[m, m], &[K, m], &[m], &[K]];
        let mut parts: [Vec<f64>; 5] = Default::default();
        for ((part, name), shape) in parts.iter_mut().zip(NAMES).zip(shapes) {
            *part = self.numbers(&format!("{before}{name}"), shape)?;
        }
        Ok(parts)
    }

    /// The one whose numbers are remembered.
    fn optimizer(&self) -> Optimizer {
        let is_there = |letter: &&str| self.has(&format!("{letter}U"));
        let is_whole = |optimizer: &Optimizer| letters(*optimizer).iter().all(is_there);
        (Optimizer::ALL.into_iter().find(is_whole)).unwrap_or_default()
    }

    fn rule(&self) -> Result<Rule, CaseError> {
        let mut optimizer = self.optimizer();
        let is_adam = matches!(optimizer, Optimizer::Adam { .. });
        let t = self.number_where(is_adam, "t", 1.0)?;
        if t < 1.0 || t.fract() != 0.0 {
            return Err(wrong_numbers(self.find("t")?));
        }
        match &mut optimizer {
            Optimizer::AdaGrad => {}
            Optimizer::Adam { beta1, beta2 } => {
                (*beta1, *beta2) = (self.number("beta1")?, self.number("beta2")?);
            }
            Optimizer::RmsProp { beta2 } => *beta2 = self.number("beta2")?,
        }
        Ok(Rule {
            optimizer,
            clip: self.number_where(self.has("clip"), "clip", f64::INFINITY)?,
            eta: self.number("eta")?,
            epsilon: self.number("epsilon")?,
            t: t as u64,
        })
    }
}

fn wrong_shape(array: &Array) -> CaseError {
    CaseError::WrongShape {
        name: array.name.clone(),
        found: array.shape.clone(),
    }
}

fn wrong_numbers(array: &Array) -> CaseError {
    CaseError::WrongNumbers {
        name: array.name.clone(),
    }
}
