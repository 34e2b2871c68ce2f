use super::*;
use crate::formats::array::{Array, Kind};
use crate::formats::disk::tests::Folder;
use crate::model::PLAN;
use crate::random::{Generator, Stream};
use crate::settings::Symbols;
use crate::settings::{Order, Settings};
use crate::text::vocabulary::Vocabulary;
use crate::training::training_loop::Training;

const TEXT: &str = "Ett öra, två öron; \"日本\" \u{1F600}\n\tand more of the same: ett öra.";

/// The largest `usize`.
const LARGEST: &str =
    if cfg!(target_pointer_width = "64") { "18446744073709551615" } else { "4294967295" };

/// The bytes of a model with the plan of its run.
fn with_plan(model: &Model, plan: Option<&Plan>) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    write(model, plan, &mut bytes)?;
    Ok(bytes)
}

fn model() -> Model {
    trained(0.0)
}

/// With a share of the text held out, where it is more than 0.
fn trained(validation: f64) -> Model {
    let settings = Settings {
        hidden: 3,
        sequence_length: 10,
        learning_rate: 0.1 + 0.2,
        seed: u64::MAX,
        validation,
        ..Settings::default()
    };
    let mut training = Training::new(TEXT, settings).unwrap();
    if validation > 0.0 {
        training.validate().unwrap();
    }
    for _ in 0..123 {
        training.update().unwrap();
    }
    training.model().clone()
}

/// In an order of its own.
fn ordered(order: Order) -> Model {
    let settings =
        Settings { hidden: 3, sequence_length: 4, validation: 0.3, order, ..Settings::default() };
    let mut training = Training::new(TEXT, settings).unwrap();
    (0..25).for_each(|_| _ = training.update().unwrap());
    training.model().clone()
}

fn plan() -> Plan {
    Plan {
        iterations: 123,
        report_every: u64::MAX,
        report_length: 0,
        passage_length: u64::MAX,
        log_every: 1,
        save_every: 10,
        validate_every: None,
    }
}

/// The file of a run's last state.
fn run_file() -> Vec<u8> {
    with_plan(&model(), Some(&plan())).unwrap()
}

/// That of a run with a part held out.
fn validated_file() -> Vec<u8> {
    let plan = Plan { validate_every: Some(7), ..plan() };
    with_plan(&trained(0.1 + 0.2), Some(&plan)).unwrap()
}

/// A file with the same tensors, metadata and all, except for what `change` did.
fn changed(
    change: impl FnOnce(&mut Vec<(String, Vec<usize>, Vec<f64>)>, &mut Vec<(String, String)>),
) -> Vec<u8> {
    changed_of(&run_file(), change)
}

fn changed_of(
    bytes: &[u8],
    change: impl FnOnce(&mut Vec<(String, Vec<usize>, Vec<f64>)>, &mut Vec<(String, String)>),
) -> Vec<u8> {
    let file = safetensors::read(bytes).unwrap();
    let mut tensors = file
        .tensors
        .iter()
        .map(|t| (t.name.clone(), t.shape.clone(), t.numbers().unwrap().into_owned()))
        .collect();
    let mut metadata = file.metadata.clone().unwrap();
    change(&mut tensors, &mut metadata);
    let tensors: Vec<Array> = tensors
        .into_iter()
        .map(|(name, shape, values)| Array::new(name, Kind::F64, shape, values))
        .collect();
    let metadata: Vec<(&str, String)> =
        metadata.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    written(&tensors, &metadata)
}

fn written(tensors: &[Array], metadata: &[(&str, String)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    safetensors::write_to(&mut bytes, tensors, metadata).unwrap();
    bytes
}

fn set(metadata: &mut [(String, String)], key: &str, value: &str) {
    let entry = metadata.iter_mut().find(|(name, _)| name == key);
    entry.unwrap().1 = value.to_string();
}

#[test]
fn a_model_round_trips_to_the_bit() {
    let model = model();
    let bytes = to_bytes(&model).unwrap();
    let back = from_bytes(&bytes).unwrap();
    assert_eq!(back, model);
    assert_eq!(to_bytes(&back).unwrap(), bytes);
    assert_eq!(changed(|_, _| {}), run_file());

    // Equality of numbers hides the sign of 0.
    let bits = |model: &Model| -> Vec<u64> {
        let parameters = model.state.rnn.parameters.values().iter();
        parameters.chain(model.state.optimizer_state[0].values()).map(|x| x.to_bits()).collect()
    };
    assert_eq!(bits(&back), bits(&model));
    assert_eq!(model.state.updates, 123);
    assert!(model.state.smooth_loss.is_some() && model.state.best_smooth_loss.is_some());
}

#[test]
fn a_plan_is_read_back_and_no_part_of_the_model() {
    let (back, found) = of_bytes(&run_file()).unwrap();
    assert_eq!((&back, found), (&model(), Some(plan())));
    assert_eq!(of_bytes(&to_bytes(&back).unwrap()).unwrap(), (back, None));
    let keys: Vec<&str> = PLAN.iter().map(|row| row.key).collect();
    let without = changed(|_, metadata| {
        metadata.retain(|(key, _)| !keys.contains(&key.as_str()));
    });
    assert_eq!(without, to_bytes(&model()).unwrap());
}

#[test]
fn a_run_with_a_part_held_out_is_read_back() {
    let bytes = validated_file();
    let (model, plan) = of_bytes(&bytes).unwrap();
    assert_eq!(model, trained(0.1 + 0.2));
    assert!(model.state.best_validation.is_some());
    assert_eq!(plan.unwrap().validate_every, Some(7));
    assert_eq!(with_plan(&model, plan.as_ref()).unwrap(), bytes);
}

/// A model without validation has no validation losses.
#[test]
fn other_runs_have_no_losses_of_it() {
    let holds = |bytes: &[u8]| {
        let metadata = safetensors::read(bytes).unwrap().metadata.unwrap();
        let keys = ["validation", "best_validation", "validate_every"];
        keys.map(|key| metadata.iter().any(|(name, _)| name == key))
    };
    assert_eq!(holds(&run_file()), [true, false, false]);
    assert_eq!(holds(&validated_file()), [true; 3]);
    let best_alone = to_bytes(&trained(0.3)).unwrap();
    assert_eq!(holds(&best_alone), [true, true, false]);
}

#[test]
fn a_run_in_another_order_is_read_back() {
    for (order, keys) in [
        (Order::Text, [true, false]),
        (Order::Chunks { length: 9 }, [true, true]),
        (Order::Positions, [true, false]),
    ] {
        let model = ordered(order);
        assert!(model.state.epoch > 0);
        let bytes = to_bytes(&model).unwrap();
        assert_eq!(from_bytes(&bytes).unwrap(), model);
        let metadata = safetensors::read(&bytes).unwrap().metadata.unwrap();
        let holds = |key: &str| metadata.iter().any(|(name, _)| name == key);
        assert_eq!(["order", "chunk"].map(holds), keys, "{order:?}");
    }
}

/// A part of 2 characters is one chunk, and all of it is read.
#[test]
fn chunks_may_fill_a_stream_s_part() {
    let settings = Settings {
        hidden: 2,
        sequence_length: 2,
        batch_size: 3,
        order: Order::Chunks { length: 2 },
        ..Settings::default()
    };
    let mut training = Training::new("abcdefg", settings).unwrap();
    for _ in 0..3 {
        training.update().unwrap();
        assert_eq!(training.model().state.position, 2);
        let bytes = to_bytes(training.model()).unwrap();
        assert_eq!(&from_bytes(&bytes).unwrap(), training.model());
    }
}

#[test]
fn orders_that_no_run_has_are_refused() {
    let chunks = to_bytes(&ordered(Order::Chunks { length: 9 })).unwrap();
    let positions = to_bytes(&ordered(Order::Positions)).unwrap();
    let with = |bytes: &[u8], key: &'static str, value: &'static str| {
        changed_of(bytes, move |_, metadata| set(metadata, key, value))
    };
    let without_chunk = changed_of(&chunks, |_, metadata| {
        metadata.retain(|(key, _)| key != "chunk");
    });
    for (bytes, message) in [
        (
            with(&chunks, "order", "backwards"),
            "order = \"backwards\", which must be text, chunks or positions",
        ),
        (without_chunk, "the metadata have no \"chunk\""),
        (with(&chunks, "chunk", "long"), "which must be a whole number"),
        (with(&chunks, "chunk", "3"), "chunk 3: must be at least sequence_length"),
        (with(&chunks, "chunk", "0"), "chunk 0: must be at least"),
        // 40 of 57 characters are learned, 17 held out.
        (with(&chunks, "chunk", "18"), "enough for 2 characters to be held out, or a chunk"),
        (with(&chunks, "chunk", "40"), "or a chunk for every sequence and 1"),
        (with(&chunks, "chunk", LARGEST), "or a chunk for every sequence and 1"),
        (with(&chunks, "documents", "true"), "order chunks: must be text with documents"),
        (with(&positions, "documents", "true"), "order positions: must be text with documents"),
        (
            with(&chunks, "position", "6"),
            "position = \"6\", which must be a multiple of sequence_length",
        ),
        (with(&positions, "position", "1"), "a multiple of sequence_length"),
        (with(&positions, "position", "40"), "within the text of a sequence"),
        (with(&chunks, "position", "44"), "within the text of a sequence"),
    ] {
        let error = from_bytes(&bytes).unwrap_err().to_string();
        assert!(error.contains(message), "{message:?} is not in {error:?}");
    }
}

#[test]
fn extreme_numbers_round_trip() {
    let mut model = model();
    let extremes = [f64::MAX, f64::MIN_POSITIVE, f64::from_bits(1), -0.0, -f64::MAX];
    model.state.rnn.parameters.values_mut()[..5].copy_from_slice(&extremes);
    model.settings.epsilon = f64::from_bits(1);
    model.state.smooth_loss = Some(f64::MAX);
    model.state.best_smooth_loss = Some(f64::from_bits(1));
    model.state.updates = 1 << 63;
    model.state.epoch = 1 << 63;
    let back = from_bytes(&to_bytes(&model).unwrap()).unwrap();
    assert_eq!(back, model);
    assert_eq!(back.state.rnn.parameters.values()[3].to_bits(), (-0.0f64).to_bits());
}

#[test]
fn what_is_not_finite_is_never_written() {
    for wrong in [f64::NAN, f64::INFINITY] {
        let mut model = model();
        model.state.optimizer_state[0].values_mut()[1] = wrong;
        assert!(matches!(
            to_bytes(&model),
            Err(FileError::Content(message)) if message.ends_with("entry 1")
        ));
    }
}

#[test]
fn every_error_has_its_file() {
    let without = |name: &'static str| changed(move |tensors, _| tensors.retain(|t| t.0 != name));
    let with = |key: &'static str, value: &'static str| {
        changed(move |_, metadata| set(metadata, key, value))
    };
    let lacking = |key: &'static str| changed(move |_, metadata| metadata.retain(|m| m.0 != key));
    let entry = |tensor: usize, value: f64| changed(move |tensors, _| tensors[tensor].2[1] = value);
    let mut cases = vec![
        (with("format", "other"), "not a model of elman"),
        (lacking("format"), "not a model of elman"),
        (written(&[], &[]), "not a model of elman"),
        (b"\x02\0\0\0\0\0\0\0{}".to_vec(), "not a model of elman"),
        (with("format_version", "3"), "newer elman"),
        (with("format_version", "0"), "the versions that this elman reads"),
        (with("format_version", "x\n"), "\"x\\n\", which must be 1 or 2, the"),
        (with("vocabulary", "ba"), "increasing order"),
        (with("vocabulary", ""), "increasing order"),
        (
            changed(|_, metadata| set(metadata, "vocabulary", &"a".repeat(100_000))),
            "a\"..., which must be characters in increasing order",
        ),
        (with("vocabulary", "abc"), "\"U\" is F64 [3, 26] instead of F64 [3, 3]"),
        (with("symbols", "words"), "must be characters or bytes"),
        (with("symbols", "bytes"), "characters up to U+00FF"),
        (with("documents", "yes"), "must be true or false"),
        (with("text_start", "%"), "a character of the vocabulary"),
        (with("text_start", "ab"), "one character"),
        (with("text_digest", "xyz"), "16 hexadecimal"),
        (with("text_digest", "+123456789abcdef"), "16 hexadecimal"),
        (with("text_length", "10"), "at least sequence_length + 1"),
        (with("sequence_length", "1000"), "at least sequence_length + 1"),
        (with("sequence_length", LARGEST), "at least sequence_length + 1"),
        (
            with("updates", "9223372036854775809"),
            "updates = \"9223372036854775809\", which must be at most 2^63",
        ),
        (with("updates", "0"), "must be at most the number of updates"),
        (with("epoch", "124"), "epoch = \"124\", which must be at most the number of updates"),
        (with("position", "57"), "within the text"),
        (with("smooth_loss", "NaN"), "finite number of at least 0"),
        (with("smooth_loss", "-1"), "finite number of at least 0"),
        (with("learning_rate", "-1"), "learning_rate -1: must be a positive number"),
        (with("sequence_length", "0"), "at least 1"),
        (
            changed(|_, metadata| {
                set(metadata, "updates", "0");
                set(metadata, "epoch", "0");
            }),
            "must be absent before the first update",
        ),
        (with("seed", "18446744073709551616"), "below 2^64"),
        (with("iterations", "122"), "at least the number of updates"),
        (with("report_every", "0"), "at least 1"),
        (with("log_every", "0"), "at least 1"),
        (with("save_every", "0"), "at least 1"),
        (with("save_every", "1.5"), "a whole number"),
        (entry(0, f64::NAN), "\"U\" has a number that is not finite at entry 1"),
        (entry(7, f64::INFINITY), "\"adagrad.V\" has a number that is not finite at entry 1"),
        (entry(9, -1.0), "\"adagrad.c\" has a sum of squares below 0"),
        (entry(10, f64::NAN), "\"h\" has a number that is not finite"),
        (changed(|tensors, _| tensors[1].1 = vec![9]), "\"W\" is F64 [9] instead of F64 [3, 3]"),
        (changed(|tensors, _| tensors[0].1 = vec![26, 3]), "\"U\" is F64 [26, 3]"),
        (changed(|tensors, _| tensors[3].1 = vec![3, 1]), "\"b\" is F64 [3, 1] instead of F64 [3]"),
        (changed(|tensors, _| tensors[3].1 = vec![]), "do not make"),
        (changed(|tensors, _| tensors[3].0 = "a".to_string()), "\"b\" is missing"),
        (
            changed(|tensors, _| tensors.push(("extra".to_string(), vec![0], vec![]))),
            "\"extra\" is not part of a model",
        ),
        (changed(|tensors, _| tensors[3] = ("b".to_string(), vec![0], vec![])), "no hidden units"),
        // 80 KB of b ask for a W of 800 MB: refused before any of it is allocated.
        (
            changed(|tensors, _| tensors[3] = ("b".to_string(), vec![10_000], vec![0.0; 10_000])),
            "\"U\" is F64 [3, 26] instead of F64 [10000, 26]",
        ),
    ];
    for name in ["U", "W", "V", "b", "c", "h", "adagrad.U", "adagrad.c"] {
        cases.push((without(name), "is missing"));
    }
    for key in [
        "vocabulary",
        "format_version",
        "symbols",
        "seed",
        "documents",
        "updates",
        "epoch",
        "text_digest",
        "text_length",
        "text_start",
        "smooth_loss",
        "best_smooth_loss",
        "iterations",
        "report_every",
        "report_length",
        "passage_length",
        "log_every",
        "save_every",
    ] {
        cases.push((lacking(key), "the metadata have no"));
    }
    cases.extend(errors_of_a_part_held_out());
    for (bytes, message) in cases {
        let error = from_bytes(&bytes).unwrap_err().to_string();
        assert!(error.contains(message), "{message:?} is not in {error:?}");
        assert!(error.len() < 300, "{error:?}");
    }
}

fn errors_of_a_part_held_out() -> Vec<(Vec<u8>, &'static str)> {
    let file = validated_file();
    let with = |key: &'static str, value: &'static str| {
        changed_of(&file, move |_, metadata| set(metadata, key, value))
    };
    let lacking =
        |key: &'static str| changed_of(&file, move |_, metadata| metadata.retain(|m| m.0 != key));
    let more = |key: &str, value: &str| {
        let entry = (key.to_string(), value.to_string());
        changed(move |_, metadata| metadata.push(entry))
    };
    vec![
        (with("validation", "1"), "validation 1: must be a number of at least 0 and below 1"),
        (with("validation", "NaN"), "validation NaN: must be"),
        (with("validation", "-0.1"), "validation -0.1: must be"),
        (with("validation", "half"), "\"half\", which must be a number"),
        // 46 of 57 characters leave 11; the next is one too few.
        (with("validation", "0.825"), "beside what is held out"),
        (with("validation", "0.02"), "enough for 2 characters to be held out"),
        (with("position", "40"), "within the text of a sequence"),
        (
            with("validate_every", "0"),
            "validate_every = \"0\", which must be a whole number of at least 1",
        ),
        (with("validate_every", "x"), "which must be a whole number"),
        (with("best_validation", "inf"), "finite number of at least 0"),
        (with("best_validation", "-1"), "finite number of at least 0"),
        (lacking("best_validation"), "the metadata have no \"best_validation\""),
        (lacking("best_smooth_loss"), "the metadata have no \"best_smooth_loss\""),
        (lacking("save_every"), "the metadata have no \"save_every\""),
        (lacking("validation"), "best_validation = "),
        (more("best_validation", "1.5"), "\"1.5\", which must be absent where no text is held out"),
        (more("validate_every", "5"), "\"5\", which must be absent where no text is held out"),
    ]
}

/// What could not be read back is not written either.
#[test]
fn parts_that_do_not_fit_are_never_written() {
    let shape = Shape::new(4, 26).unwrap();
    let with = |change: fn(&mut Model, Shape)| {
        let mut model = model();
        change(&mut model, shape);
        to_bytes(&model).unwrap_err().to_string()
    };
    for (error, message) in [
        (
            with(|model, shape| model.state.optimizer_state[0] = Parameters::zeros(shape).unwrap()),
            "\"adagrad.U\" is F64 [4, 26] instead of F64 [3, 26]",
        ),
        (with(|model, _| model.state.h.push(0.0)), "\"h\" is F64 [4] instead of F64 [3]"),
        (with(|model, _| model.settings.hidden = 4), "hidden = 4, which must be the number"),
        (
            with(|model, _| model.vocabulary = Vocabulary::of("ab")),
            "\"U\" is F64 [3, 26] instead of F64 [3, 2]",
        ),
        (with(|model, _| model.vocabulary = Vocabulary::of("")), "K must be at least 1"),
        (
            with(|model, _| model.source.as_mut().unwrap().start = 26),
            "text_start = 26, which must be a character of the vocabulary",
        ),
        (
            with(|model, _| model.state.smooth_loss = Some(f64::NAN)),
            "smooth_loss = NaN, which must be a finite number",
        ),
        (with(|model, _| model.state.best_smooth_loss = None), "there is no best_smooth_loss"),
        (with(|model, _| model.settings.epsilon = 0.0), "epsilon 0: must be a positive number"),
    ] {
        assert!(error.contains(message), "{message:?} is not in {error:?}");
    }
}

#[test]
fn without_a_text_there_is_no_run_yet() {
    let mut model = model();
    model.source = None;
    let error = to_bytes(&model).unwrap_err().to_string();
    assert!(error.contains("updates = 123, which must be 0 without a text"), "{error}");
    model.state = State::untrained(model.state.rnn.shape(), &model.settings).unwrap();
    assert_eq!(from_bytes(&to_bytes(&model).unwrap()).unwrap(), model);
    assert_eq!(model.start(), 0);
    // Documents need a newline to end with.
    model.settings.documents = true;
    assert_eq!(from_bytes(&to_bytes(&model).unwrap()).unwrap(), model);
    model.vocabulary = Vocabulary::from_characters(
        Symbols::Characters,
        ('a'..).take(model.vocabulary.len()).collect(),
    )
    .unwrap();
    let error = to_bytes(&model).unwrap_err().to_string();
    assert!(error.contains("false where the vocabulary has no newline"), "{error}");
}

#[test]
fn another_type_is_refused() {
    let mut bytes = to_bytes(&model()).unwrap();
    let header = bytes.windows(3).position(|window| window == b"F64").unwrap();
    bytes[header..header + 3].copy_from_slice(b"I64");
    let error = from_bytes(&bytes).unwrap_err().to_string();
    assert_eq!(error, "the tensor \"U\" is I64 [3, 26] instead of F64 [3, 26]");
}

#[test]
fn no_length_of_a_cut_file_is_taken_for_a_model() {
    let bytes = to_bytes(&model()).unwrap();
    for length in 0..bytes.len() {
        assert!(from_bytes(&bytes[..length]).is_err(), "{length} bytes");
    }
}

/// Numbers and words that a header may hold where it should not.
const ODD: [&str; 21] = [
    "",
    "0",
    "1",
    "-1",
    "3",
    "4",
    "26",
    "1000",
    "1e400",
    "0.5",
    "NaN",
    "4294967296",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "\"",
    "{}",
    "null",
    "F32",
    "\\ud800",
    "\u{10FFFF}",
];

/// Damages a file in one of the ways in which files are damaged, or made to do harm.
fn mutate(file: &[u8], generator: &mut Generator) -> Vec<u8> {
    let mut below = |n: usize| (generator.uniform() * n as f64) as usize;
    let mut bytes = file.to_vec();
    let header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    // Half of the places are in the header, however large the tensors.
    let at = match below(2) {
        0 => below(bytes.len()),
        _ => below(8 + header),
    };
    match below(12) {
        0 => bytes[at] ^= 1 << below(8),
        1 => bytes[at] = below(256) as u8,
        2 => bytes.truncate(at),
        3 => bytes.insert(at, below(256) as u8),
        4 => {
            let end = bytes.len().min(at + 1 + below(20));
            bytes.drain(at..end);
        }
        5 => {
            let end = bytes.len().min(at + 1 + below(200));
            let again = bytes[at..end].to_vec();
            bytes.splice(end..end, again);
        }
        // Half of the time the file stays whole, so that every rule for a value is met.
        _ => {
            let edited = edit(&file[8..8 + header], ODD[below(ODD.len())], &mut below);
            let length = (edited.len() as u64).to_le_bytes();
            bytes = [length.as_slice(), &edited, &file[8 + header..]].concat();
        }
    }
    bytes
}

/// A header with one of its words or numbers replaced.
fn edit(header: &[u8], new: &str, below: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_".contains(byte);
    let mut words: Vec<&[u8]> = header.chunk_by(|a, b| is_word(a) == is_word(b)).collect();
    // Words stand between quotes and brackets, the first chunk being such.
    let which = 2 * below(words.len() / 2) + 1;
    words[which] = new.as_bytes();
    words.concat()
}

/// Whatever is done to a file, it is refused, or it is a model: one that is written and read back
/// to the bit, and that training goes on with.
#[test]
fn damaged_files_are_refused_or_are_models() {
    let files = [run_file(), validated_file()];
    let mut generator = Generator::new(2424, Stream::Passage);
    let (mut refused, mut resumed, mut validated) = (0, 0, 0);
    for n in 0..30_000 {
        let damaged = mutate(&files[n % 2], &mut generator);
        let Ok((model, plan)) = of_bytes(&damaged) else {
            refused += 1;
            continue;
        };
        let bytes = with_plan(&model, plan.as_ref()).unwrap();
        let (back, again) = of_bytes(&bytes).unwrap();
        assert_eq!((&back, again), (&model, plan));
        assert_eq!(with_plan(&back, again.as_ref()).unwrap(), bytes);
        if let Ok(mut training) = Training::resume(TEXT, model, back) {
            validated += usize::from(training.validate().is_ok());
            resumed += usize::from(training.update().is_ok());
        }
    }
    assert!(validated > 1000, "{validated} validated");
    assert!(refused > 10_000, "{refused} refused");
    assert!(resumed > 1000, "{resumed} resumed");
}

#[test]
fn files_are_replaced_whole_or_not_at_all() {
    let folder = Folder::new("checkpoint");
    let path = folder.0.join("model.safetensors");
    let mut model = model();
    save(&model, &path).unwrap();
    assert_eq!(load(&path).unwrap(), model);

    model.state.rnn.parameters.values_mut()[0] = f64::NAN;
    assert!(matches!(save(&model, &path), Err(FileError::Content(_))));
    model.state.rnn.parameters.values_mut()[0] = 7.0;
    assert_ne!(load(&path).unwrap(), model);
    save(&model, &path).unwrap();
    assert_eq!(load(&path).unwrap(), model);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);

    assert!(matches!(load(&folder.0), Err(FileError::Read { .. })));
    let missing = folder.0.join("none").join("model");
    assert!(matches!(load(&missing), Err(FileError::Read { .. })));
    assert!(matches!(save(&model, &missing), Err(FileError::Write { .. })));
}

#[test]
fn a_file_that_finds_no_place_is_cleared_away() {
    let folder = Folder::new("no-place");
    let path = folder.0.join("model.safetensors");
    fs::create_dir(&path).unwrap();
    assert!(matches!(save(&model(), &path), Err(FileError::Write { .. })));
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
    assert!(path.is_dir());
}
