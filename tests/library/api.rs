//! What a program that uses the library can rely on: wrong calls are errors, sessions own their model, everything goes
//! through memory, and errors say each thing once.

use crate::examples::{TEXT, model};
use elman::check::{Case, check_gradients};
use elman::files::{self, FileError};
use elman::inference::{
    Reading, Sampling, Score, ScoreBy, Scored, Scorer, Session, TextScorer, Writer,
};
use elman::model::ModelError;
use elman::text::{Symbols, TextError};
use elman::training::{Ending, Fit, OptimizerStart};
use elman::{
    Corpus, Error, Level, Loss, Model, Observation, Optimizer, Order, Parameters, Plan, Rnn,
    Settings, Shape, ShapeError, Training, TrainingError, Unrolled, Vocabulary, score,
};
use std::error::Error as _;
use std::fmt::Debug;
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;

fn settings() -> Settings {
    Settings { hidden: 6, sequence_length: 8, ..Settings::default() }
}

fn text() -> String {
    TEXT.repeat(8)
}

fn training() -> Training {
    Training::new(&text(), settings()).unwrap()
}

fn go_on(_: &Training, _: &Observation) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Checked when the tests are compiled.
#[test]
fn what_can_be_shared_is_shared() {
    fn plain<T: Clone + Debug + PartialEq + Send + Sync + 'static>() {}
    fn session<T: Clone + Debug + Send + Sync + 'static>() {}
    fn one<T: Debug + Send + Sync + 'static>() {}
    plain::<Model>();
    plain::<Settings>();
    plain::<Plan>();
    plain::<Parameters>();
    plain::<Rnn>();
    plain::<Vocabulary>();
    plain::<Observation>();
    plain::<Score>();
    plain::<Session>();
    plain::<Sampling>();
    plain::<Level>();
    plain::<Fit>();
    plain::<elman::random::Generator>();
    plain::<elman::model::State>();
    session::<Unrolled>();
    session::<Writer<Arc<Model>>>();
    session::<Writer<Model>>();
    session::<Writer<&'static Model>>();
    session::<Scorer<Arc<Model>>>();
    one::<TextScorer<Arc<Model>>>();
    one::<Error>();
    // They read their text, which need not be shared.
    fn moved<T: Debug + Send + 'static>() {}
    moved::<Training>();
    moved::<Corpus>();
}

#[test]
fn what_is_printed_for_debugging_is_short() {
    let model = Arc::new(training().into_model());
    let texts = [
        format!("{model:?}"),
        format!("{:?}", model.state()),
        format!("{:?}", model.parameters()),
        format!("{:?}", model.vocabulary()),
        format!("{:?}", Writer::new(Arc::clone(&model)).unwrap()),
        format!("{:?}", Scorer::new(Arc::clone(&model)).unwrap()),
        format!("{:?}", TextScorer::new(Arc::clone(&model), ScoreBy::Text).unwrap()),
        format!("{:?}", training()),
        format!("{:?}", Unrolled::new(model.shape(), 25, 3).unwrap()),
    ];
    for text in texts {
        assert!(text.len() < 400, "{} characters: {:.200}", text.len(), text);
    }
}

/// Whatever data or a wrong call brings, it is an error that says what and where.
#[test]
fn wrong_calls_are_errors() {
    let model = model(Symbols::Characters, "\nabc", false);
    let rnn = Rnn { parameters: model.parameters().clone() };
    let (h0, short) = ([0.0; 7], [0.0; 6]);
    let case = Case { inputs: &[0, 1], targets: &[1, 2], h0: &h0 };
    let check = |case: Case| check_gradients(&rnn, case).unwrap_err();
    let hidden_state = ShapeError::HiddenState { found: 6, m: 7 };
    let index = ShapeError::Index { index: 4, K: 4 };
    assert_eq!(check(Case { h0: &short, ..case }), hidden_state);
    assert_eq!(check(Case { inputs: &[0, 4], ..case }), index);
    assert_eq!(check(Case { targets: &[4, 0], ..case }), index);
    let targets = ShapeError::Targets { inputs: 2, targets: 1 };
    assert_eq!(check(Case { targets: &[1], ..case }), targets);
    let mut steps = Unrolled::new(model.shape(), 2, 1).unwrap();
    assert_eq!(steps.begin(0, &[0, 1], &[1, 4], &h0), Err(index));
    assert_eq!(steps.begin(0, &[0, 1], &[1, 2], &short), Err(hidden_state));

    assert_eq!(model.vocabulary().decode(&[1, 4]), Err(index));
    let mut scorer = Scorer::new(&model).unwrap();
    assert_eq!(scorer.read_index(4), Err(index));
    assert_eq!(scorer.clone().starting_from(&short).unwrap_err(), hidden_state);
    let beyond = Session::new(h0.to_vec(), Some(4));
    assert_eq!(scorer.set_session(&beyond), Err(index));
    let reader = TextScorer::new(&model, ScoreBy::Text).unwrap();
    assert_eq!(reader.starting_from(&short).unwrap_err(), hidden_state);
    let cold = Sampling { temperature: -1.0, ..Sampling::default() };
    let refused = Writer::new(&model).unwrap().sampling(cold).unwrap_err();
    assert_eq!(refused.to_string(), "temperature -1: must be a number of at least 0");

    for (wrong, name) in [
        (Settings { sequence_length: 0, ..settings() }, "sequence_length"),
        (Settings { validation: f64::NAN, ..settings() }, "validation"),
        (Settings { batch_size: 0, ..settings() }, "batch_size"),
        (Settings { hidden: 0, ..settings() }, "hidden"),
        (Settings { order: Order::Chunks { length: 0 }, ..settings() }, "chunk"),
    ] {
        let TextError::Setting(error) = Corpus::of(TEXT, &wrong).unwrap_err() else { panic!() };
        assert_eq!(error.name, name);
        let TrainingError::Setting(error) = Training::new(TEXT, wrong).unwrap_err() else {
            panic!()
        };
        assert_eq!(error.name, name);
    }
}

/// The messages of the library do not know the program.
#[test]
fn messages_name_settings_as_the_library_does() {
    let few = Training::new("abc", Settings { batch_size: 2, ..settings() }).unwrap_err();
    assert!(few.to_string().contains("batch_size x (sequence_length + 1) = 18"), "{few}");
    let errors: [Error; 5] = [
        few.into(),
        TrainingError::FirstEdition.into(),
        FileError::NoVocabulary { K: 3 }.into(),
        Sampling { top_k: 0, ..Sampling::default() }.check().unwrap_err().into(),
        Settings { learning_rate: 0.0, ..settings() }.check().unwrap_err().into(),
    ];
    for error in errors {
        let message = error.to_string();
        for option in ["--", "seq-length", "batch-size", "top-k", "learning-rate"] {
            assert!(!message.contains(option), "{message}");
        }
        assert!(message.starts_with(|c: char| !c.is_uppercase()), "{message}");
    }
}

/// All messages of a chain, from the outermost.
fn chain(error: &dyn std::error::Error) -> Vec<String> {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    std::iter::once(error.to_string()).chain(causes.map(|error| error.to_string())).collect()
}

#[test]
fn an_error_and_its_sources_say_each_thing_once() {
    let folder = std::env::temp_dir();
    let missing = folder.join("elman-api").join("no-model");
    let load: Error = files::load(&missing).unwrap_err().into();
    let save: Error = files::save(&training().into_model(), &missing).unwrap_err().into();
    for (error, verb) in [(load, "read"), (save, "written")] {
        let told = chain(&error);
        assert_eq!(told[0], format!("{}: cannot be {verb}", missing.display()));
        assert_eq!(told.len(), 2);
        assert!(!told[0].contains(&told[1]), "{told:?}");
        let cause = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
        assert_eq!(cause.kind(), io::ErrorKind::NotFound);
    }
    // An error inside another is the same message, and not once more a source of it.
    let inside: Error = Training::new("", settings()).unwrap_err().into();
    assert_eq!(chain(&inside), ["the text is empty"]);
    let inside: Error = TrainingError::from(ShapeError::NoCharacters).into();
    assert_eq!(chain(&inside), ["the vocabulary is empty: K must be at least 1"]);
    let broken: Error = io::Error::other("broken").into();
    assert_eq!(chain(&broken), ["broken"]);
}

/// A reader or a writer that fails after some bytes.
struct Breaks(usize);

impl Read for Breaks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(1).ok_or(io::Error::other("broken"))?;
        buffer[..1].fill(b'a');
        Ok(1)
    }
}

impl Write for Breaks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::Error::other("broken"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn models_go_through_any_reader_and_writer() {
    let mut first = training();
    first.fit(Fit { updates: 30, ..Fit::default() }, go_on).unwrap();
    let plan = Plan { iterations: 40, ..Plan::default() };
    for plan in [None, Some(plan)] {
        let mut bytes = Vec::new();
        files::write(first.model(), plan.as_ref(), &mut bytes).unwrap();
        assert_eq!(files::read(&mut &bytes[..]).unwrap(), (first.model().clone(), plan));
        assert_eq!(plan.is_none(), bytes == files::to_bytes(first.model()).unwrap());
        let error = files::write(first.model(), plan.as_ref(), &mut Breaks(100)).unwrap_err();
        assert_eq!(chain(&error), ["the model: cannot be written", "broken"]);
    }
    let error = files::read(&mut Breaks(100)).unwrap_err();
    assert_eq!(chain(&error), ["the model: cannot be read", "broken"]);
    let early = Plan { iterations: 29, ..Plan::default() };
    let error = files::write(first.model(), Some(&early), &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("iterations"), "{error}");

    let path = std::env::temp_dir().join(format!("elman-api-{}", std::process::id()));
    files::save_with_plan(first.model(), &plan, &path).unwrap();
    assert_eq!(files::load_with_plan(&path).unwrap(), (first.model().clone(), Some(plan)));
    std::fs::remove_file(&path).unwrap();
}

/// The loop by hand, to the bit; what is evaluated, and how often, changes nothing that is learned.
#[test]
fn fit_is_the_loop_by_hand() {
    let mut by_hand = training();
    for _ in 0..333 {
        by_hand.update().unwrap();
    }
    // At 333 nothing competes; at 300 the model itself is the best.
    let mut ends_best = training();
    ends_best.fit(Fit { updates: 300, ..Fit::default() }, go_on).unwrap();
    let best = ends_best.best().clone();
    assert_eq!(best.state().updates, 300);
    assert_eq!(ends_best.into_best(), best);
    for evaluate_every in [0, 1, 50, 1000] {
        let mut fitted = training();
        let fit = Fit { updates: 333, evaluate_every, patience: None };
        let mut seen = Vec::new();
        let ending = fitted.fit(fit, |training, observed| {
            assert_eq!(training.model().state().updates, observed.iteration);
            seen.push(observed.iteration);
            ControlFlow::Continue(())
        });
        assert_eq!(ending, Ok(Ending::Finished));
        let expected =
            (0..=333).filter(|n| *n == 333 || evaluate_every > 0 && n % evaluate_every == 0);
        assert!(seen.iter().copied().eq(expected), "{evaluate_every}: {seen:?}");
        assert_eq!(fitted.model(), by_hand.model());
        by_hand.observe().unwrap();
        assert_eq!(fitted.best(), by_hand.best());
        let best = by_hand.best().clone();
        assert_eq!(fitted.into_best(), best);
    }
}

#[test]
fn the_callback_stops_and_a_stopped_training_goes_on() {
    let mut whole = training();
    let fit = Fit { updates: 200, evaluate_every: 20, patience: None };
    whole.fit(fit, go_on).unwrap();
    let mut parts = training();
    let stop = |_: &Training, seen: &Observation| {
        if seen.iteration == 60 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    assert_eq!(parts.fit(fit, stop), Ok(Ending::Stopped));
    assert_eq!(parts.model().state().updates, 60);
    parts.fit(Fit { updates: 140, ..fit }, go_on).unwrap();
    assert_eq!((parts.model(), parts.best()), (whole.model(), whole.best()));
    assert_eq!(parts.into_model(), whole.into_model());
}

/// Wherever a training is saved, also between a look at the held-out text and the update after it: what is resumed keeps
/// the best model, and its loss.
#[test]
fn the_best_model_survives_a_resume_right_after_it_was_found() {
    let text = text();
    for seed in 1..12 {
        let settings = Settings { validation: 0.2, seed, learning_rate: 0.3, ..settings() };
        let mut whole = Training::new(&text, settings).unwrap();
        let mut parts = Training::new(&text, settings).unwrap();
        for n in 0..25 {
            for training in [&mut whole, &mut parts] {
                (0..7).for_each(|_| _ = training.update().unwrap());
                if n % 2 == 0 {
                    training.validate().unwrap();
                }
            }
            let through = |model| files::from_bytes(&files::to_bytes(model).unwrap()).unwrap();
            let (model, best) = (through(parts.model()), through(parts.best()));
            parts = Training::resume(&text, model, best).unwrap();
            assert_eq!(parts.best_validation(), whole.best_validation(), "{seed} {n}");
            assert_eq!(parts.best().parameters(), whole.best().parameters(), "{seed} {n}");
        }
        assert_eq!(parts.model(), whole.model());
    }
}

/// On a text whose held-out part has nothing to do with the rest, learning soon makes it worse.
#[test]
fn patience_stops_where_the_validation_loss_no_longer_falls() {
    let text = format!("{}{}", "abcd".repeat(60), "dacb".repeat(15));
    let settings = Settings { validation: 0.2, ..settings() };
    for patience in [1, 3] {
        let mut training = Training::new(&text, settings).unwrap();
        let fit = Fit { updates: 5000, evaluate_every: 10, patience: Some(patience) };
        let mut losses = Vec::new();
        let ending = training.fit(fit, |_, seen| {
            losses.push(seen.validation_loss.unwrap());
            ControlFlow::Continue(())
        });
        assert_eq!(ending, Ok(Ending::OutOfPatience));
        let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
        let place = losses.iter().position(|&loss| loss == lowest).unwrap();
        assert_eq!(losses.len(), place + 1 + patience as usize);
        assert_eq!(training.best_validation().unwrap().loss, lowest);
        assert_eq!(training.into_best().state().updates, 10 * place as u64);
    }
    // Without a held-out part the smooth loss counts, which falls here for as long as one looks.
    let mut training = Training::new(&"abcd".repeat(60), self::settings()).unwrap();
    let fit = Fit { updates: 300, evaluate_every: 10, patience: Some(1) };
    assert_eq!(training.fit(fit, go_on), Ok(Ending::Finished));
}

/// The state of the optimizer goes on as if the training had not been begun anew: also Adam's t.
#[test]
fn an_optimizer_s_state_can_be_kept() {
    for optimizer in Optimizer::ALL {
        let learning_rate = optimizer.usual_learning_rate();
        let settings = Settings { optimizer, learning_rate, ..settings() };
        let mut first = Training::new(&text(), settings).unwrap();
        first.fit(Fit { updates: 40, ..Fit::default() }, go_on).unwrap();
        let model = first.into_model();
        let begin = |start| {
            let corpus = Corpus::of(&text(), &settings).unwrap();
            Training::begin_from(corpus, settings, &model, start).unwrap()
        };
        let [mut kept, fresh] = [OptimizerStart::Kept, OptimizerStart::Fresh].map(begin);
        assert_eq!(kept.model().state().optimizer_state, model.state().optimizer_state);
        assert_ne!(fresh.model().state().optimizer_state, model.state().optimizer_state);
        assert_eq!([&kept, &fresh].map(|it| it.model().rule().t), [41, 1]);
        assert_eq!(kept.model().record().optimizer_updates, 40);
        // It is in the file, and goes on from there; and so does one that begins from that.
        let through = files::from_bytes(&files::to_bytes(kept.model()).unwrap()).unwrap();
        assert_eq!(&through, kept.model());
        let mut resumed = Training::resume(&text(), through.clone(), through).unwrap();
        for _ in 0..5 {
            assert_eq!(resumed.update(), kept.update());
        }
        let corpus = Corpus::of(&text(), &settings).unwrap();
        let again = Training::begin_from(corpus, settings, kept.model(), OptimizerStart::Kept);
        assert_eq!(again.unwrap().model().rule().t, 46);

        let other = Optimizer::ALL.into_iter().find(|other| *other != optimizer).unwrap();
        let settings = Settings { optimizer: other, ..settings };
        let corpus = Corpus::of(&text(), &settings).unwrap();
        let refused = Training::begin_from(corpus, settings, &model, OptimizerStart::Kept);
        let (found, need) = (optimizer.name(), other.name());
        assert_eq!(refused.unwrap_err(), TrainingError::OtherOptimizer { found, need });
    }
}

/// What the documentation warns of: a fresh AdaGrad ruins a trained network, the kept one does not.
#[test]
fn a_fresh_adagrad_ruins_what_a_kept_one_improves() {
    let text = elman::STORY;
    let settings = Settings { hidden: 20, validation: 0.1, loss: Loss::Sum, ..Settings::default() };
    let mut first = Training::new(text, settings).unwrap();
    first.fit(Fit { updates: 4000, ..Fit::default() }, go_on).unwrap();
    let before = first.validate().unwrap().bits;
    let bits = |start| {
        let corpus = Corpus::of(text, &settings).unwrap();
        let model = first.model();
        let mut training = Training::begin_from(corpus, settings, model, start).unwrap();
        training.fit(Fit { updates: 20, ..Fit::default() }, go_on).unwrap();
        training.validate().unwrap().bits
    };
    let [fresh, kept] = [OptimizerStart::Fresh, OptimizerStart::Kept].map(bits);
    assert!(fresh > before + 0.2, "{before} {fresh}");
    assert!(kept < before + 0.05, "{before} {kept}");
}

/// Whether one by one, side by side, read from a stream, or by a session that is kept: the same bits, in order, one score
/// for every line.
#[test]
fn lines_have_one_score_however_they_are_read() {
    for (characters, documents) in [("\nabc\u{e5}", false), ("abc", false), ("\n\rabc", true)] {
        let model = Arc::new(model(Symbols::Characters, characters, documents));
        let lines: Vec<String> = (0..400usize)
            .map(|i| (0..i * i % 23).map(|j| ['a', 'b', 'x', 'c'][(i * j + j) % 4]).collect())
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert!(lines.contains(&""));
        let batch = score::batch(&model, &lines).unwrap();
        assert_eq!(batch.len(), lines.len());
        let mut scorer = Scorer::new(Arc::clone(&model)).unwrap();
        for (line, score) in lines.iter().zip(&batch) {
            assert_eq!(score, &score::line(&model, line).unwrap(), "{line:?}");
            assert_eq!(score, &scorer.line(line), "{line:?}");
            assert_eq!(score.characters == 0, line.is_empty() || score.worst.is_none());
        }
        let mut streamed = Vec::new();
        let stream = lines.join("\n") + "\n";
        let read = score::read(&model, stream.as_bytes(), |line| {
            streamed.push(line.score);
            ControlFlow::Continue(())
        });
        assert_eq!((read, streamed), (Ok(()), batch));
    }
}

/// Bytes that are no UTF-8 do not end a service: each sequence is an unknown character.
#[test]
fn lines_may_be_any_bytes() {
    let model = model(Symbols::Characters, "\nabc\u{e5}\u{fffd}", false);
    let lines: [&[u8]; 6] = [
        b"ab\xffc",
        b"\xe2\x82",
        b"a\xc3\xa5\xf0\x9f\x98b\xc3",
        b"\xef\xbf\xbda\x80",
        b"",
        b"a\r\n",
    ];
    let batch = score::batch(&model, &lines).unwrap();
    let mut streamed = Vec::new();
    let stream = lines.map(|line| line.strip_suffix(b"\n").unwrap_or(line)).join(&b'\n');
    let mut take = |line: Scored<'_>| {
        streamed.push(line.score);
        ControlFlow::Continue(())
    };
    score::read(&model, &stream[..], &mut take).unwrap();
    assert_eq!(streamed, batch);
    for (line, score) in lines.iter().zip(&batch) {
        assert_eq!(&score::line(&model, line).unwrap(), score, "{line:?}");
        let lossy = String::from_utf8_lossy(line);
        assert_eq!(score.characters as usize, lossy.trim_end().chars().count(), "{line:?}");
    }
    assert_eq!(batch[0].worst.unwrap().invalid.unwrap().bytes(), b"\xff");
}

/// More characters, and more empty lines, than one round of a batch has.
#[test]
fn a_batch_of_any_size_is_read_in_rounds() {
    let model = model(Symbols::Characters, "\nabc", false);
    let long = "abcab".repeat(30_000);
    let lines: Vec<&str> =
        [vec![""; 70_000], vec!["ab", &long, "c", ""], vec!["abc"; 30_000]].concat();
    let batch = score::batch(&model, &lines).unwrap();
    for at in [0, 69_999, 70_000, 70_001, 70_002, 70_003, 70_004, 100_003] {
        assert_eq!(batch[at], score::line(&model, lines[at]).unwrap(), "{at}");
    }
    assert_eq!(batch.len(), 100_004);
    assert_eq!(score::batch(&model, &[""; 0]), Ok(vec![]));
}

/// The end of a line is no part of it; a newline within it is a character.
#[test]
fn the_end_of_a_line_does_not_count() {
    let plain = model(Symbols::Characters, "\nabc", false);
    let with_returns = model(Symbols::Characters, "\n\rabc", false);
    let documents = model(Symbols::Characters, "\n\rabc", true);
    let score = |model: &Model, line: &str| score::line(model, line).unwrap();
    for model in [&plain, &with_returns, &documents] {
        assert_eq!(score(model, "abc\n"), score(model, "abc"));
        assert_eq!(score(model, "abc\ncab").characters, 7);
        for line in ["abc\ncab", "\n\na", "a\r\nb\nc\n\n"] {
            let batch = score::batch(model, &["b", line, "a"]).unwrap();
            assert_eq!(batch[1], score(model, line), "{line:?}");
        }
    }
    assert_eq!(score(&plain, "abc\r\n"), score(&plain, "abc"));
    assert_eq!(score(&documents, "abc\r\n"), score(&documents, "abc"));
    assert_eq!(score(&with_returns, "abc\r\n").characters, 4);
    let bytes = model(Symbols::Bytes, "\nab\u{c3}", false);
    let told = score(&bytes, "a\u{e5}\n");
    assert_eq!((told.characters, told.unknown), (3, 1), "\u{e5} is two bytes");
}

/// Lines that were read when the callback stopped are handed over by the next call.
#[test]
fn a_reader_that_is_stopped_goes_on_where_it_stopped() {
    let model = model(Symbols::Characters, "\nabc", false);
    let text = "abc\nab\n\nca\nb\nabcabc";
    let lines = text.lines().count();
    for stop_after in 1..=lines {
        let mut scorer = TextScorer::new(&model, ScoreBy::Lines { carry: false }).unwrap();
        let (mut input, mut rows, mut stops) = (text.as_bytes(), Vec::new(), 0);
        loop {
            let mut left = stop_after;
            let read = scorer.read(&mut input, &mut |row: Scored<'_>| {
                rows.push((row.line, row.score, row.text.to_vec()));
                left -= 1;
                if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            match read.unwrap() {
                Reading::End => break,
                Reading::Stopped => stops += 1,
                Reading::More => {}
            }
        }
        assert_eq!(rows.len(), lines, "{stop_after}");
        for ((number, score, text), (expected, line)) in rows.iter().zip((1..).zip(text.lines())) {
            assert_eq!((*number, &text[..]), (Some(expected), line.as_bytes()));
            assert_eq!(score, &score::line(&model, line).unwrap());
        }
        assert!(stops >= lines / stop_after / 2, "{stop_after}: {stops}");
    }
    // A whole text is handed over once, whatever the callback says.
    let mut scorer = TextScorer::new(&model, ScoreBy::Text).unwrap();
    let (mut input, mut scores) = (text.as_bytes(), Vec::new());
    let mut take = |row: Scored<'_>| {
        scores.push(row.score);
        ControlFlow::Break(())
    };
    let readings: Vec<_> = (0..5).map(|_| scorer.read(&mut input, &mut take).unwrap()).collect();
    assert_eq!(readings[..3], [Reading::More, Reading::Stopped, Reading::End]);
    assert_eq!((readings[4], scores), (Reading::End, vec![score::text(&model, text).unwrap()]));
    let mut seen = 0;
    let read = score::read(&model, io::repeat(b'\n'), |_| {
        seen += 1;
        if seen == 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((read, seen), (Ok(()), 10), "an input without end is left");
}

/// One of what a service keeps.
struct Desk {
    writer: Writer<Arc<Model>>,
    scorer: Scorer<Arc<Model>>,
}

#[test]
fn sessions_live_in_structs_and_move_to_threads() {
    let model = Arc::new(training().into_model());
    let desk = Desk {
        writer: Writer::new(Arc::clone(&model)).unwrap(),
        scorer: Scorer::new(Arc::clone(&model)).unwrap(),
    };
    let mut other = Desk { writer: desk.writer.clone(), scorer: desk.scorer.clone() };
    let written = thread::spawn(move || {
        let mut desk = desk;
        (desk.writer.write(40), desk.scorer.line("the ferry"))
    });
    let written = written.join().unwrap();
    assert_eq!(written, (other.writer.write(40), other.scorer.line("the ferry")));
    // A scorer goes on with what another has read, and begins where it is told to.
    let mut first = Scorer::new(&*model).unwrap();
    "the ferry".chars().for_each(|c| _ = first.read(c));
    let mut second = Scorer::new(&*model).unwrap();
    second.read('x');
    second.set_session(&first.session()).unwrap();
    for c in " at nine".chars() {
        assert_eq!(second.read(c), first.read(c));
    }
    let h = first.session().h;
    let mut again = second.starting_from(&h).unwrap();
    assert_eq!((again.read('t'), &again.session().h), (None, &h));
    // A writer goes on with what a scorer has read, also one that has been asked for probabilities.
    let mut scorer = Scorer::new(&*model).unwrap();
    "the ferry".chars().for_each(|c| _ = scorer.read(c));
    let mut writer = Writer::new(&*model).unwrap();
    writer.probabilities();
    writer.set_session(&scorer.session()).unwrap();
    let mut primed = Writer::new(&*model).unwrap();
    primed.prime("the ferry").unwrap();
    assert_eq!(writer.write(30), primed.write(30));
}

/// The first characters are the passage of the run: its seed, and the first character of its text.
#[test]
fn a_new_writer_stands_where_the_run_s_passage_begins() {
    let settings = Settings { seed: 7, ..settings() };
    let model = Training::new(&text(), settings).unwrap().into_model();
    let first = text().chars().next().unwrap();
    assert_ne!(model.vocabulary().index(first), Some(0));
    let mut primed = Writer::new(&model).unwrap().seed(7);
    primed.prime(&first.to_string()).unwrap();
    assert_eq!(Writer::new(&model).unwrap().write(50), primed.write(50));
    assert_ne!(Writer::new(&model).unwrap().seed(1).write(50), primed.write(50));
}

#[test]
fn models_are_made_of_parts_that_fit() {
    let shape = Shape::new(2, 3).unwrap();
    let parameters = Parameters::zeros(shape).unwrap();
    let error = Model::from_parameters(Vocabulary::of("ab"), parameters.clone()).unwrap_err();
    assert_eq!(error, ModelError::Vocabulary { K: 3, characters: 2 });
    let model = Model::from_parameters(Vocabulary::of("abc"), parameters).unwrap();
    let documents = Settings { documents: true, ..*model.settings() };
    let error = model.with_settings(documents).unwrap_err().to_string();
    assert!(error.contains("where the vocabulary has no newline"), "{error}");

    let entries = |U: &[f64], W: &[f64], b: &[f64]| {
        let (V, c) = ([0.0; 6], [0.0; 3]);
        let tensors = elman::network::Tensors { U, W, V: &V[..], b, c: &c };
        Parameters::from_tensors(tensors).map(|_| ())
    };
    assert_eq!(entries(&[0.0; 6], &[0.0; 4], &[0.0; 2]), Ok(()));
    let error = entries(&[0.0; 6], &[0.0; 5], &[0.0; 2]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "W has 5 entries, which do not fit m = 2 (the length of b) and K = 3 (that of c)"
    );
    assert_eq!(entries(&[], &[], &[]), Err(ShapeError::NoHiddenUnits));
}

/// The kernels of a level say which bench times them.
#[test]
fn every_bench_that_the_documentation_names_exists() {
    let benches = include_str!("../../benches/hot_loops/calls.rs");
    let kernels = include_str!("../../src/kernels/calls.rs");
    let documentation = kernels.lines().filter(|line| line.contains("///"));
    let names: Vec<&str> = documentation
        .filter_map(|line| line.split_once("hot_loops -- Level::")?.1.split('`').next())
        .collect();
    assert_eq!(names.len(), 7, "{names:?}");
    for name in names {
        assert!(benches.contains(&format!("\"{name}\"")), "{name}");
    }
}
