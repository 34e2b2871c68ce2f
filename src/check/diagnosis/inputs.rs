//! The inputs of a worked case, read back from its arrays.

use crate::check::worked_case::letters;
use crate::formats::array::Array;
use crate::network::optimizer::{Optimizer, Rule};
use crate::network::parameters::{Parameters, Shape, Tensor};
use std::fmt;

/// The names of the parameters, in order.
pub(super) const NAMES: [&str; 5] = Tensor::NAMES;

/// The numbers from which all other arrays of a case can be computed.
#[derive(Clone, Debug)]
pub(super) struct CaseInputs {
    pub T: usize,
    /// The indices of the inputs.
    pub x: Vec<usize>,
    /// The indices of the targets.
    pub y: Vec<usize>,
    pub parameters: Parameters,
    pub h0: Vec<f64>,
    /// The divisor of the loss and the gradient: T if the loss is a mean, otherwise 1.
    pub divisor: f64,
    /// Adam's m; zeros for another optimizer.
    pub averages: [Vec<f64>; 5],
    /// v, or AdaGrad's G.
    pub squares: [Vec<f64>; 5],
    pub rule: Rule,
}

impl CaseInputs {
    /// The entries of U, W, V, b or c.
    pub fn part(&self, part: usize) -> &[f64] {
        self.parameters.tensors().into_array()[part]
    }

    /// Reads them from the arrays of a case.
    pub fn from_arrays(arrays: &[Array]) -> Result<Self, CaseError> {
        let arrays = Arrays(arrays);
        let U = arrays.find("U")?;
        let [m, K] = U.shape[..] else {
            return Err(CaseError::shape(U));
        };
        let (inputs, targets) = (arrays.indices("inputs", K)?, arrays.indices("targets", K)?);
        if inputs.len() != targets.len() || inputs.is_empty() || m == 0 {
            return Err(CaseError::shape(arrays.find("targets")?));
        }
        // They are compared with passes of this length.
        arrays.numbers("h", &[inputs.len(), m])?;
        arrays.numbers("p", &[inputs.len(), K])?;
        let rule = arrays.rule()?;
        let parts = arrays.parts("", m, K)?;
        let memory = letters(rule.optimizer);
        let shape = Shape::new(m, K).map_err(|_| CaseError::shape(U))?;
        let mut parameters = Parameters::zeros(shape).map_err(|_| CaseError::shape(U))?;
        parameters.values_mut().copy_from_slice(&parts.concat());
        Ok(CaseInputs {
            averages: match memory {
                [first, _] => arrays.parts(first, m, K)?,
                _ => parts.map(|part| vec![0.0; part.len()]),
            },
            squares: arrays.parts(memory[memory.len() - 1], m, K)?,
            h0: arrays.numbers("h0", &[m])?,
            divisor: arrays.number_or("divisor", 1.0)?,
            T: inputs.len(),
            x: inputs,
            y: targets,
            parameters,
            rule,
        })
    }
}

/// Why some arrays are not a worked case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseError(String);

impl CaseError {
    /// The shape of an array does not fit the others.
    pub(super) fn shape(array: &Array) -> Self {
        CaseError(format!("{} has the shape {}", array.name, PythonShape(&array.shape)))
    }

    /// An array holds other numbers than a case, or none.
    fn numbers(array: &Array) -> Self {
        CaseError(format!("{} holds other numbers", array.name))
    }
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a case of elman check --write-case: {}", self.0)
    }
}

impl std::error::Error for CaseError {}

/// A shape, displayed as Python writes it: `(5,)`.
#[derive(Clone, Copy, Debug)]
pub struct PythonShape<'a>(pub &'a [usize]);

impl fmt::Display for PythonShape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths: Vec<String> = self.0.iter().map(usize::to_string).collect();
        let comma = if lengths.len() == 1 { "," } else { "" };
        write!(f, "({}{comma})", lengths.join(", "))
    }
}

/// Finds arrays by name.
struct Arrays<'a>(&'a [Array<'a>]);

impl Arrays<'_> {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|array| array.name == name)
    }

    fn find(&self, name: &str) -> Result<&Array<'_>, CaseError> {
        let array = self.0.iter().find(|array| array.name == name);
        array.ok_or_else(|| CaseError(format!("{name} is missing")))
    }

    fn numbers(&self, name: &str, shape: &[usize]) -> Result<Vec<f64>, CaseError> {
        let array = self.find(name)?;
        let numbers = array.numbers().ok_or_else(|| CaseError::numbers(array))?;
        if array.shape == shape && numbers.len() == shape.iter().product::<usize>() {
            Ok(numbers.into_owned())
        } else {
            Err(CaseError::shape(array))
        }
    }

    fn number(&self, name: &str) -> Result<f64, CaseError> {
        self.numbers(name, &[]).map(|one| one[0])
    }

    /// A number that only some cases have; `other` in those that lack it.
    fn number_or(&self, name: &str, other: f64) -> Result<f64, CaseError> {
        if self.has(name) { self.number(name) } else { Ok(other) }
    }

    /// Whole numbers below K.
    fn indices(&self, name: &str, K: usize) -> Result<Vec<usize>, CaseError> {
        let array = self.find(name)?;
        let index = |&x: &f64| (x >= 0.0 && x < K as f64 && x.fract() == 0.0).then_some(x as usize);
        let numbers = self.numbers(name, &array.shape)?;
        let indices: Option<Vec<usize>> = numbers.iter().map(index).collect();
        indices.ok_or_else(|| CaseError::numbers(array))
    }

    /// The arrays of the five parameters, by the letters before their names.
    fn parts(&self, before: &str, m: usize, K: usize) -> Result<[Vec<f64>; 5], CaseError> {
        let shapes = [&[m, K][..], &[m, m], &[K, m], &[m], &[K]];
        let mut parts: [Vec<f64>; 5] = Default::default();
        for ((part, name), shape) in parts.iter_mut().zip(NAMES).zip(shapes) {
            *part = self.numbers(&format!("{before}{name}"), shape)?;
        }
        Ok(parts)
    }

    /// The optimizer that the case names, and its numbers.
    fn rule(&self) -> Result<Rule, CaseError> {
        let (has_m, has_v) = (self.has("m_U"), self.has("v_U"));
        let name = match self.find("optimizer") {
            Ok(array) => array.characters().collect(),
            // Cases of the first versions do not name it.
            Err(_) => (if has_m {
                "adam"
            } else if has_v {
                "rmsprop"
            } else {
                "adagrad"
            })
            .to_string(),
        };
        let optimizer = Optimizer::named(&name);
        let optimizer = optimizer.ok_or_else(|| CaseError(format!("no optimizer is {name:?}")))?;
        let mut rule = Rule {
            optimizer,
            clip: self.number_or("clip", f64::INFINITY)?,
            eta: self.number("eta")?,
            epsilon: self.number("epsilon")?,
            t: 1,
        };
        match &mut rule.optimizer {
            Optimizer::AdaGrad => {}
            Optimizer::Adam { beta1, beta2 } => {
                (*beta1, *beta2) = (self.number("beta1")?, self.number("beta2")?);
                let t = self.number("t")?;
                if t < 1.0 || t.fract() != 0.0 {
                    return Err(CaseError::numbers(self.find("t")?));
                }
                rule.t = t as u64;
            }
            Optimizer::RmsProp { beta2 } => *beta2 = self.number("beta2")?,
        }
        Ok(rule)
    }
}
