//! Weights to other programs and from them: to the bit, whatever the file calls them, or a clear error.

use elman::files::Format;
use elman::internals::array::{self, Array, Kind};
use elman::internals::arrays::{self, Form};
use elman::internals::exchange;
use elman::internals::safetensors;
use elman::internals::{checkpoint, npy, zip};
use elman::random::{Generator, Stream};
use elman::text::Symbols;
use elman::{Model, Parameters, Settings, Shape, Vocabulary};
use std::path::Path;

const FORMATS: [Format; 2] = [Format::Torch, Format::Npz];

/// A network of these characters, in index order, with numbers of every size.
fn model(symbols: Symbols, characters: &str, documents: bool) -> Model {
    let characters = characters.chars().collect();
    let vocabulary = Vocabulary::from_characters(symbols, characters).unwrap();
    let settings = Settings { hidden: 3, symbols, documents, ..Settings::default() };
    let shape = Shape::new(3, vocabulary.len()).unwrap();
    let mut parameters = Parameters::zeros(shape).unwrap();
    let mut generator = Generator::new(24, Stream::Passage);
    for value in parameters.values_mut() {
        *value = (generator.uniform() - 0.5) * 2f64.powi((generator.uniform() * 40.0) as i32);
    }
    let parts = parameters.tensors_mut();
    for part in [parts.U, parts.W, parts.V, parts.b, parts.c] {
        part[0] = -0.0;
        part[1] = -f64::from_bits(1);
        part[2] = f64::MAX;
    }
    let model = Model::from_parameters(vocabulary, parameters).unwrap();
    model.with_settings(settings).unwrap()
}

fn written(model: &Model, format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    exchange::write_weights(&mut bytes, model, format).unwrap();
    bytes
}

fn bits(model: &Model) -> Vec<u64> {
    let values = model.parameters().values().iter();
    values.map(|x| x.to_bits()).collect()
}

#[test]
fn a_model_round_trips_through_each_format_to_the_bit() {
    for (symbols, characters, documents) in [
        (Symbols::Characters, "\0\n\"\\a\u{e5}\u{65e5}\u{1f600}\u{10ffff}", true),
        (Symbols::Bytes, "\0\n\u{80}\u{ff}", false),
    ] {
        let model = model(symbols, characters, documents);
        for format in FORMATS {
            let bytes = written(&model, format);
            let back = exchange::import(&bytes, None).unwrap();
            assert_eq!(back, model, "{format:?}");
            assert_eq!(bits(&back), bits(&model), "{format:?}");
            assert_eq!(written(&back, format), bytes, "{format:?}");
            // The vocabulary that is named counts, not the file's.
            let order: String = characters.chars().rev().collect();
            let turned = exchange::import(&bytes, Some(&order)).unwrap();
            assert_eq!(turned.vocabulary(), model.vocabulary());
            assert_ne!(bits(&turned), bits(&model));
        }
    }
}

/// What `load_state_dict` and `numpy.load` look for.
#[test]
fn exports_have_the_names_and_shapes_that_others_expect() {
    let model = model(Symbols::Characters, "\nab\u{e5}", false);
    let parts = model.parameters().tensors();
    let little_endian = |values: &[f64]| -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    };
    let file = written(&model, Format::Torch);
    let file = safetensors::read(&file).unwrap();
    let zeros = [0.0; 3];
    let expected = [
        ("rnn.weight_ih_l0", vec![3, 4], parts.U),
        ("rnn.weight_hh_l0", vec![3, 3], parts.W),
        ("rnn.bias_ih_l0", vec![3], parts.b),
        ("rnn.bias_hh_l0", vec![3], &zeros),
        ("fc.weight", vec![4, 3], parts.V),
        ("fc.bias", vec![4], parts.c),
    ];
    assert_eq!(file.tensors.len(), expected.len());
    for (tensor, (name, shape, values)) in file.tensors.iter().zip(expected) {
        assert_eq!((tensor.name.as_str(), &*tensor.type_name), (name, "F64"));
        assert_eq!(tensor.shape, shape, "{name}");
        assert_eq!(tensor.stored_bytes(), little_endian(values), "{name}");
    }
    let metadata = [
        ("format", "pt"),
        ("symbols", "characters"),
        ("vocabulary", "\nab\u{e5}"),
        ("documents", "false"),
    ];
    let metadata = metadata.map(|(key, value)| (key.to_string(), value.to_string()));
    assert_eq!(file.metadata, Some(metadata.to_vec()));

    let file = written(&model, Format::Npz);
    let entries = zip::read(&file).unwrap();
    let code_points: Vec<u8> =
        "\nab\u{e5}".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    let expected = [
        ("U.npy", "<f8", vec![3, 4], little_endian(parts.U)),
        ("W.npy", "<f8", vec![3, 3], little_endian(parts.W)),
        ("V.npy", "<f8", vec![4, 3], little_endian(parts.V)),
        ("b.npy", "<f8", vec![3], little_endian(parts.b)),
        ("c.npy", "<f8", vec![4], little_endian(parts.c)),
        ("vocabulary.npy", "<u4", vec![4], code_points),
        ("documents.npy", "|b1", vec![], vec![0]),
    ];
    assert_eq!(entries.len(), expected.len());
    for (entry, (name, descr, shape, bytes)) in entries.iter().zip(expected) {
        let array = npy::read(name, entry.bytes).unwrap();
        assert_eq!((entry.name.as_str(), &*array.type_name), (name, descr));
        let stored = array::Entries::Stored { bytes: &bytes, big_endian: false, by_columns: false };
        assert_eq!((array.shape, array.entries), (shape, stored));
    }
}

/// What fixtures/exchange_files.py has, characters sorted: line break, a, b.
#[test]
fn files_of_the_real_packages_are_read() {
    let eighths = [2.0, 3.0, 1.0, 5.0, 6.0, 4.0].map(|x| x / 8.0);
    let quarters = [-1.0, 2.0, 3.0, -4.0].map(|x| x / 4.0);
    let halves = [3.0, 4.0, -5.0, 6.0, 1.0, -2.0].map(|x| x / 2.0);
    for (name, has_vocabulary, biases) in [
        ("f64.safetensors", true, true),
        ("f32-prefix.safetensors", false, true),
        ("f16-bare-linear.safetensors", false, true),
        ("bf16.safetensors", false, true),
        ("no-bias.safetensors", false, false),
        ("f64.npz", true, true),
        ("columns.npz", true, true),
        ("fortran.npz", false, true),
        ("f32-big-endian.npz", false, true),
        ("f16.npz", false, true),
        ("python-2.npz", false, true),
        ("cell.safetensors", false, true),
        ("other-names.npz", false, true),
        ("marked.json", true, true),
    ] {
        let file = std::fs::read(format!("fixtures/exchange/{name}")).unwrap();
        let model = exchange::import(&file, Some("b\na")).unwrap();
        let parts = model.parameters().tensors();
        assert_eq!(model.vocabulary().characters(), ['\n', 'a', 'b'], "{name}");
        assert_eq!(parts.U, eighths, "{name}");
        assert_eq!(parts.W, quarters, "{name}");
        assert_eq!(parts.V, halves, "{name}");
        let (b, c) = if biases { ([0.5, -0.75], [-2.5, 0.0, 1.5]) } else { ([0.0; 2], [0.0; 3]) };
        assert_eq!((parts.b, parts.c), (&b[..], &c[..]), "{name}");
        let settings = Settings { hidden: 2, ..Settings::default() };
        assert_eq!(*model.settings(), settings, "{name}");
        match exchange::import(&file, None) {
            Ok(own) => assert!(has_vocabulary && own == model, "{name}"),
            Err(error) => {
                assert!(!has_vocabulary, "{name}");
                assert!(error.to_string().contains("which 3 characters"), "{error}");
            }
        }
    }
}

/// Tensors by name, shape and entries, and metadata, to be changed.
type Tensors = Vec<(String, Vec<usize>, Vec<f64>)>;
type Metadata = Vec<(&'static str, String)>;

/// A good file of two hidden units and the characters a, b, c, except for what `change` did.
fn torch(change: impl FnOnce(&mut Tensors, &mut Metadata)) -> Vec<u8> {
    let tensor = |name: &str, shape: &[usize]| {
        let entries = (0..shape.iter().product()).map(|i| i as f64 + 1.0);
        (name.to_string(), shape.to_vec(), entries.collect())
    };
    let mut tensors = vec![
        tensor("rnn.weight_ih_l0", &[2, 3]),
        tensor("rnn.weight_hh_l0", &[2, 2]),
        tensor("rnn.bias_ih_l0", &[2]),
        tensor("rnn.bias_hh_l0", &[2]),
        tensor("fc.weight", &[3, 2]),
        tensor("fc.bias", &[3]),
    ];
    let mut metadata = vec![("vocabulary", "abc".to_string())];
    change(&mut tensors, &mut metadata);
    let tensors: Vec<Array> = tensors
        .into_iter()
        .map(|(name, shape, values)| Array::new(name, Kind::F64, shape, values))
        .collect();
    let mut bytes = Vec::new();
    safetensors::write_to(&mut bytes, &tensors, &metadata).unwrap();
    bytes
}

/// The bytes of a file of arrays as they are in the file, to be changed.
type Entries = Vec<(String, Vec<u8>)>;

/// The same network as NumPy's file.
fn npz(change: impl FnOnce(&mut Entries)) -> Vec<u8> {
    let model = exchange::import(&torch(|_, _| ()), None).unwrap();
    let file = written(&model, Format::Npz);
    let mut entries: Entries = (zip::read(&file).unwrap().into_iter())
        .map(|entry| (entry.name, entry.bytes.to_vec()))
        .collect();
    change(&mut entries);
    zipped(&entries)
}

fn zipped(entries: &Entries) -> Vec<u8> {
    let mut writer = zip::Writer::new(Vec::new());
    for (name, bytes) in entries {
        writer.add(name, bytes).unwrap();
    }
    writer.finish().unwrap()
}

#[track_caller]
fn refused(file: &[u8], vocabulary: Option<&str>, words: &str) {
    let error = exchange::import(file, vocabulary).unwrap_err().to_string();
    assert!(error.contains(words), "{words:?} is not in {error:?}");
    assert!(error.len() < 300, "{error:?}");
}

#[test]
fn biases_are_added() {
    let with = |one: f64, other: f64| {
        let file = torch(|tensors, _| {
            tensors[2].2 = vec![one; 2];
            tensors[3].2 = vec![other; 2];
        });
        exchange::import(&file, None).map(|model| model.parameters().tensors().b[1])
    };
    assert_eq!(with(0.1, 0.2).unwrap(), 0.1 + 0.2);
    assert_eq!(with(0.0, 7.0).unwrap(), 7.0);
    assert_eq!(with(1.5, -1.5).unwrap(), 0.0);
    assert_eq!(with(-0.0, 0.0).unwrap().to_bits(), (-0.0f64).to_bits());
    let error = with(f64::MAX, f64::MAX).unwrap_err().to_string();
    assert!(error.contains("\"rnn.bias_hh_l0\" has a number that is not finite at row 0"));
    let file = torch(|tensors, _| tensors.retain(|tensor| !tensor.0.starts_with("rnn.bias")));
    let model = exchange::import(&file, None).unwrap();
    assert_eq!(model.parameters().tensors().b, [0.0, 0.0]);
    assert_eq!(model.parameters().tensors().c, [1.0, 2.0, 3.0]);
    let file = torch(|tensors, _| tensors.truncate(5));
    let model = exchange::import(&file, None).unwrap();
    assert_eq!(model.parameters().tensors().b, [2.0, 4.0]);
    assert_eq!(model.parameters().tensors().c, [0.0; 3]);
}

#[test]
fn other_networks_are_refused_by_name() {
    let with = |name: &'static str, shape: &'static [usize]| {
        torch(move |tensors, _| {
            let entries = vec![1.0; shape.iter().product()];
            tensors.push((name.to_string(), shape.to_vec(), entries));
        })
    };
    let gates = |gates: usize| {
        torch(move |tensors, _| {
            for tensor in &mut tensors[..4] {
                tensor.1[0] *= gates;
                tensor.2 = tensor.2.repeat(gates);
            }
        })
    };
    let without = |name: &'static str| torch(move |tensors, _| tensors.retain(|t| t.0 != name));
    let shaped = |index: usize, shape: &'static [usize]| {
        torch(move |tensors, _| {
            tensors[index].1 = shape.to_vec();
            tensors[index].2 = vec![1.0; shape.iter().product()];
        })
    };
    for (file, words) in [
        (gates(4), "\"rnn.weight_ih_l0\" has 8 rows for 2 hidden units, as an LSTM has"),
        (gates(3), "\"rnn.weight_ih_l0\" has 6 rows for 2 hidden units, as a GRU has"),
        (
            with("rnn.weight_ih_l1", &[2, 2]),
            "\"rnn.weight_ih_l1\" belongs to a further recurrent layer",
        ),
        (
            with("rnn.bias_hh_l0_reverse", &[2]),
            "\"rnn.bias_hh_l0_reverse\" belongs to the backward direction",
        ),
        (with("rnn.weight_hr_l0", &[1, 2]), "\"rnn.weight_hr_l0\" belongs to a projection"),
        (
            with("embedding.weight", &[3, 3]),
            "\"fc.weight\" and \"embedding.weight\" belong to two layers: elman has one recurrent and one",
        ),
        (
            with("second.weight_ih_l0", &[2, 3]),
            "\"rnn.weight_ih_l0\" and \"second.weight_ih_l0\" belong to two layers",
        ),
        (with("second.weight_hh_l0", &[2, 2]), "\"second.weight_hh_l0\" is not part of the model"),
        (with("other.bias", &[3]), "\"other.bias\" is not part of the model"),
        (
            without("rnn.weight_ih_l0"),
            "there is no recurrent layer as torch.nn has it: nothing is called \"weight_ih_l0\" or \"weight_ih\"",
        ),
        (without("rnn.weight_hh_l0"), "\"rnn.weight_hh_l0\" is missing"),
        (without("rnn.bias_ih_l0"), "\"rnn.bias_ih_l0\" is missing"),
        (without("rnn.bias_hh_l0"), "\"rnn.bias_hh_l0\" is missing"),
        (
            without("fc.weight"),
            "there is no linear layer as torch.nn has it: nothing is called \"weight\"",
        ),
        (shaped(0, &[6]), "\"rnn.weight_ih_l0\" has the shape [6] instead of [2, 3]"),
        (shaped(0, &[2, 0]), "\"rnn.weight_ih_l0\" has the shape [2, 0] instead of [2, 3]"),
        (shaped(0, &[3, 3]), "\"rnn.weight_ih_l0\" has the shape [3, 3] instead of [2, 3]"),
        (shaped(1, &[2]), "\"rnn.weight_hh_l0\" has the shape [2], which must have two dimensions"),
        (shaped(1, &[2, 5]), "\"rnn.weight_hh_l0\" has the shape [2, 5] instead of [2, 2]"),
        (shaped(1, &[5, 5]), "\"rnn.weight_hh_l0\" has the shape [5, 5] instead of [2, 2]"),
        (shaped(2, &[3]), "\"rnn.bias_ih_l0\" has the shape [3] instead of [2]"),
        (shaped(3, &[2, 2]), "\"rnn.bias_hh_l0\" has the shape [2, 2] instead of [2]"),
        (
            shaped(4, &[2, 3]),
            "\"fc.weight\" is m x K where K x m is needed (2 x 3; \"rnn.weight_hh_l0\", which is square, tells m = 2): \
             save its transpose",
        ),
        (shaped(4, &[4, 2]), "\"fc.weight\" has the shape [4, 2] instead of [3, 2]"),
        (shaped(5, &[2]), "\"fc.bias\" has the shape [2] instead of [3]"),
    ] {
        refused(&file, None, words);
    }
    // Nothing tells what the others should be.
    let nothing = |m: usize, K: usize| {
        torch(move |tensors, _| {
            for (tensor, shape) in
                tensors.iter_mut().zip([[m, K], [m, m], [m, 1], [m, 1], [K, m], [K, 1]])
            {
                tensor.1 = shape.to_vec();
                tensor.2 = vec![1.0; shape.iter().product()];
            }
        })
    };
    refused(&nothing(0, 3), None, "the network has no hidden units");
    refused(&nothing(2, 0), None, "the vocabulary is empty");
    let mut integers = torch(|_, _| ());
    let at = integers.windows(3).position(|window| window == b"F64").unwrap();
    integers[at..at + 3].copy_from_slice(b"I64");
    refused(&integers, None, "\"rnn.weight_ih_l0\" has the type \"I64\", which must be F64, F32");
}

/// As `torch.nn.utils` names the parts of a weight, before and after PyTorch 2.
#[test]
fn weights_that_are_made_of_others_are_named() {
    for (index, names, words) in [
        (4, ["fc.weight_g", "fc.weight_v"], "call torch.nn.utils.remove_weight_norm"),
        (1, ["rnn.weight_hh_l0_g", "rnn.weight_hh_l0_v"], "a weight-normalised layer"),
        (
            4,
            ["fc.parametrizations.weight.original0", "fc.parametrizations.weight.original1"],
            "a weight-normalised layer: call torch.nn.utils.parametrize.remove_parametrizations",
        ),
        (
            0,
            ["parametrizations.weight_ih_l0.original1", "parametrizations.weight_ih_l0.original0"],
            "a weight-normalised layer",
        ),
        (
            4,
            ["fc.weight_v", "fc.weight_orig"],
            "\"fc.weight_orig\" belongs to a layer with spectral",
        ),
        (
            4,
            ["fc.parametrizations.weight.original", "fc.parametrizations.weight.0._u"],
            "a layer with a parametrization",
        ),
    ] {
        let file = torch(|tensors, _| {
            let (_, shape, values) = tensors.remove(index);
            for name in names {
                tensors.push((name.to_string(), shape.clone(), values.clone()));
            }
        });
        refused(&file, None, words);
    }
}

/// `torch.nn.RNNCell` is a step of `torch.nn.RNN`; its names lack the layer.
#[test]
fn a_cell_is_read_like_a_layer() {
    let layer = exchange::import(&torch(|_, _| ()), None).unwrap();
    let cell = |prefix: &'static str, gates: usize| {
        torch(move |tensors, _| {
            for tensor in &mut tensors[..4] {
                tensor.0 = tensor.0.replace("rnn.", prefix).replace("_l0", "");
                tensor.1[0] *= gates;
                tensor.2 = tensor.2.repeat(gates);
            }
        })
    };
    for prefix in ["", "cell.", "model.rnn."] {
        let model = exchange::import(&cell(prefix, 1), None).unwrap();
        assert_eq!(bits(&model), bits(&layer), "{prefix:?}");
    }
    refused(
        &cell("c.", 4),
        None,
        "\"c.weight_ih\" has 8 rows for 2 hidden units, as an LSTMCell has",
    );
    refused(
        &cell("c.", 3),
        None,
        "\"c.weight_ih\" has 6 rows for 2 hidden units, as a GRUCell has",
    );
    let both = torch(|tensors, _| tensors.push(("c.weight_ih".into(), vec![2, 3], vec![0.0; 6])));
    refused(&both, None, "\"rnn.weight_ih_l0\" and \"c.weight_ih\" belong to two layers");
    let part = torch(|tensors, _| tensors.push(("c.bias_hh".into(), vec![2], vec![0.0; 2])));
    refused(&part, None, "\"c.bias_hh\" is not part of the model");
}

#[test]
fn biases_may_be_rows_or_columns() {
    let plain = exchange::import(&torch(|_, _| ()), None).unwrap();
    for shape in [|n| vec![n], |n| vec![1, n], |n| vec![n, 1]] {
        let file = torch(|tensors, _| {
            for index in [2, 3, 5] {
                tensors[index].1 = shape(tensors[index].2.len());
            }
        });
        assert_eq!(bits(&exchange::import(&file, None).unwrap()), bits(&plain));
    }
}

/// Karpathy's program has its inputs in columns, as here.
#[test]
fn other_names_are_read_in_every_form() {
    let plain = exchange::import(&torch(|_, _| ()), None).unwrap();
    let named = |names: [&str; 5]| -> Vec<Array<'static>> {
        let parts = plain.parameters().named();
        let parts = parts.zip(names).map(|(part, name)| {
            let shape = [part.rows, part.columns];
            Array::new(name, Kind::F64, shape, part.values.to_vec())
        });
        parts.collect()
    };
    let own = ["U", "W", "V", "b", "c"];
    for names in [["Wxh", "Whh", "Why", "bh", "by"], ["Wxh", "W", "Why", "b", "by"], own] {
        for (_, form) in Form::ALL {
            let mut arrays = named(names);
            // The optimizer's memory, and the last hidden state.
            for name in ["mWxh", "hprev"] {
                arrays.push(Array::new(name, Kind::F64, [2], vec![1.0, 2.0]));
            }
            let mut file = Vec::new();
            arrays::write_to(&mut file, form, Symbols::Characters, &arrays).unwrap();
            let (model, mut ignored) = exchange::import_telling(&file, Some("abc")).unwrap();
            ignored.sort();
            assert_eq!(bits(&model), bits(&plain), "{form:?} {names:?}");
            assert_eq!(ignored, ["hprev", "mWxh"], "{form:?}");
        }
    }
    // Which of two is meant has been said by the name that is the model's own.
    let mut both = named(own);
    both.extend(named(["Wxh", "x", "y", "z", "w"]));
    let mut file = Vec::new();
    arrays::write_to(&mut file, Form::Npz, Symbols::Characters, &both).unwrap();
    let (_, mut ignored) = exchange::import_telling(&file, Some("abc")).unwrap();
    ignored.sort();
    assert_eq!(ignored, ["Wxh", "w", "x", "y", "z"]);
    let without = named(["weights", "Whh", "Why", "bh", "by"]);
    let mut file = Vec::new();
    arrays::write_to(&mut file, Form::Npz, Symbols::Characters, &without).unwrap();
    refused(&file, Some("abc"), "\"U\" is missing, or \"Wxh\"; found instead: \"weights\"");
}

/// A worked case has all that a model has, and its characters.
#[test]
fn worked_cases_are_weights_too() {
    for (symbols, characters) in
        [(Symbols::Characters, "\na\u{85}"), (Symbols::Bytes, "\n\u{80}\u{ff}")]
    {
        let expected = model(symbols, characters, false);
        let parts = expected.parameters().named();
        let mut arrays: Vec<Array> = parts
            .map(|part| Array::new(part.name, Kind::F64, [part.rows, part.columns], part.values))
            .collect();
        arrays.push(Array::of_characters("vocabulary", Kind::Character, characters.chars()));
        arrays.push(Array::new("dU", Kind::F64, [1], vec![1.0]));
        for (_, form) in Form::ALL {
            let mut file = Vec::new();
            arrays::write_to(&mut file, form, symbols, &arrays).unwrap();
            let (found, ignored) = exchange::import_telling(&file, None).unwrap();
            assert_eq!(
                (found, &ignored[..]),
                (expected.clone(), &["dU".to_string()][..]),
                "{form:?}"
            );
        }
    }
    let text = "\u{feff}{\"U\": [[1]], \"W\": [[2]], \"V\": [[3]], \"b\": [4], \"c\": [5], \"vocabulary\": [97.5]}";
    refused(text.as_bytes(), None, "\"vocabulary\" has the type \"\", which must be code points");
    let whole = exchange::import(text.replace("97.5", "97").as_bytes(), None).unwrap();
    assert_eq!(whole.vocabulary().characters(), ['a']);
}

/// What is no part of the model is not even read.
#[test]
fn other_arrays_are_ignored_and_named() {
    let plain = exchange::import(&torch(|_, _| ()), None).unwrap();
    let file = npz(|entries| {
        entries.insert(0, ("char_to_ix.npy".into(), npy::header("|O", &[])));
        entries.insert(3, ("notes.txt".into(), b"no array at all".to_vec()));
        entries.push(("u.npy".into(), b"\x93NUMPY\x01\0".to_vec()));
    });
    let (model, ignored) = exchange::import_telling(&file, None).unwrap();
    assert_eq!(bits(&model), bits(&plain));
    assert_eq!(ignored, ["char_to_ix", "notes.txt", "u"]);
    let file = torch(|tensors, _| {
        tensors.push(("h0".to_string(), vec![2], vec![0.0; 2]));
        tensors.push(("fc.scale".to_string(), vec![], vec![1.0]));
    });
    let (model, ignored) = exchange::import_telling(&file, None).unwrap();
    assert_eq!(bits(&model), bits(&plain));
    assert_eq!(ignored, ["h0", "fc.scale"]);
}

/// Which array is turned, judged from all of them.
#[test]
fn a_turned_array_is_named() {
    let shaped = |U: [usize; 2], W: [usize; 2], V: [usize; 2], b: usize, c: usize| {
        let shapes = [("U", U.to_vec()), ("W", W.to_vec()), ("V", V.to_vec())];
        let biases = [("b", vec![1, b]), ("c", vec![c, 1])];
        let arrays: Vec<Array> = (shapes.into_iter().chain(biases))
            .map(|(name, shape)| {
                let count: usize = shape.iter().product();
                Array::new(name, Kind::F64, shape, vec![1.0; count])
            })
            .collect();
        let mut file = Vec::new();
        arrays::write_to(&mut file, Form::Npz, Symbols::Characters, &arrays).unwrap();
        file
    };
    for (file, words) in [
        (
            shaped([5, 3], [3, 3], [5, 3], 3, 5),
            "\"U\" is K x m where m x K is needed (5 x 3; \"W\", which is square, tells m = 3): save its transpose",
        ),
        (shaped([3, 5], [3, 3], [3, 5], 3, 5), "\"V\" is m x K where K x m is needed (3 x 5; "),
        (
            shaped([5, 3], [3, 3], [3, 5], 3, 5),
            "\"U\" is K x m where m x K is needed (5 x 3; \"W\", which is square, tells m = 3), and \"V\" is m x K where \
             K x m is needed: save the transposes of both, and of \"W\" too if the program computes h W",
        ),
        // Another size, not turned.
        (shaped([3, 6], [3, 3], [5, 3], 3, 5), "\"U\" has the shape [3, 6] instead of [3, 5]"),
        (shaped([6, 3], [3, 3], [5, 3], 3, 5), "\"U\" has the shape [6, 3] instead of [3, 5]"),
        (shaped([3, 5], [3, 3], [4, 3], 3, 5), "\"V\" has the shape [4, 3] instead of [5, 3]"),
        (shaped([3, 5], [3, 3], [5, 3], 4, 5), "\"b\" has the shape [1, 4] instead of [3]"),
        (shaped([3, 5], [3, 3], [5, 3], 3, 4), "\"c\" has the shape [4, 1] instead of [5]"),
        (shaped([3, 5], [4, 4], [5, 3], 3, 5), "\"W\" has the shape [4, 4] instead of [3, 3]"),
        (shaped([3, 5], [5, 5], [5, 3], 3, 5), "\"W\" has the shape [5, 5] instead of [3, 3]"),
        (shaped([5, 3], [3, 4], [5, 3], 3, 5), "\"W\" has the shape [3, 4] instead of [5, 5]"),
    ] {
        refused(&file, Some("abcde"), words);
    }
    // Where K is m nothing shows.
    assert!(exchange::import(&shaped([3, 3], [3, 3], [3, 3], 3, 3), Some("abc")).is_ok());
}

#[test]
fn what_is_not_finite_is_refused() {
    for (index, words) in [
        (0, "\"rnn.weight_ih_l0\" has a number that is not finite at row 0, column 1"),
        (1, "\"rnn.weight_hh_l0\" has a number that is not finite at row 0, column 1"),
        (2, "\"rnn.bias_ih_l0\" has a number that is not finite at row 1, column 0"),
        (3, "\"rnn.bias_hh_l0\" has a number that is not finite at row 1, column 0"),
        (4, "\"fc.weight\" has a number that is not finite at row 0, column 1"),
        (5, "\"fc.bias\" has a number that is not finite at row 1, column 0"),
    ] {
        for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            refused(&torch(|tensors, _| tensors[index].2[1] = wrong), None, words);
        }
    }
    for (descr, wrong) in [
        ("<f4", &[0, 0, 0x80, 0x7f][..]),
        (">f4", &[0xff, 0x80, 0, 0]),
        ("<f2", &[0, 0x7c]),
        ("<f2", &[1, 0xfc]),
    ] {
        let bytes = [npy::header(descr, &[2]), wrong.repeat(2)].concat();
        let file = npz(|entries| entries[3].1 = bytes);
        refused(&file, None, "\"b\" has a number that is not finite at row 0");
    }
}

#[test]
fn vocabularies_that_do_not_fit_are_refused() {
    let file = torch(|_, _| ());
    for (vocabulary, words) in [
        ("", "the vocabulary has 0 characters, but the model has K = 3"),
        (
            "abc\n",
            "the vocabulary has 4 characters, but the model has K = 3 (a line break counts too)",
        ),
        ("aba", "the vocabulary has 'a' twice, at 0 and at 2"),
    ] {
        refused(&file, Some(vocabulary), words);
    }
    let with = |key: &'static str, value: &str| {
        torch(|_, metadata| metadata.push((key, value.to_string())))
    };
    refused(
        &with("symbols", "words"),
        None,
        "symbols = \"words\", which must be characters or bytes",
    );
    refused(&with("documents", "1"), None, "documents = \"1\", which must be true or false");
    let bytes = with("symbols", "bytes");
    assert_eq!(exchange::import(&bytes, None).unwrap().vocabulary().symbols(), Symbols::Bytes);
    refused(&bytes, Some("c\u{100}a"), "the vocabulary has '\u{100}', which is no byte");
    refused(&torch(|_, metadata| metadata.clear()), None, "which 3 characters the model has");
    refused(
        &torch(|_, metadata| metadata[0].1 = "abca".into()),
        None,
        "the vocabulary has 4 characters, but the model has K = 3",
    );
}

#[test]
fn arrays_that_do_not_fit_are_refused() {
    let without = |name: &'static str| npz(|entries| entries.retain(|entry| entry.0 != name));
    let array = |name: &str, descr: &str, shape: &[usize], data: &[u8]| {
        let bytes = [npy::header(descr, shape), data.to_vec()].concat();
        npz(|entries| {
            entries.retain(|entry| entry.0 != name);
            entries.push((name.to_string(), bytes));
        })
    };
    let too_far = [0x61, 0, 0, 0, 0, 0, 0x11, 0, 0x62, 0, 0, 0];
    for (file, words) in [
        (without("U.npy"), "\"U\" is missing, or \"Wxh\""),
        (without("W.npy"), "\"W\" is missing"),
        (without("V.npy"), "\"V\" is missing"),
        (without("b.npy"), "\"b\" is missing"),
        (without("c.npy"), "\"c\" is missing"),
        (without("vocabulary.npy"), "which 3 characters the model has"),
        (array("b", "<f8", &[2], &[0; 16]), "\"b\" appears twice"),
        (array("weights/data.pkl", "<f8", &[], &[0; 8]), "a file of torch.save"),
        (array("b.npy", "<f8", &[3], &[0; 24]), "\"b\" has the shape [3] instead of [2]"),
        (array("b.npy", "<f8", &[1, 3], &[0; 24]), "\"b\" has the shape [1, 3] instead of [2]"),
        (array("b.npy", "<f8", &[1, 1, 2], &[0; 16]), "\"b\" has the shape [1, 1, 2] instead of"),
        (array("c.npy", "<f8", &[], &[0; 8]), "\"c\" has the shape [] instead of [3]"),
        (array("U.npy", "<f8", &[3], &[0; 24]), "\"U\" has the shape [3] instead of [2, 3]"),
        (array("W.npy", "<f8", &[4], &[0; 32]), "\"W\" has the shape [4] instead of [2, 2]"),
        (array("b.npy", "<i8", &[2], &[0; 16]), "\"b\" has the type \"<i8\", which must be F64"),
        (array("b.npy", "<c8", &[2], &[0; 16]), "\"b\" has the type \"<c8\""),
        (array("b.npy", "|O", &[2], &[0; 7]), "\"b\" has the type \"|O\", which must be F64"),
        (
            array("b.npy", "<f8", &[2], &[0; 15]),
            "the array \"b\": its shape and type do not make the 15",
        ),
        (array("vocabulary.npy", "<f8", &[3], &[0; 24]), "\"vocabulary\" has the type \"<f8\""),
        (array("vocabulary.npy", "<U3", &[], &[0; 12]), "\"vocabulary\" has the shape []"),
        (array("vocabulary.npy", "<U3", &[1], &[0; 12]), "\"vocabulary\" has the type \"<U3\""),
        (array("vocabulary.npy", "<u4", &[3, 1], &[0; 12]), "\"vocabulary\" has the shape [3, 1]"),
        (array("vocabulary.npy", "<u4", &[3], &too_far), "must be code points of characters"),
        (array("vocabulary.npy", "<i8", &[3], &[0xff; 24]), "must be code points of characters"),
        (array("vocabulary.npy", "<u4", &[3], &[0; 12]), "has '\\0' twice, at 0 and at 1"),
        (
            array("vocabulary.npy", "|u1", &[2], &[0, 1]),
            "the vocabulary has 2 characters, but the model has K = 3",
        ),
        (
            array("documents.npy", "<f8", &[], &[0; 8]),
            "\"documents\" has the type \"<f8\", which must be one b1",
        ),
        (
            array("documents.npy", "|b1", &[], &[2]),
            "\"documents\" has the type \"|b1\", which must be one b1",
        ),
    ] {
        refused(&file, None, words);
    }
    let compressed = std::fs::read("fixtures/exchange/compressed.npz").unwrap();
    refused(&compressed, Some("b\na"), "\"U.npy\" is compressed: write the file with numpy.savez,");
    for vocabulary in ["<u8", "<i8", ">i4", ">U1"] {
        let mut code_points: Vec<u8> = Vec::new();
        for code_point in b"bca" {
            let mut bytes = vec![0; if vocabulary.ends_with('8') { 8 } else { 4 }];
            let last = bytes.len() - 1;
            bytes[if vocabulary.starts_with('>') { last } else { 0 }] = *code_point;
            code_points.extend(bytes);
        }
        let file = array("vocabulary.npy", vocabulary, &[3], &code_points);
        let model = exchange::import(&file, None).unwrap();
        assert_eq!(model.parameters().tensors().c, [3.0, 1.0, 2.0], "{vocabulary}");
    }
}

#[test]
fn files_of_another_kind_are_refused() {
    let model = model(Symbols::Characters, "abc", false);
    for (file, words) in [
        (vec![], "not a file of weights: it must be safetensors"),
        (b"once upon a time".to_vec(), "not a file of weights"),
        (npy::header("<f8", &[0]), "not a file of weights"),
        (checkpoint::to_bytes(&model).unwrap(), "already a model file of elman"),
        (b"\x02\0\0\0\0\0\0\0{}".to_vec(), "there is no recurrent layer"),
        (b"\xff\xff\xff\xff\xff\xff\xff\xff{}".to_vec(), "a header of 18446744073709551615 bytes"),
        (b"PK\x03\x04".to_vec(), "not a whole zip file"),
    ] {
        refused(&file, None, words);
    }
    for format in FORMATS {
        let file = written(&model, format);
        for length in 0..file.len() {
            assert!(exchange::import(&file[..length], None).is_err(), "{length} bytes");
        }
    }
}

/// Words and numbers that a header may hold where it should not.
const ODD: [&str; 24] = [
    "",
    "0",
    "1",
    "-1",
    "2",
    "3",
    "4",
    "6",
    "1000",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "F32",
    "BF16",
    "<f4",
    ">f8",
    "<f2",
    "|u1",
    "<i8",
    "U",
    "True",
    "rnn",
    "weight",
    "\u{10FFFF}",
];

/// Damages bytes in one of the ways in which files are damaged, or made to do harm: half of the time in the
/// words of the header, which ends at `header`.
fn mutate(file: &[u8], header: usize, generator: &mut Generator) -> Vec<u8> {
    let mut below = |n: usize| (generator.uniform() * n as f64) as usize;
    let mut bytes = file.to_vec();
    let at = match below(2) {
        0 => below(bytes.len()),
        _ => below(header),
    };
    match below(10) {
        0 => bytes[at] ^= 1 << below(8),
        1 => bytes[at] = below(256) as u8,
        2 => bytes.truncate(at),
        3 => bytes.insert(at, below(256) as u8),
        4 => drop(bytes.drain(at..file.len().min(at + 1 + below(20)))),
        _ => {
            let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_<|".contains(byte);
            let mut words: Vec<&[u8]> =
                file[..header].chunk_by(|a, b| is_word(a) == is_word(b)).collect();
            let of_words: Vec<usize> =
                (0..words.len()).filter(|&i| is_word(&words[i][0])).collect();
            let which = of_words[below(of_words.len())];
            words[which] = ODD[below(ODD.len())].as_bytes();
            bytes = [&words.concat(), &file[header..]].concat();
        }
    }
    bytes
}

/// Refused, or a model: one that is written and read back to the bit.
fn refused_or_model(file: &[u8]) -> bool {
    let Ok(model) = exchange::import(file, Some("cab")) else {
        return false;
    };
    let bytes = checkpoint::to_bytes(&model).unwrap();
    assert_eq!(checkpoint::from_bytes(&bytes).unwrap(), model);
    for format in FORMATS {
        let back = exchange::import(&written(&model, format), None).unwrap();
        assert_eq!(bits(&back), bits(&model));
    }
    true
}

#[test]
fn damaged_files_are_refused_or_are_models() {
    let mut generator = Generator::new(2424, Stream::Passage);
    let mut counts = [[0; 2]; 3];
    let torch = torch(|_, _| ());
    let numpy = npz(|_| ());
    for _ in 0..10_000 {
        // What follows the header's length, which follows it.
        let header = u64::from_le_bytes(torch[..8].try_into().unwrap()) as usize;
        let damaged = mutate(&torch[8..], header, &mut generator);
        let length = (8 + header + damaged.len()).saturating_sub(torch.len()) as u64;
        let damaged = [&length.to_le_bytes(), &damaged[..]].concat();
        counts[0][usize::from(refused_or_model(&damaged))] += 1;

        let damaged = mutate(&numpy, numpy.len(), &mut generator);
        counts[1][usize::from(refused_or_model(&damaged))] += 1;

        // An array inside, with the checksum and the header's length that it then has.
        let damaged = npz(|entries| {
            let entry = (generator.uniform() * entries.len() as f64) as usize;
            let array = &mut entries[entry].1;
            let damaged = mutate(&array[10..], 118, &mut generator);
            let length = (128 + damaged.len()).saturating_sub(array.len()) as u16;
            *array = [&array[..8], &length.to_le_bytes(), &damaged].concat();
        });
        counts[2][usize::from(refused_or_model(&damaged))] += 1;
    }
    for [refused, models] in counts {
        assert!(refused > 5000 && models > 300, "{counts:?}");
    }
}

/// A failure leaves the old file whole and nothing beside it.
#[test]
fn files_are_replaced_whole_or_not_at_all() {
    let name = format!("replaced-{}", std::process::id());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let model = model(Symbols::Characters, "abc", false);
    let path = folder.join("way");
    std::fs::create_dir_all(&path).unwrap();
    assert!(exchange::export(&model, Format::Torch, &path).is_err());
    assert!(path.is_dir());
    assert!(!folder.join("way.elman.new").exists());
    let path = folder.join("weights");
    for format in FORMATS {
        exchange::export(&model, format, &path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), written(&model, format));
    }
    assert!(!folder.join("weights.elman.new").exists());
    std::fs::remove_dir_all(folder).unwrap();
}
