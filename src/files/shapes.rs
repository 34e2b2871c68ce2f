//! The shapes of U, W, V, b and c. All of them together show which array is transposed, and which has another size.

use crate::files::error::FileError;
use crate::files::refusals::{matrix, wrong_shape, wrong_type};
use crate::formats::array::Array;
use crate::formats::names::shown;
use crate::network::parameters::Shape;

/// U, W and V, and the vectors whose sums are b and c.
#[derive(Clone, Copy)]
pub(super) struct Five<'a, 'b> {
    pub U: &'a Array<'b>,
    pub W: &'a Array<'b>,
    pub V: &'a Array<'b>,
    pub b: &'a [Array<'b>],
    pub c: &'a [Array<'b>],
}

/// The shape of a network with these weights.
///
/// W, which is square, gives m. K is what the majority of U, V and c have. If these do not decide, U gives both.
pub(super) fn shape_of(weights: Five) -> Result<Shape, FileError> {
    let judged = judged(weights);
    let [m, K] = judged.map_or_else(|| matrix(weights.U), Ok)?;
    let shape = Shape::new(m, K)?;
    let matrices = [(weights.U, [m, K]), (weights.W, [m, m]), (weights.V, [K, m])];
    for (array, _) in matrices {
        require_numbers(array)?;
    }
    let is_turned = |array: &Array, [rows, columns]: [usize; 2]| {
        judged.is_some() && rows != columns && array.shape == [columns, rows]
    };
    match [matrices[0], matrices[2]].map(|(array, need)| is_turned(array, need)) {
        [false, false] => {}
        turned => return Err(turn(weights, shape, turned)),
    }
    for (array, need) in matrices {
        if array.shape != need {
            return Err(wrong_shape(array, &need));
        }
    }
    weights.b.iter().try_for_each(|bias| require_vector(bias, m))?;
    weights.c.iter().try_for_each(|bias| require_vector(bias, K))?;
    Ok(shape)
}

/// m and K, if W is square, b does not contradict it, and two of U, V and c have the same K.
fn judged(weights: Five) -> Option<[usize; 2]> {
    let [m, columns] = weights.W.shape[..].try_into().ok()?;
    // The dimension of U or V beside m.
    let beside = |array: &Array| match array.shape[..] {
        [K, other] | [other, K] if other == m => Some(K),
        _ => None,
    };
    let of_vector = |bias: &Array| is_vector(bias).then(|| bias.shape.iter().product::<usize>());
    let said = [beside(weights.U), beside(weights.V), weights.c.first().and_then(of_vector)];
    let count = |K: usize| said.iter().filter(|&&said| said == Some(K)).count();
    let K = said.into_iter().flatten().find(|&K| count(K) > 1)?;
    let is_told = m == columns && weights.b.iter().all(|bias| of_vector(bias) == Some(m));
    is_told.then_some([m, K])
}

/// The error that says which of U and V are transposed.
fn turn(weights: Five, shape: Shape, [U, V]: [bool; 2]) -> FileError {
    let name = |array: &Array| shown(&array.name);
    let (m, W) = (shape.m(), name(weights.W));
    let why = |array: &Array| {
        let [rows, columns] = [0, 1].map(|axis| array.shape[axis]);
        format!("({rows} x {columns}; {W}, which is square, tells m = {m})")
    };
    let of_U = format!("{} is K x m where m x K is needed", name(weights.U));
    let of_V = format!("{} is m x K where K x m is needed", name(weights.V));
    let message = match (U, V) {
        (true, false) => format!("{of_U} {}: save its transpose", why(weights.U)),
        (false, true) => format!("{of_V} {}: save its transpose", why(weights.V)),
        // Then it computes h W, not W h, and the shape of W cannot tell.
        _ => format!(
            "{of_U} {}, and {of_V}: save the transposes of both, and of {W} too if the program computes h W",
            why(weights.U)
        ),
    };
    message.into()
}

/// Whether an array is a vector: with one dimension, or a row or a column.
fn is_vector(array: &Array) -> bool {
    matches!(array.shape[..], [_] | [_, 1] | [1, _])
}

fn require_vector(array: &Array, length: usize) -> Result<(), FileError> {
    require_numbers(array)?;
    let is_right = is_vector(array) && array.shape.iter().product::<usize>() == length;
    if is_right { Ok(()) } else { Err(wrong_shape(array, &[length])) }
}

/// Refuses an array without floating-point numbers.
fn require_numbers(array: &Array) -> Result<(), FileError> {
    let is_float = array.kind.is_float();
    if is_float { Ok(()) } else { Err(wrong_type(array, "F64, F32, F16 or BF16")) }
}
