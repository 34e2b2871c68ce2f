//! Generating text: a network's predictions are sampled and fed back.

use crate::inference::recurrence::Recurrence;
use crate::inference::sampling::{Choice, Sampling, sample};
use crate::kernels::Level;
use crate::model::Model;
use crate::network::parameters::{Shape, ShapeError};
use crate::random::{Generator, Stream};
use crate::settings::{SettingError, Symbols};
use crate::text::vocabulary::UnknownCharacters;
use std::borrow::Borrow;
use std::{fmt, iter};

/// The state of a [`Writer`] or a [`Scorer`](super::Scorer). Another one that is set to it continues with the same
/// results.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The hidden state, m long. It includes every character but the last.
    pub h: Vec<f64>,
    /// The index of the last character, which the network has not read yet. `None` if there was no character yet.
    pub last: Option<usize>,
    /// The random numbers of a writer; `None` for a scorer. A writer that is set to a session with `None` keeps its
    /// own.
    pub generator: Option<Generator>,
    /// For a writer of bytes: the bytes, at most three, of an incomplete character.
    pub bytes: Vec<u8>,
}

impl Session {
    /// Refuses a session that does not fit the network.
    pub(super) fn check(&self, shape: Shape) -> Result<(), ShapeError> {
        shape.check_start(&self.h)?;
        self.last.map_or(Ok(()), |last| shape.check_index(last))
    }

    /// Makes a session of a hidden state and a last character, without random numbers and bytes.
    pub fn new(h: Vec<f64>, last: Option<usize>) -> Self {
        Session { h, last, generator: None, bytes: Vec::new() }
    }
}

/// Generates text, character by character.
///
/// The writer holds its model as `&Model`, `Arc<Model>`, or the model itself. With an `Arc` it borrows nothing: it can
/// be kept in a struct, sent to another thread, and cloned. Clones share the weights. A writer allocates when it is made,
/// mainly a copy of the weights. To generate characters takes no memory.
///
/// A new writer begins with the model's [initial state](Model::initial_state), and generates what follows the first
/// character of the training text. It uses the model's seed. So its first 1,000 characters are the final passage of the
/// run. [`Writer::prime`] gives it another beginning. As an iterator it gives characters without end.
///
/// ```
/// use elman::inference::{Sampling, Writer};
/// use elman::training::Fit;
/// use elman::{Settings, Training};
/// use std::ops::ControlFlow;
/// use std::sync::Arc;
///
/// let mut training = Training::new(elman::STORY, Settings { hidden: 20, ..Settings::default() })?;
/// training.fit(Fit { updates: 500, ..Fit::default() }, |_, _| ControlFlow::Continue(()))?;
/// let model = Arc::new(training.into_best());
///
/// let sampling = Sampling { temperature: 0.7, top_p: 0.9, ..Sampling::default() };
/// let mut writer = Writer::new(Arc::clone(&model))?.sampling(sampling)?.seed(7);
/// writer.prime("The ferry ")?;
/// let text = writer.write(80);
/// let sentence = writer.write_until(".", 200);
/// println!("The ferry {text}{sentence}");
///
/// // Saved here and continued elsewhere: the same characters.
/// let session = writer.session();
/// let rest: String = writer.take(20).collect();
/// let mut other = Writer::new(&*model)?.sampling(sampling)?;
/// other.set_session(&session)?;
/// assert_eq!(other.write(20), rest);
/// # Ok::<(), elman::Error>(())
/// ```
#[derive(Clone)]
pub struct Writer<M> {
    model: M,
    recurrence: Recurrence,
    choice: Choice,
    generator: Generator,
    /// The last character: the one that is read next.
    last: usize,
    /// Whether the last character is read. Then `choice` has the probabilities of the character after it.
    is_read: bool,
    /// Whether no character was read or generated yet.
    is_fresh: bool,
    utf8: Utf8,
}

impl<M: Borrow<Model>> Writer<M> {
    /// Makes a writer with the network's own distribution, which [`Writer::sampling`] changes.
    ///
    /// # Errors
    /// [`ShapeError::NoMemory`] if there is no memory for a copy of the weights.
    pub fn new(model: M) -> Result<Self, ShapeError> {
        let of = model.borrow();
        let recurrence = Recurrence::of(of, &of.hidden_state(of.initial_state()))?;
        Ok(Writer {
            recurrence,
            choice: Choice::new(of.shape().K())?,
            generator: Generator::new(of.settings.seed, Stream::Passage),
            last: of.start(),
            is_read: false,
            is_fresh: true,
            utf8: Utf8::default(),
            model,
        })
    }

    /// Chooses the next characters as `sampling` says.
    ///
    /// # Errors
    /// [`SettingError`] if [`Sampling::check`] refuses it.
    pub fn sampling(mut self, sampling: Sampling) -> Result<Self, SettingError> {
        sampling.check()?;
        self.choice.sampling = sampling;
        // Probabilities that are there already are those of the other sampling.
        if self.is_read {
            let session = self.session();
            self.recurrence.go_on_from(&session.h);
            self.is_read = false;
        }
        Ok(self)
    }

    /// Restarts the random numbers, with another seed than the model's. The same seed gives the same text.
    pub fn seed(mut self, seed: u64) -> Self {
        self.generator = Generator::new(seed, Stream::Passage);
        self
    }

    /// Begins with the hidden state `h`, m long. What was read or generated before is forgotten.
    ///
    /// # Errors
    /// [`ShapeError`] if `h` is not m long or has a number that is not finite.
    pub fn starting_from(mut self, h: &[f64]) -> Result<Self, ShapeError> {
        self.set_session(&Session::new(h.to_vec(), None))?;
        Ok(self)
    }

    /// Sets the instruction set that the network runs with. It never changes the text.
    pub fn at(mut self, level: Level) -> Self {
        self.recurrence.level = level;
        self
    }

    /// The model.
    pub fn model(&self) -> &Model {
        self.model.borrow()
    }

    /// The state of the writer. Another writer, or a [`Scorer`](super::Scorer), can continue from it.
    pub fn session(&self) -> Session {
        let h = if self.is_read { self.recurrence.before() } else { self.recurrence.h() };
        Session {
            h: h.to_vec(),
            last: (!self.is_fresh).then_some(self.last),
            generator: Some(self.generator.clone()),
            bytes: self.utf8.bytes[..self.utf8.length].to_vec(),
        }
    }

    /// Continues from the state of another writer or scorer of the same model.
    ///
    /// # Errors
    /// [`ShapeError`] if `session.h` is not m long or has a number that is not finite, or if `session.last` is K or more.
    pub fn set_session(&mut self, session: &Session) -> Result<(), ShapeError> {
        let of = self.model.borrow();
        session.check(of.shape())?;
        self.recurrence.go_on_from(&session.h);
        self.is_fresh = session.last.is_none();
        self.last = session.last.unwrap_or(of.start());
        self.is_read = false;
        self.utf8 = Utf8::of(&session.bytes);
        if let Some(generator) = &session.generator {
            self.generator = generator.clone();
        }
        Ok(())
    }

    /// Reads a text. The characters that are generated next follow this text.
    ///
    /// In a new writer the text replaces the first character of the training text. If the model was trained on
    /// documents, the text begins a document: the network reads a newline first.
    ///
    /// # Errors
    /// [`UnknownCharacters`] if the vocabulary lacks characters of the text. Then nothing has been read.
    pub fn prime(&mut self, text: &str) -> Result<(), UnknownCharacters> {
        let indices = self.model().vocabulary.encode(text)?;
        indices.into_iter().for_each(|index| self.push(index));
        Ok(())
    }

    /// Reads the character with this index, as [`Writer::prime`] does with the characters of a text.
    ///
    /// # Errors
    /// [`ShapeError::Index`] if the index is K or more.
    pub fn read(&mut self, index: usize) -> Result<(), ShapeError> {
        self.model().shape().check_index(index)?;
        self.push(index);
        Ok(())
    }

    fn push(&mut self, index: usize) {
        if !self.is_fresh || self.model().newline().is_some() {
            self.read_last();
        }
        (self.last, self.is_read, self.is_fresh) = (index, false, false);
        self.utf8 = Utf8::default();
    }

    fn read_last(&mut self) {
        if !self.is_read {
            let rnn = &self.model.borrow().state.rnn;
            self.recurrence.read(rnn, self.last, &mut self.choice.p);
        }
    }

    /// The K probabilities with which the next character is drawn.
    pub fn probabilities(&mut self) -> &[f64] {
        if !self.is_read {
            self.read_last();
            self.choice.choose(self.recurrence.level);
            self.is_read = true;
        }
        &self.choice.p
    }

    /// Generates the next character, and returns its index.
    pub fn next_index(&mut self) -> usize {
        let u = self.generator.uniform();
        self.last = sample(self.probabilities(), u);
        (self.is_read, self.is_fresh) = (false, false);
        self.last
    }

    /// The indices of the next characters, as an iterator without end.
    pub fn indices(mut self) -> impl Iterator<Item = usize> {
        iter::repeat_with(move || self.next_index())
    }

    /// Generates the next `length` characters.
    pub fn write(&mut self, length: usize) -> String {
        self.by_ref().take(length).collect()
    }

    /// Generates characters until the result ends with `end`, or has `most` characters. `end` is part of the result. A
    /// document ends with a newline.
    pub fn write_until(&mut self, end: &str, most: usize) -> String {
        let mut text = String::new();
        for character in self.by_ref().take(most) {
            text.push(character);
            if !end.is_empty() && text.ends_with(end) {
                break;
            }
        }
        text
    }
}

/// Gives the generated characters, without end. Those of a model of bytes are decoded as UTF-8, and bytes that are not
/// UTF-8 become U+FFFD.
impl<M: Borrow<Model>> Iterator for Writer<M> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        loop {
            // Nothing is drawn that is not needed: a session has no characters that were drawn ahead.
            if let Some(character) = self.utf8.next() {
                return Some(character);
            }
            let index = self.next_index();
            let vocabulary = &self.model().vocabulary;
            let symbol = vocabulary.characters()[index];
            match vocabulary.symbols() {
                Symbols::Characters => return Some(symbol),
                // Byte b goes by the character U+00b.
                Symbols::Bytes => self.utf8.push(symbol as u8),
            }
        }
    }
}

impl<M: Borrow<Model>> fmt::Debug for Writer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("model", self.model())
            .field("sampling", &self.choice.sampling)
            .finish_non_exhaustive()
    }
}

/// The bytes of an incomplete character.
#[derive(Clone, Debug, Default)]
struct Utf8 {
    bytes: [u8; 4],
    length: usize,
}

impl Utf8 {
    /// Takes at most the first three bytes, as many as an incomplete character has.
    fn of(bytes: &[u8]) -> Self {
        let mut utf8 = Utf8::default();
        bytes.iter().take(3).for_each(|&byte| utf8.push(byte));
        utf8
    }

    /// Adds a byte. There is room for it if [`Utf8::next`] has returned `None`.
    fn push(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    /// The first character, or U+FFFD for bytes that are not UTF-8. `None` if more bytes are needed.
    fn next(&mut self) -> Option<char> {
        let bytes = &self.bytes[..self.length];
        let checked = str::from_utf8(bytes);
        let valid = checked.map_or_else(|error| error.valid_up_to(), str::len);
        let first = str::from_utf8(&bytes[..valid]).ok().and_then(|text| text.chars().next());
        let (character, used) = match (first, checked) {
            (Some(character), _) => (character, character.len_utf8()),
            (None, Err(error)) => (char::REPLACEMENT_CHARACTER, error.error_len()?),
            (None, Ok(_)) => return None,
        };
        self.bytes.copy_within(used.., 0);
        self.length -= used;
        Some(character)
    }
}

/// Generates the sample of report n, without end: the characters after `x0`, the first character of chunk n. `h0` is
/// the hidden state before chunk n.
pub(crate) fn report_sample(
    model: &Model,
    n: u64,
    h0: &[f64],
    x0: usize,
) -> Result<impl Iterator<Item = usize>, ShapeError> {
    let mut writer = Writer::new(model)?;
    writer.generator = Generator::new(model.settings.seed, Stream::Report(n));
    (writer.last, writer.is_fresh) = (x0, false);
    // A training that grows wild has a hidden state that is not finite; its sample is as wild.
    writer.recurrence.go_on_from(h0);
    Ok(writer.indices())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::parameters::Shape;
    use crate::network::rnn::Rnn;
    use crate::settings::Settings;
    use crate::text::vocabulary::Vocabulary;
    use std::collections::BTreeSet;

    fn model() -> Model {
        let rnn = Rnn::random(Shape::new(8, 6).unwrap(), 1.0, 3).unwrap();
        Model::from_parameters(Vocabulary::of("abcdef"), rnn.parameters).unwrap()
    }

    /// A writer that begins with `h0`, and with the character `x0` in place of the first of a text.
    fn writer<'a>(model: &'a Model, h0: &[f64], x0: usize) -> Writer<&'a Model> {
        let mut writer = Writer::new(model).unwrap().starting_from(h0).unwrap();
        writer.read(x0).unwrap();
        writer
    }

    #[test]
    fn the_same_seed_writes_the_same_text() {
        let model = model();
        let write = |seed| writer(&model, &[0.1; 8], 0).seed(seed).write(200);
        assert_eq!(write(1), write(1));
        assert_ne!(write(1), write(2));
        assert_eq!(write(1).len(), 200);
    }

    #[test]
    fn every_character_is_fed_back() {
        let model = model();
        let mut writer = writer(&model, &[0.2; 8], 5);
        let written: Vec<usize> = writer.clone().indices().take(30).collect();
        let mut generator = writer.generator.clone();
        for &index in &written {
            assert_eq!(sample(writer.probabilities(), generator.uniform()), index);
            writer.read(index).unwrap();
        }
    }

    #[test]
    fn the_probabilities_are_those_of_the_forward_pass() {
        let model = model();
        let inputs = [0, 3, 1, 5, 2];
        let mut steps = crate::Unrolled::new(model.shape(), 5, 1).unwrap();
        steps.begin(0, &inputs, &[0; 5], &[0.3; 8]).unwrap();
        model.state.rnn.forward(&mut steps);
        let mut writer = Writer::new(&model).unwrap().starting_from(&[0.3; 8]).unwrap();
        for (t, x) in inputs.into_iter().enumerate() {
            writer.read(x).unwrap();
            // Asked twice, and with the place where the writer stands between: the same.
            assert_eq!(writer.probabilities(), steps.p(t, 0));
            let session = writer.session();
            assert_eq!((session.h, session.last), (steps.h(t, 0).to_vec(), Some(x)));
            assert_eq!(writer.probabilities(), steps.p(t, 0));
        }
    }

    /// Wherever it is taken apart: after characters, after probabilities, before anything.
    #[test]
    fn a_session_goes_on_as_if_it_had_not_been_suspended() {
        let model = model();
        for count in [0, 1, 7] {
            for asks in [false, true] {
                let sampling = Sampling { temperature: 0.8, top_k: 4, top_p: 0.95 };
                let mut first = writer(&model, &[0.4; 8], 2).sampling(sampling).unwrap();
                first.write(count);
                if asks {
                    first.probabilities();
                }
                let mut second = Writer::new(&model).unwrap().sampling(sampling).unwrap();
                second.set_session(&first.session()).unwrap();
                assert_eq!(second.write(50), first.write(50), "{count} {asks}");
            }
        }
    }

    #[test]
    fn another_sampling_counts_from_the_next_character_on() {
        let model = model();
        let mut writer = writer(&model, &[0.4; 8], 2);
        let own = writer.probabilities().to_vec();
        let coldest = Sampling::at_temperature(0.0);
        let mut cold = writer.clone().sampling(coldest).unwrap();
        assert_eq!(cold.probabilities().iter().filter(|&&p| p > 0.0).count(), 1);
        let mut again = cold.sampling(Sampling::default()).unwrap();
        assert_eq!(again.probabilities(), own);
        let refused = writer.sampling(Sampling { top_k: 0, ..coldest }).unwrap_err();
        assert_eq!(refused.name, "top_k");
    }

    #[test]
    fn a_prime_takes_the_place_of_the_first_character() {
        let model = model();
        let mut primed = Writer::new(&model).unwrap();
        primed.prime("cab").unwrap();
        let mut read = Writer::new(&model).unwrap();
        [2, 0, 1].into_iter().for_each(|index| read.read(index).unwrap());
        assert_eq!(primed.session(), read.session());
        let mut steps = crate::Unrolled::new(model.shape(), 3, 1).unwrap();
        steps.begin(0, &[2, 0, 1], &[0; 3], &[0.0; 8]).unwrap();
        model.state.rnn.forward(&mut steps);
        assert_eq!(primed.probabilities(), steps.p(2, 0));
        // After characters that were written, a prime is read after them.
        let mut later = Writer::new(&model).unwrap();
        let written = later.next_index();
        later.prime("a").unwrap();
        let mut whole = Writer::new(&model).unwrap();
        [model.start(), written, 0].into_iter().for_each(|index| whole.read(index).unwrap());
        assert_eq!(later.session().h, whole.session().h);
        let unknown = later.prime("abxa").unwrap_err();
        assert_eq!(unknown.characters, ['x']);
        assert_eq!(later.session().last, Some(0), "nothing was read");
    }

    #[test]
    fn a_model_of_documents_reads_a_prime_after_a_newline() {
        let rnn = Rnn::random(Shape::new(8, 3).unwrap(), 1.0, 3).unwrap();
        let model = Model::from_parameters(Vocabulary::of("\t\na"), rnn.parameters).unwrap();
        let settings = Settings { documents: true, ..*model.settings() };
        let model = model.with_settings(settings).unwrap();
        let mut primed = Writer::new(&model).unwrap();
        primed.prime("a").unwrap();
        let mut steps = crate::Unrolled::new(model.shape(), 2, 1).unwrap();
        steps.begin(0, &[1, 2], &[0; 2], &[0.0; 8]).unwrap();
        model.state.rnn.forward(&mut steps);
        assert_eq!(primed.probabilities(), steps.p(1, 0));
        // Without a prime, too: what comes first follows a newline.
        assert_eq!(Writer::new(&model).unwrap().probabilities(), steps.p(0, 0));
        let document = Writer::new(&model).unwrap().write_until("\n", 1000);
        assert_eq!(document.find('\n'), Some(document.len() - 1));
    }

    #[test]
    fn writing_ends_where_it_is_told_to() {
        let model = model();
        let all = Writer::new(&model).unwrap().write(500);
        let end = &all[100..103];
        let until = Writer::new(&model).unwrap().write_until(end, 500);
        assert_eq!(until.len(), all.find(end).unwrap() + 3);
        assert!(all.starts_with(&until));
        assert_eq!(Writer::new(&model).unwrap().write_until("never", 80), all[..80]);
        assert_eq!(Writer::new(&model).unwrap().write_until("", 80), all[..80]);
    }

    #[test]
    fn what_does_not_fit_the_network_is_refused() {
        let model = model();
        let short = Writer::new(&model).unwrap().starting_from(&[0.0; 7]).unwrap_err();
        assert_eq!(short, ShapeError::HiddenState { found: 7, m: 8 });
        let mut writer = Writer::new(&model).unwrap();
        let session = writer.session();
        assert_eq!(writer.read(6), Err(ShapeError::Index { index: 6, K: 6 }));
        let beyond = Session { last: Some(6), ..session.clone() };
        assert_eq!(writer.set_session(&beyond), Err(ShapeError::Index { index: 6, K: 6 }));
        for wild in [f64::NAN, f64::INFINITY] {
            let wild =
                Session { h: vec![0.0, wild, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], ..session.clone() };
            assert_eq!(writer.set_session(&wild), Err(ShapeError::NotFinite { entry: 1 }));
        }
        assert_eq!(writer.session(), session);
    }

    /// Wherever a writer of bytes is suspended, also within a character, and before and after what is none.
    #[test]
    fn a_writer_of_bytes_is_suspended_within_characters() {
        let text = "na\u{ef}ve \u{e9}t\u{e9} \u{1f600}\u{65e5}";
        let bytes = [text.as_bytes(), b"\xe9 \xf0\x9f \xff\xe2\x82"].concat();
        let characters: BTreeSet<char> = bytes.iter().map(|&byte| char::from(byte)).collect();
        let characters: Vec<char> = characters.into_iter().collect();
        let shape = Shape::new(8, characters.len()).unwrap();
        let vocabulary = Vocabulary::from_characters(Symbols::Bytes, characters).unwrap();
        let rnn = Rnn::random(shape, 0.1, 3).unwrap();
        let model = Model::from_parameters(vocabulary, rnn.parameters).unwrap();
        let whole = Writer::new(&model).unwrap().write(600);
        assert!(whole.contains(char::REPLACEMENT_CHARACTER));
        let mut parts = String::new();
        let mut session = Writer::new(&model).unwrap().session();
        for _ in 0..600 {
            let mut writer = Writer::new(&model).unwrap().seed(99);
            writer.set_session(&session).unwrap();
            parts.extend(writer.next());
            session = writer.session();
        }
        assert_eq!(parts, whole);
    }

    /// As `String::from_utf8_lossy` decodes them, but for what is not whole at the end.
    #[test]
    fn bytes_become_characters_as_soon_as_they_are_whole() {
        for bytes in [
            "z\u{e5}\u{65e5}\u{1f600}!".as_bytes(),
            b"\xff\xc3\xa5\xc3A\xf0\x9f\x98B\xe2\x82\xffC\x80\xed\xa0\x80D\xf4\x90E",
        ] {
            let mut utf8 = Utf8::default();
            let mut text = String::new();
            for &byte in bytes {
                utf8.push(byte);
                text.extend(std::iter::from_fn(|| utf8.next()));
            }
            assert_eq!(text, String::from_utf8_lossy(bytes));
            assert_eq!(utf8.length, 0);
        }
    }

    /// The random numbers of seed and n, from the hidden state and the character that are given.
    #[test]
    fn the_sample_of_a_report_has_its_own_random_numbers() {
        for documents in [false, true] {
            let settings = Settings { hidden: 8, documents, ..Settings::default() };
            let vocabulary = Vocabulary::of("anna\nbo\nchristopher\ny\n");
            let shape = Shape::new(8, vocabulary.len()).unwrap();
            let rnn = Rnn::random(shape, 1.0, 3).unwrap();
            let mut model = Model::of_rnn(vocabulary, settings, rnn).unwrap();
            let K = model.vocabulary.len();
            for (seed, n, x0) in [(1, 0, 0), (1, 10_000, 3), (2, 10_000, 3), (u64::MAX, 7, K - 1)] {
                model.settings.seed = seed;
                // What the state of the model says of updates has no say.
                model.state.updates = 99;
                let mut h = vec![0.4; 8];
                let mut generator = Generator::new(seed, Stream::Report(n));
                let mut x = x0;
                let expected = (0..200).map(|_| {
                    if documents && Some(x) == model.vocabulary.index('\n') {
                        h.fill(0.0);
                    }
                    let mut choice = Choice::new(K).unwrap();
                    let rnn = &model.state.rnn;
                    let mut recurrence = Recurrence::new(rnn, &h).unwrap();
                    recurrence.read(rnn, x, &mut choice.p);
                    choice.choose(Level::chosen());
                    h.copy_from_slice(recurrence.h());
                    x = sample(&choice.p, generator.uniform());
                    x
                });
                let expected: Vec<usize> = expected.collect();
                let found = report_sample(&model, n, &[0.4; 8], x0).unwrap().take(200);
                assert_eq!(found.collect::<Vec<_>>(), expected, "{documents} {seed} {n}");
            }
        }
    }
}
