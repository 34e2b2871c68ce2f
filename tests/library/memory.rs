//! Nothing allocates per update or per character.

#![allow(unsafe_code)]

use elman::inference::{Reading, Sampling, ScoreBy, Scorer, TextScorer, Writer};
use elman::text::Symbols;
use elman::{Corpus, Level, Order, STORY, Settings, Training};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::env;
use std::hint::black_box;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::process::Command;
use std::sync::atomic::{AtomicIsize, Ordering};

/// The system's allocator, counted.
struct Counting;

thread_local! {
    /// Allocations of this thread.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// Bytes that all threads together hold.
static HELD: AtomicIsize = AtomicIsize::new(0);

// SAFETY: every request goes to the system's allocator as it came. Growing and zeroing are made of
// these two, as the trait has it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        HELD.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Whether this process runs one test alone; if not, runs the test in a process that does. What all
/// threads hold together says nothing of a test while others are at work.
fn is_alone(test: &str) -> bool {
    const ALONE: &str = "ELMAN_TEST_ALONE";
    if env::var_os(ALONE).is_some() {
        return true;
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", test])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains(" 1 passed;"), "{stdout}");
    false
}

/// Allocations that this thread makes meanwhile.
fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// A text that ends, and is begun anew, many times in 200 updates.
const SHORT: &str = "the ferry crosses at nine, and the bell rings twice; \u{e5}tta klockor \
                     sl\u{e5}r tolv. \u{65e5}\u{672c} \u{1f600}\nall of it again, at ten. ";

fn training(text: &str, hidden: usize, streams: usize) -> Training {
    let settings =
        Settings { hidden, batch_size: streams, sequence_length: 10, ..Settings::default() };
    Training::new(text, settings).unwrap()
}

/// A text of so many bytes that is nowhere: lines of a log, made as they are read.
struct Endless {
    length: u64,
    at: u64,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length - self.at).unwrap();
        let count = buffer.len().min(left);
        let mut buffer = &mut buffer[..count];
        while !buffer.is_empty() {
            let line = b"nine o'clock: the ferry has left again\r\n";
            let rest = &line[(self.at % line.len() as u64) as usize..];
            let (now, later) = buffer.split_at_mut(rest.len().min(buffer.len()));
            now.copy_from_slice(&rest[..now.len()]);
            self.at += now.len() as u64;
            buffer = later;
        }
        Ok(count)
    }
}

impl Seek for Endless {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Start(at) = to else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        self.at = at.min(self.length);
        Ok(self.at)
    }
}

/// However long the text, wherever in it a stream is, and however much of it is held out.
#[test]
fn a_long_text_is_held_nowhere() {
    if !is_alone("memory::a_long_text_is_held_nowhere") {
        return;
    }
    let chunks = Order::Chunks { length: 1000 };
    for (symbols, documents, streams, order) in [
        (Symbols::Characters, false, 1, Order::Text),
        (Symbols::Characters, true, 1, Order::Text),
        (Symbols::Bytes, false, 40, Order::Text),
        (Symbols::Characters, false, 1, chunks),
        (Symbols::Bytes, false, 40, chunks),
        (Symbols::Characters, false, 3, Order::Positions),
    ] {
        let settings = Settings {
            hidden: 5,
            sequence_length: 10,
            batch_size: streams,
            symbols,
            documents,
            order,
            validation: 1e-3,
            ..Settings::default()
        };
        let held = HELD.load(Ordering::Relaxed);
        let more = || HELD.load(Ordering::Relaxed) - held;
        let (mut most, mut calls) = (0, 0);
        let text = Endless { length: 200_000_000, at: 0 };
        let corpus = Corpus::open(text, &settings, |_| {
            most = most.max(more());
            calls += 1;
        });
        assert!(calls > 100 && most < 4_000_000, "{most} bytes while it is read");
        let mut training = Training::begin(corpus.unwrap(), settings).unwrap();
        updates(&mut training, 100);
        assert!(more() < 32_000_000, "{} bytes while it is learned", more());
        // Both are many windows long.
        let look = allocations(|| _ = training.validate().unwrap());
        assert_eq!(look, 0, "{symbols:?}, documents: {documents}, {order:?}");
        let longer = allocations(|| updates(&mut training, 40_000 / streams));
        assert_eq!(longer, 0, "{symbols:?}, documents: {documents}, {order:?}");
    }
}

fn updates(training: &mut Training, count: usize) {
    for _ in 0..count {
        let look = training.observe().unwrap();
        assert_eq!(training.update().unwrap(), look);
    }
}

#[test]
fn an_allocation_is_counted() {
    assert_eq!(allocations(|| drop(black_box(vec![1]))), 1);
    assert_eq!(allocations(|| drop(black_box(vec![0; 9]))), 1);
}

/// The best model changes on the way, and the short text is begun anew.
#[test]
fn an_update_allocates_nothing() {
    let begins_anew = [(STORY, false), (SHORT, true)];
    for (text, begins_anew) in begins_anew {
        for (m, B) in [(1, 1), (21, 1), (7, 4), (21, 4)] {
            for level in Level::available() {
                let mut training = training(text, m, B).on(level, 1).unwrap();
                updates(&mut training, 50);
                let count = allocations(|| updates(&mut training, 200));
                assert_eq!(count, 0, "{level:?}, m = {m}, B = {B}");
                assert_eq!(training.model().state().epoch > 1, begins_anew);
                assert_eq!(training.best().state().updates, 200);
            }
        }
    }
}

/// Not even where the chunks are shuffled anew.
#[test]
fn no_order_allocates_anything() {
    for order in [Order::Chunks { length: 15 }, Order::Positions] {
        let settings =
            Settings { hidden: 7, batch_size: 2, sequence_length: 7, order, ..Settings::default() };
        let mut training = Training::new(SHORT, settings).unwrap();
        updates(&mut training, 50);
        let begun = training.model().state().epoch;
        let count = allocations(|| updates(&mut training, 200));
        assert_eq!(count, 0, "{order:?}");
        assert!(training.model().state().epoch > begun + 5);
    }
}

/// After the first, and whatever is between them: updates, and the best model's change.
#[test]
fn a_look_at_what_is_held_out_allocates_nothing() {
    for documents in [false, true] {
        let settings = Settings { hidden: 21, validation: 0.4, documents, ..Settings::default() };
        let mut training = Training::new(STORY, settings).unwrap();
        training.validate().unwrap();
        training.update().unwrap();
        let count = allocations(|| {
            for _ in 0..20 {
                updates(&mut training, 5);
                training.validate().unwrap();
                updates(&mut training, 5);
                training.validation_loss().unwrap();
            }
        });
        assert_eq!(count, 0, "documents: {documents}");
        assert!(training.best().state().updates > 0);
    }
}

/// A thread takes something when it begins and gives it back when it ends.
#[test]
fn on_several_threads_memory_is_flat() {
    if !is_alone("memory::on_several_threads_memory_is_flat") {
        return;
    }
    let mut training = training(SHORT, 9, 4).on(Level::chosen(), 3).unwrap();
    updates(&mut training, 50);
    let before = HELD.load(Ordering::Relaxed);
    updates(&mut training, 2000);
    let more = HELD.load(Ordering::Relaxed) - before;
    // A leak of 10 bytes an update would be more; the harness holds a little.
    assert!(more < 20_000, "{more} bytes");
}

#[test]
fn a_character_that_is_written_allocates_nothing() {
    let mut trained = training(STORY, 21, 1);
    updates(&mut trained, 50);
    let sampling = |temperature, top_k, top_p| Sampling { temperature, top_k, top_p };
    for sampling in [
        sampling(0.0, 3, 0.5),
        sampling(0.5, usize::MAX, 1.0),
        sampling(1.0, usize::MAX, 1.0),
        sampling(1.5, 7, 1.0),
        sampling(1.5, usize::MAX, 0.9),
        sampling(1.5, 9, 0.99),
    ] {
        let mut writer = Writer::new(trained.model()).unwrap().sampling(sampling).unwrap();
        let count = allocations(|| {
            for _ in 0..1000 {
                black_box(writer.next_index());
            }
            black_box(writer.by_ref().take(1000).last());
            let more = writer.indices().take(1000);
            black_box(more.last());
        });
        assert_eq!(count, 0, "{sampling:?}");
    }
}

#[test]
fn a_character_that_is_judged_allocates_nothing() {
    let trained = training(STORY, 21, 1);
    let mut scorer = Scorer::new(trained.model()).unwrap();
    let count = allocations(|| {
        for i in 0..1000 {
            black_box(
                if i % 7 > 0 { scorer.read_index(i % 30) } else { Ok(scorer.read('\0')) }.unwrap(),
            );
            if i % 100 == 0 {
                scorer.restart();
            }
        }
    });
    assert_eq!(count, 0);
}

/// However long the text, and its lines.
#[test]
fn a_long_text_is_judged_and_held_nowhere() {
    if !is_alone("memory::a_long_text_is_judged_and_held_nowhere") {
        return;
    }
    let trained = training(SHORT, 3, 1);
    for extent in [ScoreBy::Text, ScoreBy::Lines { carry: false }, ScoreBy::Lines { carry: true }] {
        let held = HELD.load(Ordering::Relaxed);
        let mut text = Endless { length: 1_000_000, at: 0 };
        let mut reading = TextScorer::new(trained.model(), extent).unwrap();
        let (mut rows, mut characters) = (0, 0);
        let mut row = |row: elman::inference::Scored<'_>| {
            rows += 1;
            characters += row.score.characters;
            ControlFlow::Continue(())
        };
        // The buffers grow to what a reading brings.
        (0..3).for_each(|_| {
            assert_eq!(reading.read(&mut text, &mut row).unwrap(), Reading::More);
        });
        let count =
            allocations(|| while reading.read(&mut text, &mut row).unwrap() == Reading::More {});
        assert_eq!(count, 0, "{extent:?}");
        let more = HELD.load(Ordering::Relaxed) - held;
        assert!(more < 5_000_000, "{more} bytes");
        assert!(rows == 1 || rows > 24_000, "{rows} rows");
        assert!(characters > 900_000, "{characters}");
    }
    // A line that does not end.
    let mut line = std::io::repeat(b'e').take(2_000_000);
    let held = HELD.load(Ordering::Relaxed);
    let mut reading = TextScorer::new(trained.model(), ScoreBy::Lines { carry: false }).unwrap();
    let mut row = |row: elman::inference::Scored<'_>| {
        assert!(row.is_cut);
        ControlFlow::Continue(())
    };
    while reading.read(&mut line, &mut row).unwrap() == Reading::More {}
    let more = HELD.load(Ordering::Relaxed) - held;
    assert!(more < 5_000_000, "{more} bytes");
}
