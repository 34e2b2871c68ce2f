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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipping_keeps_what_is_within_the_limit() {
        let mut values = [
            -5.1,
            -5.0,
            -0.0,
            4.9,
            5.0,
            7.0,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ];
        clip(&mut values, 5.0);
        assert_eq!(values, [-5.0, -5.0, -0.0, 4.9, 5.0, 5.0, 5.0, -5.0]);
        let mut nan = [f64::NAN];
        clip(&mut nan, 5.0);
        assert!(nan[0].is_nan());
    }

    #[test]
    fn adagrad_is_its_definition_to_the_bit() {
        for length in 0..40 {
            let number = |i: usize, a: f64| (i as f64 - 17.3) * a;
            let theta: Vec<f64> = (0..length).map(|i| number(i, 0.1)).collect();
            let G: Vec<f64> = (0..length)
                .map(|i| number(i, 0.3) * number(i, 0.3))
                .collect();
            let g: Vec<f64> = (0..length).map(|i| number(i, -0.07)).collect();
            let (mut our_theta, mut our_G) = (theta.clone(), G.clone());
            adagrad(&mut our_theta, &mut our_G, &g, 0.1, 1e-8);
            for i in 0..length {
                let sum = G[i] + g[i] * g[i];
                assert_eq!(our_G[i], sum);
                assert_eq!(our_theta[i], theta[i] - (0.1 * g[i]) / (sum + 1e-8).sqrt());
            }
        }
    }

    #[test]
    fn a_gradient_of_0_changes_nothing() {
        let (mut theta, mut G) = ([0.3, -0.0], [0.0, 2.0]);
        adagrad(&mut theta, &mut G, &[0.0, 0.0], 0.1, 1e-8);
        assert_eq!(theta.map(f64::to_bits), [0.3f64, -0.0].map(f64::to_bits));
        assert_eq!(G, [0.0, 2.0]);
    }
}
