//! What to say at the end of a run whose best model, or whose validation loss, is not what was hoped for.

use elman::internals::intervals::BEST_EVERY;
use elman::{Observation, Plan, Validation};

/// A validation loss that is so many times the smooth loss is far above it. On a text whose end is like its beginning, a
/// network that has learned no part of it by heart stays below 1.15.
const FAR: f64 = 1.25;

/// How a run ended.
pub struct Ending<'a> {
    /// What is known after the last update.
    pub last: &'a Observation,
    /// Whether these parameters compete for the best model. They always do where no text is held out.
    pub competes: bool,
    /// The updates of the best model, its smooth loss, and its validation loss where text is held out.
    pub best: u64,
    pub best_smooth_loss: Option<f64>,
    pub best_validation: Option<Validation>,
    /// Whether it began with the weights of another model.
    pub is_from: bool,
    pub plan: &'a Plan,
}

impl Ending<'_> {
    /// A line that says what is wrong and what to do about it; `None` if nothing is.
    pub fn advice(&self) -> Option<String> {
        let n = self.last.iteration;
        let is_lower = self.last.validation_loss < self.best_validation.map(|best| best.loss);
        let (why, what) = if is_lower && !self.competes {
            (
                format!(
                    "update {n} has a lower loss, but it is not a multiple of --report-every or --validate-every"
                ),
                "validate more often, with --validate-every",
            )
        } else if self.best == 0 && n > 0 {
            self.why_untrained()
        } else {
            return self.learned_by_heart();
        };
        let which = match self.best {
            0 if self.is_from => "the one that the run began with".to_string(),
            0 => "the untrained network".to_string(),
            best => format!("that of update {best}"),
        };
        let state = "model.safetensors has the last state";
        Some(format!("the best model is {which}: {why}; {what}; {state}"))
    }

    /// Why no update made a better network, and what to do about it.
    fn why_untrained(&self) -> (String, &'static str) {
        let holds_out = self.best_validation.is_some();
        let first = match (holds_out, self.plan.validate_every) {
            (false, _) => BEST_EVERY,
            (true, every) => self.plan.report_every.min(every.unwrap_or(u64::MAX)),
        };
        if self.last.iteration < first {
            let what = if holds_out {
                "train longer, with --iterations, or validate more often, with --validate-every"
            } else {
                "train longer, with --iterations"
            };
            return (format!("the first comparison with a later model is at update {first}"), what);
        }
        let what = match Some(self.last.smooth_loss) < self.best_smooth_loss {
            true if holds_out => {
                "the training loss fell, so what the network learned does not help on the held-out text: train on more \
                 text, or with fewer --hidden units, or hold out text that is more like the rest"
            }
            true => "train longer, with --iterations",
            false => {
                "the training loss did not fall either: train longer, with --iterations, or with a smaller \
                 --learning-rate"
            }
        };
        ("no later model was better".to_string(), what)
    }

    /// Whether the validation loss is far above the training loss, and what to do about it.
    fn learned_by_heart(&self) -> Option<String> {
        let Observation { smooth_loss, validation_loss, .. } = *self.last;
        let times = validation_loss? / smooth_loss;
        (times >= FAR).then(|| {
            let best = self.best;
            format!(
                "the validation loss is {times:.1} times the training loss: the network has memorized its text (overfitting), or the \
                 held-out text is of another kind; train on more text, with fewer --hidden units, or hold out text that is \
                 more like the rest; best.safetensors is the model with the lowest validation loss, from update {best}"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use elman::Settings;

    /// The advice of a run with these updates, and these smooth and validation losses of its end and its best model.
    fn advice(
        n: u64,
        best: u64,
        [smooth, best_smooth]: [f64; 2],
        held: Option<[f64; 2]>,
    ) -> String {
        let plan = Plan { report_every: 50, validate_every: Some(20), ..Plan::default() };
        let settings = Settings { sequence_length: 1, ..Settings::default() };
        let last = Observation {
            iteration: n,
            smooth_loss: smooth,
            validation_loss: held.map(|[loss, _]| loss),
            ..Observation::UNKNOWN
        };
        let ending = Ending {
            last: &last,
            competes: held.is_none() || n.is_multiple_of(50) || n.is_multiple_of(20),
            best,
            best_smooth_loss: Some(best_smooth),
            best_validation: held.map(|[_, best]| Validation::of(best, &settings)),
            is_from: false,
            plan: &plan,
        };
        ending.advice().unwrap_or_default()
    }

    /// What is wrong, and what to do about it.
    #[test]
    fn an_end_that_was_not_hoped_for_is_told_with_what_to_do() {
        let untrained = "the best model is the untrained network: ";
        let none = format!("{untrained}no later model was better; ");
        for (found, starts, holds) in [
            (advice(0, 0, [5.0, 5.0], None), "", ""),
            (advice(300, 200, [3.0, 4.0], None), "", ""),
            (advice(100, 100, [3.0, 4.0], Some([3.0, 3.1])), "", ""),
            (advice(99, 0, [4.0, 5.0], None), untrained, "at update 100; train longer"),
            (
                advice(100, 0, [5.0, 5.0], None),
                &none,
                "did not fall either: train longer, with --iterations, or with a smaller",
            ),
            (
                advice(19, 0, [4.0, 5.0], Some([6.0, 5.0])),
                untrained,
                "at update 20; train longer, with --iterations, or validate",
            ),
            (
                advice(20, 0, [4.0, 5.0], Some([6.0, 5.0])),
                &none,
                "train on more text, or with fewer --hidden units",
            ),
            (
                advice(20, 0, [9.0, 5.0], Some([9.0, 5.0])),
                &none,
                "or with a smaller --learning-rate",
            ),
            (
                advice(30, 0, [4.0, 5.0], Some([4.0, 5.0])),
                untrained,
                "update 30 has a lower loss, but it is not a multiple of",
            ),
            (
                advice(30, 20, [4.0, 5.0], Some([4.0, 5.0])),
                "the best model is that of update 20: update 30",
                "; validate more often, with --validate-every; model.safetensors has",
            ),
            (advice(40, 20, [4.0, 5.0], Some([4.99, 5.0])), "", ""),
            (
                advice(40, 20, [4.0, 5.0], Some([6.4, 5.0])),
                "the validation loss is 1.6 times the training loss: ",
                "fewer --hidden units",
            ),
            (
                advice(40, 20, [4.0, 5.0], Some([6.4, 5.0])),
                "the validation",
                "the lowest validation loss, from update 20",
            ),
        ] {
            assert_eq!(found.is_empty(), starts.is_empty(), "{found}");
            assert!(found.starts_with(starts) && found.contains(holds), "{holds:?}: {found}");
        }
    }
}
