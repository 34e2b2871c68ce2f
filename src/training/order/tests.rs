use super::*;
use crate::network::unrolled::Unrolled;
use crate::training::training_loop::Training;
use std::collections::{HashMap, HashSet};

/// No two of its stretches of four characters are the same.
fn text(length: usize) -> String {
    let mut generator = Generator::new(3, Stream::Passage);
    let letter = |_| char::from(b'a' + generator.below(20) as u8);
    (0..length).map(letter).collect()
}

fn settings(order: Order, B: usize, T: usize) -> Settings {
    Settings { hidden: 3, sequence_length: T, batch_size: B, seed: 5, order, ..Settings::default() }
}

/// What one update reads by the definition.
#[derive(Debug)]
struct Read {
    epoch: u64,
    begins: bool,
    /// Of each sequence, and a character more for the last target.
    sequences: Vec<Vec<usize>>,
}

/// The numbers below `count` as the shuffle of an epoch leaves them.
fn shuffled(seed: u64, epoch: u64, count: usize) -> Vec<usize> {
    let mut generator = Generator::new(seed, Stream::Order(epoch));
    let mut numbers: Vec<usize> = (0..count).collect();
    let mut i = count;
    while i > 1 {
        i -= 1;
        let j = generator.below(1 + i as u64) as usize;
        (numbers[i], numbers[j]) = (numbers[j], numbers[i]);
    }
    numbers
}

/// The updates of one epoch, of which `made` came before it.
fn epoch(text: &[usize], settings: &Settings, epoch: u64, made: u64) -> Vec<Read> {
    let (B, T, L) = (settings.batch_size, settings.sequence_length, text.len());
    let read = |begins, places: Vec<usize>| Read {
        epoch,
        begins,
        sequences: (places.iter().map(|&at| text[at..at + T + 1].to_vec())).collect(),
    };
    let mut updates = Vec::new();
    match settings.order {
        Order::Text => {
            let mut at = 0;
            while at + T < L / B {
                updates.push(read(at == 0, (0..B).map(|s| s * (L / B) + at).collect()));
                at += T;
            }
        }
        Order::Chunks { length: C } => {
            // A chunk whose last character has no other after it is none.
            let starts: Vec<usize> = (0..L).step_by(C).filter(|at| at + C < L).collect();
            let order = shuffled(settings.seed, epoch, starts.len());
            for group in order.chunks_exact(B) {
                let mut within = 0;
                while within + T <= C {
                    let places = group.iter().map(|&chunk| starts[chunk] + within);
                    updates.push(read(within == 0, places.collect()));
                    within += T;
                }
            }
        }
        Order::Positions => {
            for n in (made..).take((L / B - 1) / T) {
                let mut generator = Generator::new(settings.seed, Stream::Order(n));
                let places = (0..B).map(|_| generator.below((L - T) as u64) as usize);
                updates.push(read(true, places.collect()));
            }
        }
    }
    updates
}

/// Every order, and of chunks several lengths for T.
fn orders(T: usize) -> Vec<Order> {
    let chunks = [T, 2 * T - 1, 2 * T, 5 * T + 1].map(|length| Order::Chunks { length });
    [&[Order::Text, Order::Positions], &chunks[..]].concat()
}

/// Through losses and hidden states, which say what each sequence has read.
#[test]
fn every_update_reads_what_the_definition_says() {
    for (B, T, L, validation) in [
        (1, 1, 40, 0.0),
        (1, 5, 121, 0.0),
        (1, 5, 122, 0.5),
        (2, 3, 130, 0.3),
        (3, 4, 253, 0.0),
        (3, 4, 254, 0.4),
        (4, 25, 1101, 0.2),
    ] {
        for order in orders(T) {
            let text = text(L);
            let settings = Settings { validation, ..settings(order, B, T) };
            let mut training = Training::new(&text, settings).unwrap();
            let learned = L - (validation * L as f64) as usize;
            let symbols = training.model().vocabulary.encode(&text).unwrap();
            let (mut made, mut h) = (0, vec![vec![0.0; 3]; B]);
            for number in 0..4 {
                let updates = epoch(&symbols[..learned], &settings, number, made);
                assert_eq!(training.updates_per_epoch(), updates.len() as u64);
                for read in updates {
                    let about = format!("{order:?}, B = {B}, T = {T}, L = {learned}: {made}");
                    follow(&mut training, &read, &mut h, &about);
                    made += 1;
                }
            }
        }
    }
}

fn follow(training: &mut Training, read: &Read, h: &mut [Vec<f64>], about: &str) {
    let seen = training.observe().unwrap();
    assert_eq!(seen.epoch, read.epoch, "{about}");
    let (inputs, targets) = training.chunk();
    let first = &read.sequences[0];
    assert_eq!((inputs, targets), (&first[..inputs.len()], &first[1..]));
    let rnn = &training.model().state.rnn;
    let mut loss = 0.0;
    for (read_by_one, h) in read.sequences.iter().zip(h.iter_mut()) {
        if read.begins {
            h.fill(0.0);
        }
        let T = read_by_one.len() - 1;
        let mut steps = Unrolled::new(rnn.shape(), T, 1).unwrap();
        steps.set(0, &read_by_one[..T], &read_by_one[1..], h);
        rnn.forward(&mut steps);
        loss = steps.losses().fold(loss, |sum, loss| sum + loss);
        h.copy_from_slice(steps.h(T, 0));
    }
    assert_eq!(seen.loss, loss / read.sequences.len() as f64, "{about}");
    training.update().unwrap();
    assert_eq!(training.model().state.h, h.concat(), "{about}");
}

/// The chunks of an epoch in the order in which they are read, told by their places.
fn visited(training: &mut Training, order: &mut TextOrder, C: u64) -> Vec<u64> {
    let mut chunks = Vec::new();
    for _ in 0..order.updates_per_epoch() {
        let next = order.next_source(&training.model().state);
        let places: Vec<u64> = order.positions(&next).collect();
        if next.resets {
            assert!(places.iter().all(|place| place % C == 0));
            chunks.extend(places.iter().map(|place| place / C));
        }
        training.update().unwrap();
        assert_eq!(training.position(), places[0]);
    }
    chunks
}

#[test]
fn an_epoch_reads_no_chunk_twice_and_all_of_them_where_the_batch_size_divides_them() {
    let (C, T) = (12, 4);
    for (B, count) in [(1, 13), (2, 14), (3, 14), (5, 14), (7, 14)] {
        let order = Order::Chunks { length: C };
        let settings = settings(order, B, T);
        let mut training = Training::new(&text(count * C + 1), settings).unwrap();
        let mut order = TextOrder::new(&settings, training.corpus()).unwrap();
        let mut seen = HashSet::new();
        let mut before = Vec::new();
        for _ in 0..40 {
            let chunks = visited(&mut training, &mut order, C as u64);
            let distinct: HashSet<u64> = chunks.iter().copied().collect();
            assert_eq!(distinct.len(), chunks.len());
            assert_eq!(chunks.len(), count / B * B);
            assert_ne!(chunks, before, "B = {B}");
            seen.extend(distinct);
            before = chunks;
        }
        // What is left over in one epoch is read in another.
        assert_eq!(seen.len(), count);
    }
}

#[test]
fn every_seed_has_an_order_of_its_own() {
    for order in [Order::Chunks { length: 10 }, Order::Positions] {
        let of = |seed| {
            let settings = Settings { seed, ..settings(order, 1, 10) };
            let mut training = Training::new(&text(300), settings).unwrap();
            let position = |_| training.update().map(|_| training.position());
            (0..60).map(position).collect::<Result<Vec<_>, _>>().unwrap()
        };
        let all: HashSet<Vec<u64>> = (0..50).map(of).collect();
        assert_eq!(all.len(), 50);
        assert_eq!(of(7), of(7));
    }
}

/// Beyond this, once in 10,000 times or less: three standard deviations and a half, and room for the skew.
fn assert_even(bins: impl Iterator<Item = u32>, each: f64) {
    let bins: Vec<f64> = bins.map(f64::from).collect();
    let beyond = bins.iter().map(|count| count - each);
    let chi_square: f64 = beyond.map(|beyond| beyond * beyond / each).sum();
    let freedom = bins.len() as f64 - 1.0;
    let limit = freedom + 3.5 * (2.0 * freedom).sqrt() + 10.0;
    assert!(chi_square < limit, "chi-square {chi_square}, not {limit}");
}

#[test]
fn every_order_of_the_chunks_is_as_likely() {
    let settings = settings(Order::Chunks { length: 2 }, 1, 2);
    let training = Training::new(&text(9), settings).unwrap();
    let mut order = TextOrder::new(&settings, training.corpus()).unwrap();
    let mut found: HashMap<Vec<u32>, u32> = HashMap::new();
    for epoch in 0..24_000 {
        order.shuffle(epoch);
        *found.entry(order.chunks.clone()).or_default() += 1;
    }
    assert_eq!(found.len(), 24);
    assert_even(found.into_values(), 1000.0);
}

/// With the first and the last that there are.
#[test]
fn every_position_is_as_likely() {
    let (T, L) = (4, 54);
    let settings = settings(Order::Positions, 3, T);
    let training = Training::new(&text(L), settings).unwrap();
    let mut order = TextOrder::new(&settings, training.corpus()).unwrap();
    let mut next = order.next_source(&training.model().state);
    let mut bins = [vec![0u32; L - T], vec![0; L - T], vec![0; L - T]];
    let mut alike = 0;
    for update in 0..50_000 {
        next.update = update;
        let places: Vec<u64> = order.positions(&next).collect();
        alike += u32::from(places[0] == places[1]);
        for (bins, place) in bins.iter_mut().zip(places) {
            bins[place as usize] += 1;
        }
    }
    for bins in bins {
        assert_even(bins.into_iter(), 1000.0);
    }
    // One in 50 by chance.
    assert!(alike.abs_diff(1000) < 150, "{alike}");
}

/// An order that has come to a place is the one that goes on from there.
#[test]
fn an_order_depends_on_nothing_but_the_state() {
    for order in orders(5) {
        let settings = settings(order, 2, 5);
        let mut training = Training::new(&text(307), settings).unwrap();
        let mut whole = TextOrder::new(&settings, training.corpus()).unwrap();
        for n in 0..150 {
            let mut other = TextOrder::new(&settings, training.corpus()).unwrap();
            let next = whole.next_source(&training.model().state);
            assert_eq!(other.next_source(&training.model().state), next);
            let places: Vec<u64> = whole.positions(&next).collect();
            assert!(other.positions(&next).eq(places), "{order:?} {n}");
            training.update().unwrap();
        }
        assert!(training.model().state.epoch > 2);
    }
}

#[test]
fn chunks_are_numbered_in_32_bits() {
    let count = |order, learned| chunk_numbers(order, learned).map(|chunks| chunks.len());
    assert_eq!(count(Order::Chunks { length: 10 }, 101), Ok(10));
    assert_eq!(count(Order::Chunks { length: 10 }, 100), Ok(9));
    assert_eq!(count(Order::Positions, 1 << 40), Ok(0));
    let refused = count(Order::Chunks { length: 1 }, (1 << 32) + 1);
    assert!(matches!(refused, Err(ShapeError::NoMemory { .. })));
}
