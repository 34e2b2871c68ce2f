//! The name that the case has for an array, and whether the array is transposed.

use super::inputs::NAMES;
use crate::network::parameters::Tensor;

/// The names in the case that a name may stand for: the name itself or, if it is one of Andrej Karpathy's program, ours:
/// U for Wxh, and so on.
pub(super) fn known_as(name: &str, known: &[&str]) -> Vec<String> {
    if known.contains(&name) {
        return vec![name.to_string()];
    }
    let others = Tensor::OTHER_NAMES.into_iter().zip(NAMES);
    let spelled = others.filter_map(|(other, ours)| {
        let (before, after) = name.split_once(other)?;
        // The memory of AdaGrad is mWxh there, before an update and after it.
        let before = before.trim_end_matches('_');
        let letters = [before.to_string(), format!("{before}_"), "G_".to_string()];
        let letters = match before {
            "" | "d" => letters[..1].to_vec(),
            "G" => letters[1..2].to_vec(),
            "m" | "mem" | "v" => letters.to_vec(),
            _ => vec![],
        };
        let names = letters.iter().flat_map(|letter| {
            let plain = format!("{letter}{ours}{after}");
            let memory = (!before.is_empty() && before != "d").then(|| format!("{plain}_after"));
            [Some(plain), memory].into_iter().flatten()
        });
        Some(names.filter(|name| known.contains(&name.as_str())).collect::<Vec<String>>())
    });
    spelled.flatten().collect()
}

/// How the shape of an array compares with that of the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lie {
    /// The shapes agree.
    Straight,
    /// The array is transposed, as its shape shows.
    Turned,
    /// It is a square matrix, whose shape does not show whether it is transposed.
    Either,
    /// The shape is another.
    Other,
}

/// Compares two shapes. A row or a column counts as a vector.
pub(super) fn lie(found: &[usize], need: &[usize]) -> Lie {
    let (found, need) = (without_ones(found), without_ones(need));
    match (&found[..], &need[..]) {
        (&[n, k], &[rows, columns]) if n == k && rows == columns && n == rows => Lie::Either,
        (found, need) if found == need => Lie::Straight,
        (&[n, k], &[rows, columns]) if [n, k] == [columns, rows] => Lie::Turned,
        _ => Lie::Other,
    }
}

/// A shape without its lengths of 1.
pub(super) fn without_ones(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|&length| length != 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_are_known() {
        let known = ["U", "c", "dU", "db", "dW_numerical", "G_U", "G_U_after", "V_after", "m_b"];
        for (name, expected) in [
            ("U", vec!["U"]),
            ("Wxh", vec!["U"]),
            ("by", vec!["c"]),
            ("dWxh", vec!["dU"]),
            ("dbh", vec!["db"]),
            ("dWhh_numerical", vec!["dW_numerical"]),
            ("Why_after", vec!["V_after"]),
            ("mWxh", vec!["G_U", "G_U_after"]),
            ("G_Wxh_after", vec!["G_U_after"]),
            ("m_bh", vec!["m_b"]),
            ("Whh", vec![]),
            ("baby", vec![]),
            ("dX", vec![]),
        ] {
            assert_eq!(known_as(name, &known), expected, "{name}");
        }
    }

    #[test]
    fn shapes_tell_which_way_round() {
        for (found, need, expected) in [
            (&[5, 70][..], &[5, 70][..], Lie::Straight),
            (&[70, 5], &[5, 70], Lie::Turned),
            (&[5, 5], &[5, 5], Lie::Either),
            (&[1, 5], &[5], Lie::Straight),
            (&[5, 1], &[5], Lie::Straight),
            (&[1, 70, 5], &[5, 70], Lie::Turned),
            (&[25], &[5, 5], Lie::Other),
            (&[], &[], Lie::Straight),
        ] {
            assert_eq!(lie(found, need), expected, "{found:?} {need:?}");
        }
    }
}
