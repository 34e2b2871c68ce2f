//! The dimensions of the parameters in a file.

/// The dimensions of U, W, V, b or c in a file: one for b and c, two for the matrices.
pub(crate) fn dimensions(name: &str, rows: usize, columns: usize) -> Vec<usize> {
    match name {
        "b" | "c" => vec![rows],
        _ => vec![rows, columns],
    }
}
