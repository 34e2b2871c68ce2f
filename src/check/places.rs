//! Places in a text at which gradients are checked, with the hidden state that a trained network has there.

use crate::check::case::Case;
use crate::inference::recurrence::Recurrence;
use crate::model::Model;
use crate::settings::{Order, Settings};
use crate::text::corpus::Corpus;
use crate::training::TrainingError;
use crate::training::order::{TextOrder, check_length};
use crate::training::start::check_opened;
use std::collections::HashSet;

/// The hidden state of a place comes from reading about this many characters before it.
const STRETCH: u64 = 100;

/// A chunk of a text, and the hidden state before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The index of its first character in the text.
    pub position: u64,
    /// Whether the next update of the model would read this chunk.
    pub is_own: bool,
    /// The chunk, and one more character as the last target.
    pub characters: Vec<usize>,
    /// The hidden state before the chunk, m long.
    pub h0: Vec<f64>,
}

impl Place {
    /// The chunk as a case to check.
    pub fn case(&self) -> Case<'_> {
        let steps = self.characters.len().saturating_sub(1);
        Case {
            inputs: &self.characters[..steps],
            targets: self.characters.get(1..).unwrap_or_default(),
            h0: &self.h0,
        }
    }
}

/// Finds at most `count` places in the training text, by increasing position.
///
/// If this is the text of the model, one place is the next chunk of the model's first sequence, with the hidden state
/// that the model carries. The other places are spread evenly. Each has the hidden state after the hundred characters
/// before it, which are read from the model's [initial state](Model::initial_state). A model of documents begins each
/// document with h = 0.
///
/// # Errors
/// [`TrainingError`] if the vocabulary lacks characters of the text, or if the text is too short, cannot be read, or
/// was opened with settings that differ from the model's.
pub fn places(
    model: &Model,
    mut corpus: Corpus,
    count: usize,
) -> Result<Vec<Place>, TrainingError> {
    check_opened(&corpus, &model.settings)?;
    corpus.use_vocabulary(&model.vocabulary)?;
    let plain = Settings { batch_size: 1, order: Order::Text, ..model.settings };
    check_length(&corpus, &plain)?;
    let is_its_text = model.source == Some(corpus.source());
    corpus.split(1)?;
    let mut reader = Reader { model, order: TextOrder::new(&plain, &corpus)?, corpus };
    let (mut places, mut positions) = (Vec::new(), HashSet::new());
    if is_its_text && count > 0 {
        let own = reader.own()?;
        positions.insert(own.position);
        places.push(own);
    }
    let last = reader.last();
    let others = ((count - places.len()) as u64).min(last + 1);
    for i in 0..others {
        // The middle of each of equal parts; of a short text several may be the same.
        let middle = u128::from(last) * (2 * u128::from(i) + 1) / (2 * u128::from(others));
        let place = reader.at(middle as u64)?;
        if positions.insert(place.position) {
            places.push(place);
        }
    }
    places.sort_by_key(|place| place.position);
    Ok(places)
}

struct Reader<'a> {
    model: &'a Model,
    /// Text order, for a batch size of 1.
    order: TextOrder,
    corpus: Corpus,
}

impl Reader<'_> {
    fn T(&self) -> u64 {
        self.model.settings.sequence_length as u64
    }

    /// The last position with a whole chunk or, with documents, with any chunk.
    fn last(&self) -> u64 {
        let need = if self.model.settings.documents { 2 } else { self.T() + 1 };
        self.corpus.learned().saturating_sub(need)
    }

    /// The next chunk of the model's first sequence.
    fn own(&mut self) -> Result<Place, TrainingError> {
        let state = &self.model.state;
        let mut order = TextOrder::new(&self.model.settings, &self.corpus)?;
        let source = order.next_source(state);
        let position = order.positions(&source).next().unwrap_or(0);
        let m = state.rnn.shape().m();
        let h0 = if source.resets { vec![0.0; m] } else { state.h[..m].to_vec() };
        let mut place = self.place(position, h0)?;
        place.is_own = true;
        Ok(place)
    }

    /// The chunk at a position or, with documents, the next chunk.
    fn at(&mut self, target: u64) -> Result<Place, TrainingError> {
        let chunks = STRETCH.div_ceil(self.T()).min(target / self.T());
        let mut position = target - chunks * self.T();
        let shape = self.model.state.rnn.shape();
        let h0 = self.model.hidden_state(self.model.initial_state());
        let mut recurrence = Recurrence::of(self.model, &h0)?;
        let mut o = vec![0.0; shape.K()];
        while position < target {
            let characters = self.corpus.chunk(0, position)?;
            let inputs = &characters[..characters.len() - 1];
            let rnn = &self.model.state.rnn;
            inputs.iter().for_each(|&x| recurrence.read(rnn, x, &mut o));
            position += inputs.len() as u64;
        }
        if self.order.is_over(position) {
            self.place(0, vec![0.0; shape.m()])
        } else {
            self.place(position, recurrence.h().to_vec())
        }
    }

    fn place(&mut self, position: u64, h0: Vec<f64>) -> Result<Place, TrainingError> {
        let characters = self.corpus.chunk(0, position)?.to_vec();
        let begins_document = self.model.newline() == Some(characters[0]);
        Ok(Place {
            position,
            is_own: false,
            h0: if begins_document { vec![0.0; h0.len()] } else { h0 },
            characters,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::rnn::Rnn;
    use crate::training::training_loop::Training;

    const TEXT: &str = "The ferry crosses at nine.\nThe bell rings twice, and then once more.\n";

    fn trained(settings: Settings, updates: u64) -> (Training, String) {
        let text = TEXT.repeat(12);
        let settings = Settings { hidden: 7, sequence_length: 11, ..settings };
        let mut training = Training::new(&text, settings).unwrap();
        (0..updates).for_each(|_| _ = training.update().unwrap());
        training.observe().unwrap();
        (training, text)
    }

    /// After some characters.
    fn hidden_state(rnn: &Rnn, h0: &[f64], characters: &[usize]) -> Vec<f64> {
        let mut recurrence = Recurrence::new(rnn, h0).unwrap();
        let mut o = vec![0.0; rnn.shape().K()];
        characters.iter().for_each(|&x| recurrence.read(rnn, x, &mut o));
        recurrence.h().to_vec()
    }

    fn places_of(training: &Training, text: &str, count: usize) -> Vec<Place> {
        let model = training.model();
        let corpus = Corpus::of(text, &model.settings).unwrap();
        places(model, corpus, count).unwrap()
    }

    #[test]
    fn the_own_place_is_the_chunk_of_the_next_update() {
        let default = Settings::default();
        let several = Settings { batch_size: 3, ..default };
        let documents = Settings { documents: true, ..default };
        let orders = [Order::Chunks { length: 30 }, Order::Positions];
        let [chunks, positions] = orders.map(|order| Settings { order, ..several });
        for settings in [default, several, documents, chunks, positions] {
            // Past the end of a part as well, where the text is begun anew.
            for updates in [0, 1, 9, 24, 25, 26, 74, 75, 76, 77] {
                let (training, text) = trained(settings, updates);
                let place = &places_of(&training, &text, 1)[0];
                let (inputs, targets) = training.chunk();
                let case = place.case();
                assert!(place.is_own);
                assert_eq!((case.inputs, case.targets), (inputs, targets), "{updates}");
                assert_eq!(case.h0, training.h0(), "{settings:?} {updates}");
            }
        }
    }

    #[test]
    fn other_places_are_spread_and_reached_by_reading() {
        let (training, text) = trained(Settings::default(), 40);
        let indices = training.model().vocabulary.encode(&text).unwrap();
        let found = places_of(&training, &text, 5);
        assert_eq!(found.iter().filter(|place| place.is_own).count(), 1);
        assert_eq!(found.len(), 5);
        let (rnn, carried) = (&training.model().state.rnn, &training.model().state.h);
        assert!(carried.iter().all(|&h| h != 0.0));
        for place in found.iter().filter(|place| !place.is_own) {
            let at = place.position as usize;
            assert_eq!(place.characters, indices[at..at + 12]);
            let read = &indices[at - (10 * 11).min(at / 11 * 11)..at];
            assert_eq!(place.h0, hidden_state(rnn, carried, read));
        }
        let gaps = found.windows(2).map(|two| two[1].position - two[0].position);
        assert!(gaps.min() > Some(0));
        assert!(found[0].position < 300 && found[4].position > text.len() as u64 - 300);
        // In another text none is its own.
        let other = places_of(&training, &text[1..], 5);
        assert!(other.iter().all(|place| !place.is_own));
        // There are no more places than there are.
        assert_eq!(places_of(&training, &text[..12], 5).len(), 1);
        assert_eq!(places_of(&training, &text[..20], usize::MAX).len(), 8);
    }

    #[test]
    fn documents_begin_with_nothing_read() {
        let settings = Settings { documents: true, ..Settings::default() };
        let (training, text) = trained(settings, 40);
        let newline = training.model().newline().unwrap();
        let rnn = &training.model().state.rnn;
        let vocabulary = &training.model().vocabulary;
        let indices = vocabulary.encode(&format!("\n{text}")).unwrap();
        let found = places_of(&training, &text, 30);
        let begun = |place: &&Place| place.characters[0] == newline;
        assert!(found.iter().any(|place| begun(&place)));
        assert!(found.iter().any(|place| !begun(&place)));
        for place in &found {
            let zero = place.h0.iter().all(|&h| h == 0.0);
            assert_eq!(zero, place.characters[0] == newline, "{place:?}");
            let inner = &place.characters[1..place.characters.len() - 1];
            assert!(!inner.contains(&newline));
            // The own one has come through the parameters of several updates; the first ones begin within a document.
            if place.is_own || place.position < STRETCH + 11 {
                continue;
            }
            // Nothing is left of the documents before.
            let read = &indices[..place.position as usize];
            let start = read.iter().rposition(|&x| x == newline);
            let document = start.filter(|_| !zero).map(|start| &read[start..]);
            let h0 = vec![0.0; rnn.shape().m()];
            assert_eq!(place.h0, hidden_state(rnn, &h0, document.unwrap_or_default()));
        }
    }

    #[test]
    fn texts_that_do_not_fit_are_refused() {
        let (training, text) = trained(Settings::default(), 1);
        let model = training.model();
        let of = |text: &str| places(model, Corpus::of(text, &model.settings).unwrap(), 3);
        let error = of(&text[..11]).unwrap_err().to_string();
        assert!(error.starts_with("11 characters are too few"), "{error}");
        let error = of(&text.replace("bell", "bØll")).unwrap_err().to_string();
        assert!(error.contains("lacks 'Ø'"), "{error}");

        // Of one document that is held out, nothing is left.
        let documents = Settings { documents: true, validation: 0.7, ..Settings::default() };
        let (training, _) = trained(documents, 1);
        let model = training.model();
        let corpus = Corpus::of("e\n", &model.settings).unwrap();
        let error = places(model, corpus, 3).unwrap_err().to_string();
        let words = "1 characters to train on, besides 2 held out, are too few";
        assert!(error.starts_with(words), "{error}");
    }
}
