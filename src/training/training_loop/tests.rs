use super::*;
use crate::check::case::Case;
use crate::check::gradient_check::analytic;
use crate::inference::recurrence::Recurrence;
use crate::inference::sampling::{Choice, sample};
use crate::inference::writer::{Session, Writer};
use crate::kernels::Level;
use crate::network::optimizer::{Optimizer, Rule};
use crate::network::parameters::{Shape, ShapeError};
use crate::network::reference;
use crate::network::unrolled::Unrolled;
use crate::random::{Generator, Stream};
use crate::settings::{Initialization, Order, Schedule, Symbols};
use crate::text::corpus::Corpus;
use crate::text::vocabulary::Vocabulary;
use crate::training::start::{OptimizerStart, claim_memory};
use std::io::Cursor;

const TEXT: &str = "the ferry crosses at nine, and the bell rings twice; at ten it rings again. ";

fn settings() -> Settings {
    Settings { hidden: 6, sequence_length: 8, ..Settings::default() }
}

fn training() -> Training {
    Training::new(TEXT, settings()).unwrap()
}

#[test]
fn the_untrained_loss_is_that_of_a_uniform_guess() {
    let mut training = training();
    let K = training.model().vocabulary.len() as f64;
    let seen = training.observe().unwrap();
    assert!((seen.loss / (8.0 * crate::kernels::ln(K)) - 1.0).abs() < 1e-4);
    assert_eq!(seen.smooth_loss, seen.loss);
    assert_eq!([seen.iteration, seen.epoch, training.position()], [0, 0, 0]);
}

/// 76 characters, T = 8: chunks at 0, 8, ... 64 fit with their last target; 72 does not.
#[test]
fn an_epoch_ends_where_a_chunk_no_longer_fits() {
    let mut training = training();
    assert_eq!(training.corpus().length(), 76);
    assert_eq!(training.updates_per_epoch(), 9);
    for n in 0..30u64 {
        let seen = training.update().unwrap();
        assert_eq!(seen.iteration, n);
        assert_eq!(seen.epoch, n / 9);
        assert_eq!(training.position(), n % 9 * 8);
        let begins = n % 9 == 0;
        assert_eq!(training.h0().iter().all(|&h| h == 0.0), begins, "update {n}");
    }
    // A text with exactly one character more than a chunk fits once an epoch.
    let mut tight = Training::new(&TEXT[..9], settings()).unwrap();
    for n in 0..3 {
        let seen = tight.update().unwrap();
        assert_eq!([seen.epoch, tight.position()], [n, 0]);
    }
}

#[test]
fn the_smooth_loss_follows_its_formula() {
    let mut training = training();
    let mut expected = training.observe().unwrap().loss;
    for n in 0..40 {
        let seen = training.update().unwrap();
        if n > 0 {
            expected = 0.999 * expected + 0.001 * seen.loss;
        }
        assert_eq!(seen.smooth_loss, expected);
        assert_eq!(training.model().state.smooth_loss, Some(expected));
    }
}

#[test]
fn observing_and_sampling_change_nothing() {
    let (mut watched, mut alone) = (training(), training());
    for _ in 0..250 {
        let before = watched.model().clone();
        let seen = watched.observe().unwrap();
        assert_eq!(watched.sample(5).unwrap(), watched.sample(5).unwrap());
        Writer::new(watched.best()).unwrap().write(3);
        assert_eq!(watched.observe().unwrap(), seen);
        assert_eq!(watched.model(), &before);
        watched.update().unwrap();
        alone.update().unwrap();
    }
    assert_eq!(watched.model(), alone.model());
    assert_eq!(watched.best(), alone.best());
}

/// With a learning rate of 2 single losses fall below the lowest smooth loss.
#[test]
fn the_best_model_is_the_earliest_of_the_lowest() {
    for learning_rate in [0.1, 2.0] {
        let settings = Settings { learning_rate, ..settings() };
        let mut training = Training::new(TEXT, settings).unwrap();
        let mut lowest: Option<(f64, Model)> = None;
        for n in 0..1001 {
            let seen = training.observe().unwrap();
            let better = lowest.as_ref().is_none_or(|(loss, _)| seen.smooth_loss < *loss);
            if n % 100 == 0 && better {
                lowest = Some((seen.smooth_loss, training.model().clone()));
            }
            let (loss, model) = lowest.as_ref().unwrap();
            assert_eq!(training.best(), model);
            assert_eq!(training.best_smooth_loss(), Some(*loss));
            training.update().unwrap();
        }
        assert!(lowest.unwrap().1.state.updates > 0, "it learned nothing");
    }
}

/// Large weights: the characters depend on the one before and on the hidden state.
#[test]
fn a_sample_begins_where_the_chunk_begins() {
    let wild =
        Settings { initialization: Initialization::Normal { sigma: 1.0 }, seed: 2, ..settings() };
    let mut training = Training::new(TEXT, wild).unwrap();
    for _ in 0..12 {
        training.update().unwrap();
    }
    training.observe().unwrap();
    let generator = Generator::new(2, Stream::Report(12));
    let h = training.model().state.h.clone();
    let x0 = Vocabulary::of(TEXT).encode(TEXT).unwrap()[training.position() as usize];
    assert_eq!(training.chunk().0[0], x0);
    let mut writer = Writer::new(training.model()).unwrap();
    let session = Session { generator: Some(generator), ..Session::new(h, Some(x0)) };
    writer.set_session(&session).unwrap();
    let expected = writer.write(20);
    assert_eq!(training.sample(20).unwrap(), expected);
}

#[test]
fn one_distinct_character_trains() {
    let mut training = Training::new(&"a".repeat(30), settings()).unwrap();
    for _ in 0..250 {
        assert_eq!(training.update().unwrap().loss, 0.0);
    }
    assert_eq!(training.sample(3).unwrap(), "aaa");
    // Every loss is the same: the earliest stays the best.
    assert_eq!(training.best().state.updates, 0);
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let refused = |text: &str, settings| Training::new(text, settings).map(|_| ()).unwrap_err();
    assert_eq!(
        refused(&TEXT[..8], settings()),
        TrainingError::TextTooShort { length: 8, held_out: 0, settings: Box::new(settings()) }
    );
    assert_eq!(settings().least_characters(), 9);
    let zero = Settings { hidden: 0, ..settings() };
    assert!(matches!(refused(TEXT, zero), TrainingError::Setting(_)));
    let huge = Settings { hidden: usize::MAX, ..settings() };
    assert!(matches!(refused(TEXT, huge), TrainingError::Shape(ShapeError::TooLarge { .. })));
    // An address space of 32 bits is smaller than a machine.
    if cfg!(target_pointer_width = "64") {
        let large = Settings { hidden: 1 << 26, ..settings() };
        assert!(matches!(refused(TEXT, large), TrainingError::Shape(ShapeError::NoMemory { .. })));
    }
    let endless = Settings { sequence_length: usize::MAX, ..settings() };
    assert!(matches!(refused(TEXT, endless), TrainingError::TextTooShort { .. }));
}

#[test]
fn every_setting_has_its_range() {
    let good = Settings::default();
    assert_eq!(good.check(), Ok(()));
    let name = |settings: Settings| settings.check().unwrap_err().name;
    assert_eq!(name(Settings { hidden: 0, ..good }), "hidden");
    assert_eq!(name(Settings { sequence_length: 0, ..good }), "sequence_length");
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(name(Settings { learning_rate: wrong, ..good }), "learning_rate");
        assert_eq!(name(Settings { epsilon: wrong, ..good }), "epsilon");
    }
    for wrong in [0.0, -1.0, f64::NAN] {
        assert_eq!(name(Settings { clip: wrong, ..good }), "clip");
    }
    let nothing_clipped = Settings { clip: f64::INFINITY, ..good };
    assert_eq!(nothing_clipped.check(), Ok(()));
    for wrong in [-0.1, 1.0, f64::NAN] {
        let with = |optimizer| name(Settings { optimizer, ..good });
        let (beta1, beta2) = (0.9, 0.9);
        assert_eq!(with(Optimizer::Adam { beta1: wrong, beta2 }), "beta1");
        assert_eq!(with(Optimizer::Adam { beta1, beta2: wrong }), "beta2");
        assert_eq!(with(Optimizer::RmsProp { beta2: wrong }), "beta2");
    }
    for wrong in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            name(Settings { initialization: Initialization::Normal { sigma: wrong }, ..good }),
            "sigma"
        );
    }
    assert_eq!(
        Settings { initialization: Initialization::Normal { sigma: 0.0 }, ..good }.check(),
        Ok(())
    );
    for wrong in [-1e-300, 1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(name(Settings { validation: wrong, ..good }), "validation");
    }
}

#[test]
fn an_order_has_its_range() {
    let chunks = |length| Settings { order: Order::Chunks { length }, ..settings() };
    let refused = |settings: Settings| settings.check().unwrap_err().to_string();
    assert_eq!(chunks(8).check(), Ok(()));
    assert_eq!(refused(chunks(7)), "chunk 7: must be at least sequence_length");
    for (order, name) in [(Order::Chunks { length: 9 }, "chunks"), (Order::Positions, "positions")]
    {
        let documents = Settings { documents: true, order, ..settings() };
        let words = format!("order {name}: must be text with documents");
        assert_eq!(refused(documents), words);
    }
}

/// 76 characters, 22 of them held out where some are.
#[test]
fn a_text_has_chunks_enough() {
    let with = |length, streams, validation| {
        let settings = Settings {
            order: Order::Chunks { length },
            batch_size: streams,
            validation,
            ..settings()
        };
        let training = Training::new(TEXT, settings);
        training.map(|_| ()).map_err(|error| error.to_string())
    };
    for (length, streams, validation) in [(75, 1, 0.0), (25, 3, 0.0), (22, 2, 0.3), (22, 1, 0.3)] {
        let good = with(length, streams, validation);
        assert_eq!(good, Ok(()), "{length} {streams} {validation}");
    }
    for (length, streams, validation, words) in [
        (76, 1, 0.0, "76 characters are too few: the order chunks needs chunk + 1 = 77"),
        (
            26,
            3,
            0.0,
            "76 characters are too few: the order chunks needs batch_size x chunk + 1 = 79",
        ),
        (
            18,
            3,
            0.3,
            "54 characters to train on, besides 22 held out, are too few: the order chunks needs batch_size x chunk + 1 = 55",
        ),
        (
            23,
            1,
            0.3,
            "22 of 76 characters would be held out, but validation needs at least a chunk of 23: choose a larger fraction",
        ),
        (usize::MAX, 2, 0.0, "76 characters are too few"),
    ] {
        let error = with(length, streams, validation).unwrap_err();
        assert!(error.starts_with(words), "{words:?}, not {error:?}");
    }
}

#[test]
fn an_update_follows_every_setting() {
    let usual = settings();
    for changed in [
        usual,
        Settings { learning_rate: 0.7, ..usual },
        Settings { clip: 1e-3, ..usual },
        Settings { epsilon: 1.0, ..usual },
        Settings { schedule: Schedule::Linear { updates: 4 }, ..usual },
        Settings { schedule: Schedule::Exponential { half_life: 0.5 }, ..usual },
    ] {
        let mut training = Training::new(TEXT, changed).unwrap();
        training.observe().unwrap();
        let rnn = training.model().state.rnn.clone();
        let (inputs, targets) = training.chunk();
        let h0 = training.h0();
        let case = Case { inputs, targets, h0 };
        let gradient = analytic(&rnn, case).unwrap();
        let mut theta = rnn.parameters.values().to_vec();
        let mut sums = [vec![0.0; theta.len()]];
        reference::update(&changed.rule(1), &mut theta, &mut sums, gradient.values());
        training.update().unwrap();
        let state = &training.model().state;
        assert_eq!(state.rnn.parameters.values(), theta, "{changed:?}");
        assert_eq!(state.optimizer_state[0].values(), sums[0], "{changed:?}");
    }
}

/// Whatever the optimizer, update n takes the learning rate of the schedule and is otherwise that of the definition.
#[test]
fn an_update_takes_the_learning_rate_of_its_schedule() {
    let editions = [
        settings(),
        Settings::adam_edition(),
        Settings { optimizer: Optimizer::RMSPROP, learning_rate: 0.01, ..settings() },
    ];
    // 2^(-n/2), whose root is that of a half where n is odd.
    let halved = [1.0, 0.5f64.sqrt(), 0.5, 0.5f64.sqrt() / 2.0, 0.25, 0.25 * 0.5f64.sqrt()];
    let schedules = [
        (Schedule::Constant, [1.0; 6]),
        (Schedule::Linear { updates: 5 }, [1.0, 0.8, 0.6, 0.4, 0.2, 0.0]),
        (Schedule::Exponential { half_life: 2.0 }, halved),
    ];
    for (schedule, factors) in schedules {
        for edition in editions {
            let changed = Settings { hidden: 6, sequence_length: 5, schedule, ..edition };
            let mut training = Training::new(TEXT, changed).unwrap();
            for (n, factor) in factors.into_iter().enumerate() {
                training.observe().unwrap();
                let before = training.model().state.clone();
                let (inputs, targets) = training.chunk();
                let case = Case { inputs, targets, h0: training.h0() };
                let mut gradient = analytic(&before.rnn, case).unwrap().values().to_vec();
                if changed.loss == Loss::Mean {
                    gradient.iter_mut().for_each(|g| *g /= 5.0);
                }
                let eta = changed.learning_rate * factor;
                let rule = Rule { eta, ..changed.rule(n as u64 + 1) };
                assert!(
                    (rule.eta - changed.rule(n as u64 + 1).eta).abs()
                        <= 4e-16 * edition.learning_rate
                );
                let mut theta = before.rnn.parameters.values().to_vec();
                let memory = before.optimizer_state.iter();
                let mut memory: Vec<Vec<f64>> = memory.map(|part| part.values().to_vec()).collect();
                reference::update(&rule, &mut theta, &mut memory, &gradient);
                training.update().unwrap();
                let after = training.model().state.rnn.parameters.values();
                for (after, theta) in after.iter().zip(&theta) {
                    let error = (after - theta).abs();
                    assert!(error <= 1e-14 * theta.abs().max(eta), "{schedule:?} {n}");
                }
            }
        }
    }
}

/// With a learning rate of 3 nothing is learned: the best stays where it is.
#[test]
fn a_run_that_goes_on_is_the_run_that_never_stopped() {
    let usual = settings();
    let of = |edition: Settings, learning_rate: f64| Settings {
        learning_rate,
        hidden: usual.hidden,
        sequence_length: usual.sequence_length,
        ..edition
    };
    let rmsprop = Settings { optimizer: Optimizer::RMSPROP, ..Settings::default() };
    let [adam, rmsprop] = [of(Settings::adam_edition(), 0.1), of(rmsprop, 0.1)];
    let linear = Schedule::Linear { updates: 250 };
    let exponential = Schedule::Exponential { half_life: 77.7 };
    for settings in [
        of(usual, 0.1),
        of(usual, 3.0),
        adam,
        rmsprop,
        Settings { schedule: linear, ..of(usual, 0.1) },
        Settings { schedule: linear, ..adam },
        Settings { schedule: exponential, ..of(usual, 0.1) },
        Settings { schedule: exponential, ..rmsprop },
    ] {
        let mut whole = Training::new(TEXT, settings).unwrap();
        let mut first = Training::new(TEXT, settings).unwrap();
        for _ in 0..330 {
            whole.update().unwrap();
        }
        for _ in 0..150 {
            first.update().unwrap();
        }
        first.observe().unwrap();
        let [model, best] = [first.model(), first.best()].map(|model| {
            let file = crate::files::checkpoint::to_bytes(model).unwrap();
            crate::files::checkpoint::from_bytes(&file).unwrap()
        });
        assert_ne!(model, best);
        let mut second = Training::resume(TEXT, model, best).unwrap();
        assert_eq!(second.model(), first.model());
        assert_eq!(second.best(), first.best());
        assert_eq!(second.best_smooth_loss(), first.best_smooth_loss());
        for _ in 150..330 {
            second.update().unwrap();
        }
        assert_eq!(second.model(), whole.model());
        assert_eq!(second.best(), whole.best());
    }
}

const DOCUMENTS: &str = "anna\r\nbo\n\nchristopher\ny\n";

fn documents() -> Settings {
    Settings { documents: true, sequence_length: 4, hidden: 6, ..Settings::default() }
}

/// Every update against the definition: which characters, from which hidden state, with which loss, and where it
/// leaves the parameters.
#[test]
fn documents_are_learned_one_by_one() {
    let mut training = Training::new(DOCUMENTS, documents()).unwrap();
    let epoch = ["\nanna", "a\n", "\nbo\n", "\nchri", "istop", "pher\n", "\ny\n"];
    assert_eq!(training.updates_per_epoch(), 7);
    let vocabulary = training.model().vocabulary.clone();
    assert_eq!(vocabulary, Vocabulary::of(&DOCUMENTS.replace('\r', "")));
    let mut theta = training.model().state.rnn.parameters.values().to_vec();
    let mut sums = [vec![0.0; theta.len()]];
    let mut h = vec![0.0; 6];
    let mut smooth = None;
    for n in 0..40 {
        let chunk = epoch[n % 7];
        let indices = vocabulary.encode(chunk).unwrap();
        if chunk.starts_with('\n') {
            h.fill(0.0);
        }
        let seen = training.observe().unwrap();
        let T = indices.len() - 1;
        assert_eq!(training.chunk(), (&indices[..T], &indices[1..]));
        assert_eq!(training.h0(), h);
        assert_eq!(seen.epoch, n as u64 / 7);

        let rnn = training.model().state.rnn.clone();
        let mut steps = Unrolled::new(rnn.shape(), T, 1).unwrap();
        steps.set(0, &indices[..T], &indices[1..], &h);
        assert_eq!(seen.loss, rnn.forward(&mut steps));
        let scaled = seen.loss * 4.0 / T as f64;
        smooth = Some(smooth.map_or(scaled, |smooth| 0.999 * smooth + 0.001 * scaled));
        assert_eq!(Some(seen.smooth_loss), smooth);

        let case = Case { inputs: &indices[..T], targets: &indices[1..], h0: &h };
        let gradient = analytic(&rnn, case).unwrap();
        reference::update(&documents().rule(1), &mut theta, &mut sums, gradient.values());
        h.copy_from_slice(steps.h(T, 0));
        training.update().unwrap();
        let state = &training.model().state;
        assert_eq!(state.rnn.parameters.values(), theta, "update {n}");
        assert_eq!(state.optimizer_state[0].values(), sums[0], "update {n}");
    }
}

#[test]
fn documents_resume_and_are_refused_as_other_texts_are() {
    let mut whole = Training::new(DOCUMENTS, documents()).unwrap();
    for stop in 1..20 {
        whole.update().unwrap();
        let (model, best) = (whole.model().clone(), whole.best().clone());
        let mut resumed = Training::resume(DOCUMENTS, model.clone(), best.clone()).unwrap();
        assert_eq!(resumed.observe(), whole.observe(), "stop {stop}");
        let other = DOCUMENTS.replace('y', "z");
        assert!(Training::resume(&other, model, best).is_err());
    }
    let with = |documents: Settings| Training::new(DOCUMENTS, documents).unwrap_err();
    let several = Settings { batch_size: 2, ..documents() };
    let error = with(several).to_string();
    assert_eq!(error, "batch_size 2: must be 1 with documents");
    let endless = Settings { sequence_length: usize::MAX, ..documents() };
    assert!(matches!(with(endless), TrainingError::Shape(ShapeError::NoMemory { .. })));
}

/// A passage of documents is what the network writes after a newline, from h = 0 after each.
#[test]
fn a_passage_of_documents_begins_each_anew() {
    let settings =
        Settings { initialization: Initialization::Normal { sigma: 1.0 }, ..documents() };
    let training = Training::new(DOCUMENTS, settings).unwrap();
    let model = training.model();
    let written = Writer::new(model).unwrap().seed(7).write(300);
    assert!(written.matches('\n').count() > 3, "{written:?}");
    let mut generator = Generator::new(7, Stream::Passage);
    let rnn = &model.state.rnn;
    let mut recurrence = Recurrence::new(rnn, &[0.0; 6]).unwrap();
    let mut choice = Choice::new(rnn.shape().K()).unwrap();
    let mut x = model.vocabulary.index('\n').unwrap();
    assert_eq!(model.newline(), Some(x));
    let mut expected = String::new();
    for _ in 0..300 {
        if Some(x) == model.newline() {
            recurrence.go_on_from(&[0.0; 6]);
        }
        recurrence.read(rnn, x, &mut choice.p);
        choice.choose(Level::chosen());
        x = sample(&choice.p, generator.uniform());
        expected.push(model.vocabulary.characters()[x]);
    }
    assert_eq!(written, expected);
}

#[test]
fn training_from_a_model_begins_with_its_parameters_alone() {
    let mut first = training();
    for _ in 0..150 {
        first.update().unwrap();
    }
    let model = first.model();
    let settings = Settings { hidden: 99, learning_rate: 0.05, ..settings() };
    let text = "the bell rings at ten. ".repeat(3);
    let corpus = |text: &str| Corpus::of(text, &settings).unwrap();
    let fresh = OptimizerStart::Fresh;
    let mut from = Training::begin_from(corpus(&text), settings, model, fresh).unwrap();
    let state = &from.model().state;
    assert_eq!(state.rnn, model.state.rnn);
    assert!(state.optimizer_state[0].values().iter().chain(&state.h).all(|&x| x == 0.0));
    assert_eq!((state.updates, state.smooth_loss), (0, None));
    assert_eq!(from.model().vocabulary, model.vocabulary);
    assert_eq!(from.model().settings.hidden, 6);
    assert!(from.observe().unwrap().loss < 0.9 * training().observe().unwrap().loss);
    from.update().unwrap();
    let other = corpus(&text.replace('b', "B"));
    let refused = Training::begin_from(other, settings, model, fresh);
    assert_eq!(refused.unwrap_err().to_string(), "the vocabulary lacks 'B' (U+0042)");
    let resumed = Training::resume(&text, from.model().clone(), from.best().clone());
    assert_eq!(resumed.unwrap().model(), from.model());
}

#[test]
fn a_model_of_bytes_goes_on_in_its_bytes() {
    let input = Cursor::new(TEXT.as_bytes().to_vec());
    let settings = Settings { symbols: Symbols::Bytes, ..settings() };
    let corpus = Corpus::open(input, &settings, |_| ()).unwrap();
    let mut training = Training::begin(corpus, settings).unwrap();
    training.update().unwrap();
    let (model, best) = (training.model().clone(), training.best().clone());
    let mut resumed = Training::resume(TEXT, model, best).unwrap();
    assert_eq!(resumed.observe(), training.observe());
}

#[test]
fn a_text_opened_with_other_settings_is_refused() {
    for (other, words) in [
        (Settings { sequence_length: 7, ..settings() }, "sequence_length = 8, and"),
        (Settings { symbols: Symbols::Bytes, ..settings() }, "bytes = false, and"),
        (Settings { documents: true, ..settings() }, "documents = false, and"),
        (Settings { validation: 0.5, ..settings() }, "validation = 0.0, and"),
    ] {
        let corpus = Corpus::of(TEXT, &settings()).unwrap();
        let refused = Training::begin(corpus, other).unwrap_err();
        assert!(matches!(refused, TrainingError::OpenedOtherwise { .. }));
        assert!(refused.to_string().contains(words), "{refused}");
    }
}

#[test]
fn a_run_goes_on_in_its_own_text_alone() {
    let model = training().model().clone();
    let other = TEXT.replace("nine", "five");
    assert!(matches!(
        Training::resume(&other, model.clone(), model),
        Err(TrainingError::OtherText { .. })
    ));
}

#[test]
fn a_model_that_no_chunk_of_its_text_fits_is_refused() {
    for (T, need) in [(76, 77), (1000, 1001), (usize::MAX, usize::MAX)] {
        let mut model = training().model().clone();
        model.settings.sequence_length = T;
        assert_eq!(model.settings.least_characters(), need);
        let settings = Box::new(model.settings);
        assert_eq!(
            Training::resume(TEXT, model.clone(), model).unwrap_err(),
            TrainingError::TextTooShort { length: 76, held_out: 0, settings }
        );
    }
    let mut model = training().model().clone();
    model.settings.sequence_length = 75;
    let mut tight = Training::resume(TEXT, model.clone(), model).unwrap();
    tight.update().unwrap();
    assert_eq!(tight.position(), 0);
}

#[test]
fn memory_is_claimed_for_models_and_steps_together() {
    let shape = Shape::new(6, 20).unwrap();
    let claim = |sequence_length, models| {
        let settings = Settings { sequence_length, ..settings() };
        claim_memory(shape, &settings, models)
    };
    assert_eq!(claim(5, 4), Ok(()));
    let refused = Err(ShapeError::NoMemory { bytes: usize::MAX });
    assert_eq!(claim(5, usize::MAX), refused);
    assert_eq!(claim(usize::MAX, 4), refused);
    // Half of the address space is more than any allocation may have.
    let half = usize::MAX / size_of::<f64>() / 2;
    assert!(claim(half / 2 / (4 * 6 + 2 * 20), half / 2 / shape.entries() + 1).is_err());
}

#[test]
fn a_model_that_stands_behind_the_end_of_its_part_is_refused() {
    let settings = Settings { batch_size: 3, ..settings() };
    let mut model = Training::new(TEXT, settings).unwrap().model().clone();
    model.state.position = 25;
    assert!(Training::resume(TEXT, model.clone(), model.clone()).is_ok());
    model.state.position = 26;
    assert!(Training::resume(TEXT, model.clone(), model).is_err());
}

#[test]
fn models_of_two_runs_are_told_by_what_differs() {
    let of = |text: &str, settings: Settings| Training::new(text, settings).unwrap().into_model();
    let good = of(TEXT, settings());
    let again = || good.clone();
    assert!(Training::resume(TEXT, again(), again()).is_ok());
    let other_text = TEXT.replace("nine", "nien");
    for (best, words) in [
        (
            of(TEXT, Settings { hidden: 7, ..settings() }),
            "hidden is 6 in the last and 7 in the best",
        ),
        (of(TEXT, Settings { seed: 9, ..settings() }), "seed is 1 in the last and 9 in the best"),
        (
            of(TEXT, Settings { learning_rate: 0.2, ..settings() }),
            "learning_rate is 0.1 in the last and 0.2 in the best",
        ),
        (of(&TEXT.replace('b', "B"), settings()), "vocabulary is "),
        (of(&other_text, settings()), "text is "),
    ] {
        let error = Training::resume(TEXT, again(), best).unwrap_err();
        assert!(matches!(error, TrainingError::OtherBest { .. }));
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
    let imported =
        Model::from_parameters(good.vocabulary.clone(), good.parameters().clone()).unwrap();
    let imported = imported.with_settings(settings()).unwrap();
    let error = Training::resume(TEXT, again(), imported.clone()).unwrap_err().to_string();
    assert!(error.ends_with(" in the last and none in the best"), "{error}");
    let error = Training::resume(TEXT, imported.clone(), imported).unwrap_err();
    assert_eq!(error, TrainingError::NoText);
}

#[test]
fn a_loss_that_is_not_finite_stops_before_anything_changes() {
    let wild =
        Settings { initialization: Initialization::Normal { sigma: f64::MAX }, ..settings() };
    let mut training = Training::new(TEXT, wild).unwrap();
    let before = training.model().clone();
    assert!(matches!(training.update(), Err(TrainingError::NotFinite { iteration: 0, .. })));
    assert_eq!(training.model(), &before);
    assert!(training.sample(1).is_err());
}
