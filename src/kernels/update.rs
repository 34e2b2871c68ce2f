//! What happens to a gradient before and while it changes a parameter.

/// Clips every entry to `[-limit, limit]`.
pub fn clip(values: &mut [f64], limit: f64) {
    for value in values {
        // Comparisons, not `min` and `max`: NaN stays NaN, so that the run can say so.
        let low = if *value < -limit { -limit } else { *value };
        *value = if low > limit { limit } else { low };
    }
}

/// One AdaGrad update, entry by entry: `G += g g`, then `theta -= (eta g) / sqrt(G + epsilon)`.
///
/// An entry whose gradient is 0 keeps both its bits.
///
/// # Panics
/// Where the lengths differ.
pub fn adagrad(theta: &mut [f64], G: &mut [f64], g: &[f64], eta: f64, epsilon: f64) {
    assert!(
        theta.len() == g.len() && G.len() == g.len(),
        "adagrad: lengths"
    );
    for ((theta, G), &g) in theta.iter_mut().zip(G).zip(g) {
        *G += g * g;
        *theta -= (eta * g) / (*G + epsilon).sqrt();
    }
}
