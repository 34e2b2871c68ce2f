//! A worked case: one update with all intermediate values, to compare those of your own program with.
//!
//! | array | shape | |
//! |---|---|---|
//! | `text` | T + 1 | the characters that are read, and the one after them |
//! | `vocabulary` | K | the distinct characters of the whole text in the order of their indices |
//! | `optimizer` | n | `adagrad`, `adam` or `rmsprop`, as a text of n characters |
//! | `inputs` | T | the index of each character that is read: where x_t is 1 |
//! | `targets` | T | the index of the next character: where y_t is 1 |
//! | `U` `W` `V` `b` `c` | m,K m,m K,m m K | the parameters before the update |
//! | `h0` | m | the hidden state before the first character |
//! | `a` | T,m | a_t = W h_{t-1} + U x_t + b. Row 0 is a_1, here and below: row t belongs to step t + 1. The terms are added from left to right, so tanh(a) and `h` may differ in the last digit |
//! | `h` | T,m | h_t = tanh(a_t) |
//! | `o` | T,K | o_t = V h_t + c |
//! | `p` | T,K | p_t = softmax(o_t) |
//! | `losses` | T | `-ln p_t[y_t]`, in nats |
//! | `loss` | | L, the sum of the losses, or their mean |
//! | `g` | T,K | g_t = p_t - y_t, the gradient of L by o_t. If L is the mean, it and all gradients below are divided by T |
//! | `dh` | T,m | dL/dh_t = V' g_t + W' dL/da_{t+1}; V' g_T in the last step |
//! | `da` | T,m | dL/da_t = dL/dh_t (1 - h_t^2) |
//! | `dU` `dW` `dV` `db` `dc` | m,K m,m K,m m K | the gradient of L by backpropagation through time, not clipped: the sums over the steps of da_t x_t', da_t h_{t-1}', g_t h_t', da_t and g_t |
//! | `dU_numerical` `dW_numerical` `dV_numerical` `db_numerical` `dc_numerical` | m,K m,m K,m m K | the gradient of L by finite differences |
//! | `dU_estimate` `dW_estimate` `dV_estimate` `db_estimate` `dc_estimate` | m,K m,m K,m m K | the estimated error of each numerical entry |
//! | `clip` `eta` `epsilon` | | the settings of the update; `clip` is missing if nothing is clipped |
//! | `G_U` `G_W` `G_V` `G_b` `G_c` | m,K m,m K,m m K | AdaGrad's sums of squares before the update; zeros before the first update |
//! | `G_U_after` `G_W_after` `G_V_after` `G_b_after` `G_c_after` | m,K m,m K,m m K | G + g g, where g is the gradient clipped to `[-clip, clip]` |
//! | `U_after` `W_after` `V_after` `b_after` `c_after` | m,K m,m K,m m K | theta - eta g / sqrt(G after + epsilon) |
//!
//! If L is the mean, the array `divisor` comes after `loss`; it is T. Adam has `m_U`, `v_U`, `m_U_after`, `v_U_after` and so on instead
//! of AdaGrad's sums, and `beta1`, `beta2` and the number of the update, `t`. RMSProp has `v_U`, `v_U_after` and so on,
//! and `beta2`. [`Optimizer`] has the equations.
//!
//! The program writes a case as `.npz`, safetensors or JSON. In the `.npz` of a case with `--bytes`, `text`,
//! `vocabulary` and `optimizer` are vectors of bytes.

use crate::check::case::Case;
use crate::check::gradient_check::analytic;
use crate::check::numerical::numerical;
use crate::files::tensors::array;
use crate::formats::array::{Array, Kind};
use crate::inference::recurrence::Recurrence;
use crate::model::Model;
use crate::network::optimizer::Optimizer;
use crate::network::parameters::{Parameters, ShapeError};
use crate::network::reference::{self, pre_activation};
use crate::network::rnn::Rnn;
use crate::settings::Loss;
use crate::text::vocabulary::one_hot;

/// What a worked case begins with.
#[derive(Clone, Copy)]
struct Start<'a> {
    model: &'a Model,
    rnn: &'a Rnn,
    case: Case<'a>,
}

/// Computes all arrays of the next update of a model on `case`, in the order of the table above.
///
/// # Errors
/// [`ShapeError`] if the case does not fit the network, or if the buffers cannot be allocated.
pub fn worked_case(model: &Model, case: Case) -> Result<Vec<Array<'static>>, ShapeError> {
    model.shape().check_case(case.inputs, case.targets, case.h0)?;
    let start = Start { model, rnn: &model.state.rnn, case };
    let mut arrays = Arrays(Vec::new());
    arrays.add_text(start);
    arrays.add_parameters("", "", &start.rnn.parameters);
    arrays.add_forward(start)?;
    arrays.add_backward(start)?;

    let mut gradient = analytic(start.rnn, start.case)?;
    let mut numerical = numerical(start.rnn, start.case)?;
    if let Some(divisor) = divisor(start) {
        let parts = [&mut gradient, &mut numerical.derivative, &mut numerical.estimate];
        for part in parts {
            part.values_mut().iter_mut().for_each(|x| *x /= divisor);
        }
    }
    arrays.add_parameters("d", "", &gradient);
    arrays.add_parameters("d", "_numerical", &numerical.derivative);
    arrays.add_parameters("d", "_estimate", &numerical.estimate);
    arrays.add_update(start, &gradient)?;
    Ok(arrays.0)
}

/// T if the loss is a mean; `None` if it is a sum.
fn divisor(start: Start) -> Option<f64> {
    (start.model.settings.loss == Loss::Mean).then_some(start.case.inputs.len() as f64)
}

/// The prefixes of U, W, V, b and c in the names of the arrays of an optimizer's state.
pub fn letters(optimizer: Optimizer) -> &'static [&'static str] {
    match optimizer {
        Optimizer::AdaGrad => &["G_"],
        Optimizer::Adam { .. } => &["m_", "v_"],
        Optimizer::RmsProp { .. } => &["v_"],
    }
}

struct Arrays(Vec<Array<'static>>);

impl Arrays {
    fn add_numbers(&mut self, name: &str, shape: &[usize], numbers: Vec<f64>) {
        self.0.push(Array::new(name, Kind::F64, shape, numbers));
    }

    fn add_characters(&mut self, name: &str, kind: Kind, characters: impl Iterator<Item = char>) {
        self.0.push(Array::of_characters(name, kind, characters));
    }

    fn add_parameters(&mut self, before: &str, after: &str, parameters: &Parameters) {
        for part in parameters.named() {
            self.0.push(array(before, part, after).decoded());
        }
    }

    fn add_text(&mut self, start: Start) {
        let (characters, case) = (start.model.vocabulary.characters(), start.case);
        let indices = case.inputs.iter().chain(case.targets.last());
        self.add_characters("text", Kind::Text, indices.map(|&index| characters[index]));
        self.add_characters("vocabulary", Kind::Character, characters.iter().copied());
        self.add_characters("optimizer", Kind::Text, start.model.settings.optimizer.name().chars());
        for (name, indices) in [("inputs", case.inputs), ("targets", case.targets)] {
            let indices: Vec<f64> = indices.iter().map(|&index| index as f64).collect();
            self.0.push(Array::new(name, Kind::I64, [indices.len()], indices));
        }
    }

    fn add_forward(&mut self, start: Start) -> Result<(), ShapeError> {
        let Start { rnn, case, .. } = start;
        let (m, K, T) = (rnn.shape().m(), rnn.shape().K(), case.inputs.len());
        let mut steps = case.unrolled(rnn.shape())?;
        let loss = rnn.forward(&mut steps);
        // The logits, which the pass over all steps does not keep.
        let mut recurrence = Recurrence::new(rnn, case.h0)?;
        let (mut a, mut h, mut o, mut p) = (vec![], vec![], vec![0.0; T * K], vec![]);
        for (t, o) in o.chunks_exact_mut(K).enumerate() {
            let x = one_hot(&case.inputs[t..=t], K)?;
            a.extend(pre_activation(&rnn.parameters, &x, steps.h(t, 0)));
            recurrence.read(rnn, case.inputs[t], o);
            h.extend_from_slice(steps.h(t + 1, 0));
            p.extend_from_slice(steps.p(t, 0));
        }
        self.add_numbers("h0", &[m], case.h0.to_vec());
        self.add_numbers("a", &[T, m], a);
        self.add_numbers("h", &[T, m], h);
        self.add_numbers("o", &[T, K], o);
        self.add_numbers("p", &[T, K], p);
        self.add_numbers("losses", &[T], steps.losses().collect());
        self.add_numbers("loss", &[], vec![loss / divisor(start).unwrap_or(1.0)]);
        if let Some(divisor) = divisor(start) {
            self.add_numbers("divisor", &[], vec![divisor]);
        }
        Ok(())
    }

    /// Adds the backward pass step by step, from the definition. The pass of a network keeps the sums only.
    fn add_backward(&mut self, start: Start) -> Result<(), ShapeError> {
        let Start { rnn, case, .. } = start;
        let (m, K, T) = (rnn.shape().m(), rnn.shape().K(), case.inputs.len());
        let mut steps = case.unrolled(rnn.shape())?;
        rnn.forward(&mut steps);
        let p: Vec<Vec<f64>> = (0..T).map(|t| steps.p(t, 0).to_vec()).collect();
        let h: Vec<Vec<f64>> = (1..=T).map(|t| steps.h(t, 0).to_vec()).collect();
        let terms = reference::terms(&rnn.parameters, &one_hot(case.targets, K)?, &p, &h);
        let divisor = divisor(start).unwrap_or(1.0);
        for (name, rows, length) in [("g", terms.g, K), ("dh", terms.dh, m), ("da", terms.da, m)] {
            let divided = rows.concat().into_iter().map(|x| x / divisor).collect();
            self.add_numbers(name, &[T, length], divided);
        }
        Ok(())
    }

    fn add_update(&mut self, start: Start, gradient: &Parameters) -> Result<(), ShapeError> {
        let rule = start.model.rule();
        let numbers: &[(&str, f64)] = match rule.optimizer {
            Optimizer::AdaGrad => &[],
            Optimizer::Adam { beta1, beta2 } => {
                &[("beta1", beta1), ("beta2", beta2), ("t", rule.t as f64)]
            }
            Optimizer::RmsProp { beta2 } => &[("beta2", beta2)],
        };
        let clip = rule.clip.is_finite().then_some(("clip", rule.clip));
        let shared = [("eta", rule.eta), ("epsilon", rule.epsilon)];
        for &(name, number) in clip.iter().chain(&shared).chain(numbers) {
            self.add_numbers(name, &[], vec![number]);
        }
        let mut theta = start.rnn.parameters.try_clone()?;
        let memory = start.model.state.optimizer_state.iter().map(Parameters::try_clone);
        let mut memory = memory.collect::<Result<Vec<_>, _>>()?;
        rule.update(&mut theta, &mut memory, gradient);
        for ((letter, before), after) in
            letters(rule.optimizer).iter().zip(&start.model.state.optimizer_state).zip(&memory)
        {
            self.add_parameters(letter, "", before);
            self.add_parameters(letter, "_after", after);
        }
        self.add_parameters("", "_after", &theta);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::array::Entries;
    use crate::{Initialization, STORY, Settings, Training};

    fn trained(updates: u64) -> Training {
        let settings = Settings {
            hidden: 6,
            initialization: Initialization::Normal { sigma: 0.5 },
            ..Settings::default()
        };
        let mut training = Training::new(STORY, settings).unwrap();
        (0..updates).for_each(|_| _ = training.update().unwrap());
        training.observe().unwrap();
        training
    }

    fn case_of(training: &Training) -> Vec<Array<'static>> {
        let (inputs, targets) = training.chunk();
        worked_case(training.model(), Case { inputs, targets, h0: training.h0() }).unwrap()
    }

    fn numbers<'a>(arrays: &'a [Array], name: &str) -> &'a [f64] {
        let array = arrays.iter().find(|array| array.name == name);
        match &array.unwrap_or_else(|| panic!("no {name}")).entries {
            Entries::Numbers(numbers) => numbers,
            other => panic!("{other:?}"),
        }
    }

    /// With the sum and with the mean: g, dh and da are divided like the gradients.
    #[test]
    fn the_gradients_are_sums_of_the_steps() {
        for settings in [Settings::default(), Settings::adam_edition()] {
            let settings = Settings { hidden: 4, sequence_length: 7, ..settings };
            let mut training = Training::new(STORY, settings).unwrap();
            training.update().unwrap();
            training.observe().unwrap();
            let arrays = case_of(&training);
            let of = |name: &str| numbers(&arrays, name);
            let (K, divisor) = (of("c").len(), if settings.loss == Loss::Mean { 7.0 } else { 1.0 });
            let (g, da, h, inputs) = (of("g"), of("da"), of("h"), of("inputs"));
            let before = [of("h0"), &h[..6 * 4]].concat();
            let sum = |term: &dyn Fn(usize) -> f64| (0..7).map(term).sum::<f64>();
            for i in 0..K {
                assert_near(&[of("dc")[i]], &[sum(&|t| g[t * K + i])], "dc");
                for j in 0..4 {
                    let dV = sum(&|t| g[t * K + i] * h[t * 4 + j]);
                    assert_near(&[of("dV")[i * 4 + j]], &[dV], "dV");
                    let x = |t: usize| if inputs[t] == i as f64 { 1.0 } else { 0.0 };
                    let dU = sum(&|t| da[t * 4 + j] * x(t));
                    assert_near(&[of("dU")[j * K + i]], &[dU], "dU");
                }
            }
            for i in 0..4 {
                assert_near(&[of("db")[i]], &[sum(&|t| da[t * 4 + i])], "db");
                for j in 0..4 {
                    let dW = sum(&|t| da[t * 4 + i] * before[t * 4 + j]);
                    assert_near(&[of("dW")[i * 4 + j]], &[dW], "dW");
                }
                for t in 0..7 {
                    let from_V: f64 = (0..K).map(|k| of("V")[k * 4 + i] * g[t * K + k]).sum();
                    let from_W = (0..4).filter(|_| t < 6);
                    let from_W: f64 =
                        from_W.map(|j| of("W")[j * 4 + i] * da[(t + 1) * 4 + j]).sum();
                    assert_near(&[of("dh")[t * 4 + i]], &[from_V + from_W], "dh");
                    let slope = 1.0 - h[t * 4 + i] * h[t * 4 + i];
                    assert_near(&[da[t * 4 + i]], &[of("dh")[t * 4 + i] * slope], "da");
                }
            }
            for t in 0..7 {
                for k in 0..K {
                    let y = f64::from(u8::from(of("targets")[t] == k as f64));
                    assert_near(&[g[t * K + k]], &[(of("p")[t * K + k] - y) / divisor], "g");
                }
            }
        }
    }

    fn text(characters: impl Iterator<Item = char>) -> Array<'static> {
        let points: Vec<f64> = characters.map(|c| u32::from(c).into()).collect();
        Array::new("text", Kind::Text, [points.len()], points)
    }

    /// The rows of the table at the head of this file: names and shapes.
    fn table() -> impl Iterator<Item = (&'static str, &'static str)> {
        let lines = include_str!("worked_case.rs").lines();
        let rows = lines.filter(|line| line.starts_with("//! | `"));
        rows.flat_map(|row| {
            let mut columns = row.split('|').skip(1).map(str::trim);
            let names = columns.next().unwrap().split(' ');
            let names = names.map(|name| name.trim_matches('`'));
            let shapes = columns.next().unwrap();
            let shapes: Vec<&str> = match names.clone().count() {
                1 => vec![shapes],
                count => shapes.split(' ').cycle().take(count).collect(),
            };
            names.zip(shapes)
        })
    }

    #[test]
    fn the_table_names_every_array_and_its_shape() {
        let training = trained(1);
        let arrays = case_of(&training);
        let sizes = [
            ("T", 25),
            ("K", training.model().vocabulary.len()),
            ("m", 6),
            ("T + 1", 26),
            ("n", "adagrad".len()),
        ];
        let named: Vec<(&str, &str)> = table().collect();
        assert_eq!(named.len(), arrays.len());
        for (array, (name, shape)) in arrays.iter().zip(named) {
            assert_eq!(array.name, name);
            let size = |letter: &str| sizes.iter().find(|(known, _)| *known == letter).unwrap().1;
            let shape = shape.split(',').filter(|part| !part.is_empty());
            let shape: Vec<usize> = shape.map(size).collect();
            assert_eq!(array.shape, shape, "{name}");
            assert_eq!(array.numbers().unwrap().len(), shape.iter().product::<usize>(), "{name}");
        }
    }

    #[track_caller]
    fn assert_near(found: &[f64], expected: &[f64], what: &str) {
        assert_eq!(found.len(), expected.len(), "{what}");
        for (found, expected) in found.iter().zip(expected) {
            let near = (found - expected).abs() < 1e-11 * expected.abs().max(1.0);
            assert!(near, "{what}: {found} for {expected}");
        }
    }

    #[test]
    fn every_number_is_that_of_the_definition() {
        assert_eq!(case_of(&trained(0))[0], text(STORY.chars().take(26)));
        for updates in [0, 1, 300] {
            let training = trained(updates);
            let arrays = case_of(&training);
            let (inputs, targets) = training.chunk();
            let state = &training.model().state;
            let (parameters, K) = (&state.rnn.parameters, state.rnn.shape().K());
            let (X, Y) = (one_hot(inputs, K).unwrap(), one_hot(targets, K).unwrap());
            let pass = reference::forward(parameters, &X, &Y, training.h0());
            let gradient = reference::backward(parameters, &X, &Y, &pass);
            let of = |name: &str| numbers(&arrays, name);
            assert_near(of("h0"), &pass.h[0], "h0");
            assert_near(of("h"), &pass.h[1..].concat(), "h");
            assert_near(of("p"), &pass.p.concat(), "p");
            assert_near(of("loss"), &[pass.loss], "loss");
            assert_near(&[of("losses").iter().sum()], &[pass.loss], "losses");
            let tanh: Vec<f64> = of("a").iter().map(|&a| crate::kernels::tanh(a)).collect();
            assert_near(&tanh, of("h"), "a");
            for (t, o) in of("o").chunks_exact(K).enumerate() {
                let V = parameters.tensors().V;
                let product = reference::product(V, &pass.h[t + 1], K, 6, 1);
                assert_near(o, &reference::plus(&product, parameters.tensors().c), "o");
            }
            for (part, gradient) in parameters.named().zip(&gradient) {
                let name = part.name;
                assert_near(of(&format!("d{name}")), gradient, name);
                let differences = of(&format!("d{name}_numerical")).iter().zip(gradient);
                let estimates = of(&format!("d{name}_estimate"));
                for ((n, g), estimate) in differences.zip(estimates) {
                    assert!((n - g).abs() <= *estimate && *estimate < 1e-8, "{name}");
                }
                let mut theta = part.values.to_vec();
                let mut G = [of(&format!("G_{name}")).to_vec()];
                let rule = Settings::default().rule(1);
                reference::update(&rule, &mut theta, &mut G, gradient);
                assert_near(of(&format!("{name}_after")), &theta, "after");
                assert_near(of(&format!("G_{name}_after")), &G[0], "G after");
            }
            assert_eq!(of("G_W").iter().all(|&G| G == 0.0), updates == 0);
            assert_eq!(of("h0").iter().all(|&h| h == 0.0), updates == 0);
            assert_eq!([of("clip"), of("eta"), of("epsilon")], [&[5.0], &[0.1], &[1e-8]]);
            let indices = inputs.iter().chain(targets.last());
            let read = indices.map(|&index| training.model().vocabulary.characters()[index]);
            assert_eq!(arrays[0], text(read));
        }
    }
}
