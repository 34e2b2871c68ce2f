use super::*;
use crate::files::checkpoint;
use crate::model::Model;
use crate::network::reference;
use crate::settings::{Initialization, Order, Settings};
use crate::text::vocabulary::one_hot;
use crate::training::{Training, TrainingError};

const TEXT: &str = "the ferry crosses at nine, and the bell rings twice; at ten it rings again.\n";

fn settings() -> Settings {
    Settings {
        hidden: 7,
        sequence_length: 5,
        initialization: Initialization::Normal { sigma: 0.3 },
        validation: 0.4,
        ..Settings::default()
    }
}

fn trained(text: &str, settings: Settings) -> Training {
    let mut training = Training::new(text, settings).unwrap();
    for _ in 0..30 {
        training.update().unwrap();
    }
    training
}

/// Nats in all by the definition, and the characters that are charged; every part from h0.
fn definition<'a>(model: &Model, h0: &[f64], parts: impl Iterator<Item = &'a str>) -> (f64, usize) {
    let K = model.vocabulary.len();
    parts.fold((0.0, 0), |(sum, count), part| {
        let indices = model.vocabulary.encode(part).unwrap();
        let steps = indices.len() - 1;
        let (X, Y) = (one_hot(&indices[..steps], K).unwrap(), one_hot(&indices[1..], K).unwrap());
        let pass = reference::forward(&model.state.rnn.parameters, &X, &Y, h0);
        (sum + pass.loss, count + steps)
    })
}

fn close(found: f64, expected: f64) {
    let error = (found - expected).abs();
    assert!(error <= 1e-13 * expected, "{found}, not {expected}");
}

#[test]
fn the_loss_is_that_of_the_definition() {
    let text = TEXT.repeat(9);
    let held_out = &text[text.len() - (0.4 * text.len() as f64) as usize..];
    let mut training = trained(&text, settings());
    let validation = training.validation_loss().unwrap();
    // From where the next update begins.
    let h0 = training.h0();
    assert!(h0.iter().all(|&h| h != 0.0));
    assert_eq!(h0, &training.model().state.h);
    let (nats, count) = definition(training.model(), h0, [held_out].into_iter());
    assert_eq!(count, held_out.len() - 1);
    assert!(count > 3 * HELD_OUT_STEPS);
    close(validation.nats, nats / count as f64);
    assert_eq!(validation.loss, validation.nats * 5.0);
    close(validation.bits * LN_2, validation.nats);
}

#[test]
fn every_document_is_judged_from_its_own_start() {
    let line = |i: usize| format!("{}{}\n", &TEXT[i..][..i % 9 + 1], "ring".repeat(i * i % 29));
    let lines: Vec<String> = (0..60).map(line).collect();
    let documents = Settings { documents: true, ..settings() };
    let mut training = trained(&lines.concat(), documents);
    let validation = training.validation_loss().unwrap();
    let mut left = training.corpus().held_out() as usize;
    let held_out = lines.iter().rev().take_while(|line| {
        let fits = left > 0;
        left = left.saturating_sub(line.len());
        fits
    });
    let parts: Vec<String> = held_out.map(|line| format!("\n{line}")).collect();
    assert!(parts.iter().any(|part| part.len() > HELD_OUT_STEPS + 1));
    let h0 = [0.0; 7];
    let (nats, count) = definition(training.model(), &h0, parts.iter().map(String::as_str));
    assert_eq!(count as u64, training.corpus().held_out());
    close(validation.nats, nats / count as f64);
}

/// In the other orders, and where an epoch begins, training begins with zeros.
#[test]
fn the_held_out_text_is_read_from_where_the_next_update_begins() {
    let text = TEXT.repeat(9);
    let held_out = &text[text.len() - (0.4 * text.len() as f64) as usize..];
    let chunks = Order::Chunks { length: 20 };
    for (order, batch_size) in
        [(Order::Text, 1), (Order::Text, 3), (chunks, 1), (Order::Positions, 2)]
    {
        let settings = Settings { order, batch_size, ..settings() };
        let mut training = Training::new(&text, settings).unwrap();
        let per_epoch = training.updates_per_epoch();
        let mut zeros = 0;
        for n in 0..2 * per_epoch + 1 {
            let found = training.validation_loss().unwrap();
            let model = training.model();
            let carries = order == Order::Text && n % per_epoch != 0;
            let h0 = if carries { model.state.h[..7].to_vec() } else { vec![0.0; 7] };
            zeros += (h0[0] == 0.0) as u64;
            let (nats, count) = definition(model, &h0, [held_out].into_iter());
            close(found.nats, nats / count as f64);
            training.update().unwrap();
        }
        let need = if order == Order::Text { 3 } else { 2 * per_epoch + 1 };
        assert_eq!(zeros, need, "{order:?}");
    }
}

/// One running sum over the characters: as if all of them were one chunk, at every level.
#[test]
fn no_level_no_thread_and_no_chunk_shows_in_the_bits() {
    let text = TEXT.repeat(9);
    for m in [5, 20, 33] {
        let settings = Settings { hidden: m, batch_size: 3, ..settings() };
        let mut training = trained(&text, settings);
        let found = training.validation_loss().unwrap();
        let model = training.model();
        let held_out = &text[training.corpus().learned() as usize..];
        let indices = model.vocabulary.encode(held_out).unwrap();
        let steps = indices.len() - 1;
        let mut whole = Unrolled::new(model.state.rnn.shape(), steps, 1).unwrap();
        whole.set(0, &indices[..steps], &indices[1..], training.h0());
        let nats = model.state.rnn.forward(&mut whole) / steps as f64;
        assert_eq!(found.nats.to_bits(), nats.to_bits());
        for level in Level::available() {
            for threads in [1, 2] {
                let training = trained(&text, settings).on(level, threads);
                let validation = training.unwrap().validate().unwrap();
                assert_eq!(validation, found, "{level:?} {threads}");
            }
        }
    }
}

/// The updates are those of the text without its end, however often that is looked at.
#[test]
fn what_is_held_out_is_never_learned() {
    for (text, changes) in [
        (TEXT.repeat(9), settings()),
        (TEXT.repeat(9), Settings { batch_size: 3, ..settings() }),
        ("anna\nbo\nchristopher\ny\n".repeat(9), Settings { documents: true, ..settings() }),
    ] {
        let digest = |training: &Training| {
            let state = &training.model().state;
            (state.rnn.parameters.digest(), state.h.clone())
        };
        let learn = |every: u64| {
            let mut training = Training::new(&text, changes).unwrap();
            for n in 0..300 {
                if n % every == 0 {
                    training.validate().unwrap();
                } else if n % every == 1 {
                    training.validation_loss().unwrap();
                }
                training.update().unwrap();
            }
            (digest(&training), training)
        };
        let (found, training) = learn(u64::MAX);
        let learned = training.corpus().learned();
        // Of documents without the newline before the first.
        let cut = &text[..learned as usize - usize::from(changes.documents)];
        let alone = Settings { validation: 0.0, ..changes };
        let mut alone = Training::new(cut, alone).unwrap();
        assert_eq!(alone.model().vocabulary, training.model().vocabulary);
        for _ in 0..300 {
            alone.update().unwrap();
        }
        assert_eq!(digest(&alone), found);
        assert!(alone.model().state.epoch > 1);
        for every in [1, 2, 7, 100] {
            assert_eq!(learn(every).0, found, "every {every}");
        }
    }
}

#[test]
fn the_best_model_is_the_earliest_with_the_lowest_validation_loss() {
    let wild = Settings { learning_rate: 0.5, ..settings() };
    let mut training = Training::new(&TEXT.repeat(9), wild).unwrap();
    let untrained = training.model().clone();
    assert_eq!(training.best_validation(), None);
    let mut lowest: Option<(Validation, f64, Model)> = None;
    let mut lower_aside = 0;
    for n in 0..400 {
        let asked = training.validation_loss().unwrap();
        let below = |lowest: &Option<(Validation, f64, Model)>| {
            (lowest.as_ref()).is_none_or(|(best, ..)| asked.nats < best.nats)
        };
        // Those that do not compete are never the best.
        lower_aside += usize::from(n % 7 != 3 && below(&lowest));
        training.observe().unwrap();
        if n % 7 == 3 {
            assert_eq!(training.validate().unwrap(), asked);
            assert_eq!(training.validate().unwrap(), asked);
            if below(&lowest) {
                let smooth_loss = training.observe().unwrap().smooth_loss;
                lowest = Some((asked, smooth_loss, training.model().clone()));
            }
        }
        match &lowest {
            Some((validation, smooth_loss, model)) => {
                assert_eq!(training.best(), model, "{n}");
                assert_eq!(training.best_validation(), Some(*validation));
                assert_eq!(training.best_smooth_loss(), Some(*smooth_loss));
            }
            None => assert_eq!(training.best(), &untrained),
        }
        training.update().unwrap();
    }
    let (_, _, best) = lowest.unwrap();
    assert!(best.state.updates > 3 && lower_aside > 0);
}

#[test]
fn of_equal_losses_the_earlier_stays() {
    let mut training = Training::new(&"a".repeat(90), settings()).unwrap();
    for _ in 0..20 {
        let validation = training.validate().unwrap();
        assert_eq!((validation.nats, validation.bits), (0.0, 0.0));
        assert_eq!(training.best().state.updates, 0);
        training.update().unwrap();
    }
}

/// Through a file, before and after parameters have competed.
#[test]
fn a_run_that_goes_on_keeps_its_best_validation_loss() {
    let text = TEXT.repeat(9);
    let through_a_file = |model: &Model| {
        let bytes = checkpoint::to_bytes(model).unwrap();
        checkpoint::from_bytes(&bytes).unwrap()
    };
    let mut whole = Training::new(&text, settings()).unwrap();
    for n in 0..60 {
        if n % 20 == 5 {
            whole.validate().unwrap();
        }
        let (model, best) = (through_a_file(whole.model()), through_a_file(whole.best()));
        let mut again = Training::resume(&text, model, best).unwrap();
        if n % 20 == 5 {
            again.validate().unwrap();
        }
        assert_eq!(again.model(), whole.model());
        assert_eq!(again.best(), whole.best(), "{n}");
        assert_eq!(again.best_validation(), whole.best_validation());
        assert_eq!(again.validate(), whole.validation_loss());
        whole.update().unwrap();
    }
}

/// Documents are cut where only the text can tell: no file can say that such a position is wrong.
#[test]
fn no_run_goes_on_in_what_is_held_out() {
    let text = "anna\nbo\nchristopher\ny\n".repeat(9);
    let documents = Settings { documents: true, ..settings() };
    let training = Training::new(&text, documents).unwrap();
    let mut model = training.model().clone();
    model.state.position = training.corpus().learned();
    assert!(Training::resume(&text, model.clone(), model.clone()).is_ok());
    model.state.position += 1;
    assert!(checkpoint::to_bytes(&model).is_ok());
    let refused = Training::resume(&text, model.clone(), model).unwrap_err();
    assert!(matches!(refused, TrainingError::PastEnd { .. }), "{refused}");
}

#[test]
fn what_cannot_be_held_out_is_refused() {
    let with = |validation, text: &str| {
        let settings = Settings { validation, ..settings() };
        let refused = Training::new(text, settings);
        refused.map(|_| ()).map_err(|error| error.to_string())
    };
    let text = &TEXT[..20];
    for (validation, words) in [
        (-0.1, "validation -0.1: must be a number of at least 0 and below 1"),
        (1.0, "validation 1: must be a number of at least 0 and below 1"),
        (f64::NAN, "validation NaN: must be a number of at least 0"),
        (0.04, "0 of 20 characters would be held out, but validation needs at least 2"),
        (0.09, "1 of 20 characters would be held out, but validation needs at least 2"),
        (
            0.75,
            "5 characters to train on, besides 15 held out, are too few: one update needs sequence_length + 1 = 6",
        ),
    ] {
        let error = with(validation, text).unwrap_err();
        assert!(error.starts_with(words), "{words:?}, not {error:?}");
    }
    for validation in [0.0, -0.0, 0.1, 0.7] {
        assert_eq!(with(validation, text), Ok(()), "{validation}");
    }
    let documents = Settings { documents: true, ..settings() };
    let refused = Training::new("anna\nchristopher\n", documents).unwrap_err();
    let none = TrainingError::TooFewHeldOut { length: 18, held_out: 0, need: 2 };
    assert_eq!(refused, none);
    let all = Settings { validation: 0.95, ..documents };
    let refused = Training::new("anna\nchristopher\n", all).unwrap_err();
    let words = "1 characters to train on, besides 17 held out, are too few";
    assert!(refused.to_string().starts_with(words), "{refused}");
}

#[test]
fn without_a_part_held_out_there_is_no_validation_loss() {
    let none = Settings { validation: 0.0, ..settings() };
    let mut training = Training::new(TEXT, none).unwrap();
    assert_eq!(training.validation_loss(), Err(TrainingError::NothingHeldOut));
    assert_eq!(training.validate(), Err(TrainingError::NothingHeldOut));
    assert_eq!(training.best_validation(), None);
}

/// What is learned can be right while what is held out is hopeless.
#[test]
fn a_loss_that_is_not_finite_is_told() {
    let text = format!("{}{}", "a".repeat(60), "b".repeat(40));
    let mut model = Training::new(&text, settings()).unwrap().model().clone();
    model.state.rnn.parameters.tensors_mut().c[0] = 1e307;
    let mut training = Training::resume(&text, model.clone(), model).unwrap();
    assert_eq!(training.observe().unwrap().loss, 0.0);
    for _ in 0..2 {
        let error = training.validate().unwrap_err();
        let words = "the validation loss is inf at update 0: training cannot continue";
        assert!(error.to_string().starts_with(words), "{error}");
    }
    training.update().unwrap();
    assert_eq!(training.best().state.updates, 0);
}
