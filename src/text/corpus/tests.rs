use super::*;
use crate::random::{Generator, Stream};
use crate::settings::Symbols;
use crate::text::pass::MARKS;
use crate::training::order::TextOrder;
use std::io;
use std::sync::{Arc, Mutex};

fn settings(T: usize, documents: bool) -> Settings {
    Settings { sequence_length: T, documents, ..Settings::default() }
}

fn open(bytes: &[u8], symbols: Symbols, settings: &Settings) -> Result<Corpus, TextError> {
    let settings = Settings { symbols, ..*settings };
    Corpus::open(Cursor::new(bytes.to_vec()), &settings, |_| ())
}

/// From the start of every sequence's part to its end.
fn walk(corpus: &Corpus, sequences: usize) -> TextOrder {
    let settings = Settings {
        batch_size: sequences,
        ..settings(corpus.settings.sequence_length, corpus.settings.documents)
    };
    TextOrder::new(&settings, corpus).unwrap()
}

fn updates_per_epoch(corpus: &Corpus) -> u64 {
    walk(corpus, 1).updates_per_epoch()
}

/// What one sequence reads in one epoch, chunk by chunk, as characters.
fn chunks(corpus: &mut Corpus) -> Vec<String> {
    let vocabulary = corpus.vocabulary().clone();
    let walk = walk(corpus, 1);
    let (mut position, mut chunks) = (0, Vec::new());
    while !walk.is_over(position) {
        let chunk = corpus.chunk(0, position).unwrap();
        position += chunk.len() as u64 - 1;
        chunks.push(vocabulary.decode(chunk).unwrap());
    }
    chunks
}

fn documents(text: &str, T: usize) -> Vec<String> {
    let mut corpus = open(text.as_bytes(), Symbols::Characters, &settings(T, true)).unwrap();
    corpus.split(1).unwrap();
    let chunks = chunks(&mut corpus);
    assert_eq!(updates_per_epoch(&corpus), chunks.len() as u64, "{text:?}");
    chunks
}

/// Characters of every length in UTF-8, more than a window holds.
fn long_text() -> String {
    let line = |i: usize| format!("{i} \u{e5}\u{65e5}\u{1f600}e\u{301}\r\n\0");
    (0..40_000).map(line).collect()
}

#[test]
fn windows_read_what_is_in_the_text() {
    let text = long_text();
    let symbols: Vec<char> = text.chars().collect();
    for (T, sequences) in [(1, 1), (25, 1), (7, 3), (1000, 40), (300_000, 1)] {
        let mut corpus = Corpus::of(&text, &settings(T, false)).unwrap();
        corpus.split(sequences).unwrap();
        let part = symbols.len() / sequences;
        let vocabulary = Vocabulary::of(&text);
        assert_eq!(corpus.vocabulary(), &vocabulary);
        let walk = walk(&corpus, sequences);
        assert_eq!(walk.part(), part as u64);
        let updates = (part - 1) / T;
        assert_eq!(walk.updates_per_epoch(), updates as u64);
        // In order, and anew from the start; now and then somewhere else.
        let steps = (0..updates.min(3000)).chain([updates - 1, 0, updates / 2, 1.min(updates - 1)]);
        for n in steps {
            assert!(!walk.is_over((n * T) as u64));
            for sequence in 0..sequences {
                let at = sequence * part + n * T;
                let chunk = corpus.chunk(sequence, at as u64).unwrap();
                let expected = &symbols[at..][..=T];
                let found = chunk.iter().map(|&x| vocabulary.characters()[x]);
                assert!(found.eq(expected.iter().copied()), "T = {T}, chunk {n}");
            }
        }
        assert!(walk.is_over((updates * T) as u64));
    }
}

/// An input that counts the bytes that are read from it.
struct Counted(Cursor<Vec<u8>>, Arc<Mutex<usize>>);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        *self.1.lock().unwrap() += count;
        Ok(count)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

/// Far less than a window, with marks so close; and what is read in order from there comes in ever larger pieces.
#[test]
fn a_jump_reads_little() {
    let text = long_text();
    let symbols: Vec<char> = text.chars().collect();
    let vocabulary = Vocabulary::of(&text);
    let read = Arc::new(Mutex::new(0));
    let input = Counted(Cursor::new(text.into_bytes()), read.clone());
    let mut corpus = Corpus::open(input, &settings(25, false), |_| ()).unwrap();
    corpus.split(2).unwrap();
    let mut check = |sequence: usize, at: usize| {
        let before = *read.lock().unwrap();
        let chunk = corpus.chunk(sequence, at as u64).unwrap();
        let found = chunk.iter().map(|&x| vocabulary.characters()[x]);
        assert!(found.eq(symbols[at..=at + 25].iter().copied()), "{at}");
        *read.lock().unwrap() - before
    };
    let mut generator = Generator::new(1, Stream::Order(0));
    let positions = symbols.len() as u64 - 25;
    let jumps = (0..1000).map(|n| check(n % 2, generator.below(positions) as usize));
    let most = jumps.max().unwrap();
    assert!(most < 4 * window::LEAST, "{most} bytes");
    let pieces: Vec<usize> = (0..10_000).map(|n| check(0, 25 * n)).collect();
    let largest = pieces.iter().max().unwrap();
    assert_eq!(*largest, window::MOST);
    assert!(pieces.iter().filter(|&&piece| piece > 0).count() < 30);
}

/// All that is held out, as it is read: chunk by chunk, without the first character of each but the first.
fn held_out(corpus: &mut Corpus) -> String {
    let (mut position, last) = corpus.held_out_positions();
    let mut read = Vec::new();
    while position < last {
        let chunk = corpus.held_out_chunk(position).unwrap();
        assert!(chunk.len() <= HELD_OUT_STEPS + 1);
        read.extend_from_slice(&chunk[usize::from(!read.is_empty())..]);
        position += chunk.len() as u64 - 1;
    }
    corpus.vocabulary().decode(&read).unwrap()
}

#[test]
fn the_end_of_a_text_is_held_out() {
    let text = long_text();
    let symbols: Vec<char> = text.chars().collect();
    for (validation, sequences) in [(0.1, 1), (0.75, 1), (0.5, 7), (1e-5, 1)] {
        let settings = Settings { validation, batch_size: sequences, ..settings(10, false) };
        let mut corpus = Corpus::of(&text, &settings).unwrap();
        corpus.split(sequences).unwrap();
        let held = (validation * symbols.len() as f64).floor() as usize;
        let learned = symbols.len() - held;
        assert_eq!(corpus.length(), symbols.len() as u64);
        assert_eq!(corpus.learned(), learned as u64);
        assert_eq!(corpus.held_out(), held as u64);
        assert_eq!(corpus.vocabulary(), &Vocabulary::of(&text));
        // What is learned is read as a text that ends there.
        let cut: String = symbols[..learned].iter().collect();
        let cut_settings = Settings { validation: 0.0, ..settings };
        let mut alone = Corpus::of(&cut, &cut_settings).unwrap();
        alone.split(sequences).unwrap();
        let walk = walk(&corpus, sequences);
        let updates = (learned / sequences) as u64 / 10;
        assert!(walk.updates_per_epoch().abs_diff(updates) <= 1);
        for sequence in 0..sequences {
            let position = 10 * (walk.updates_per_epoch() - 1);
            assert!(walk.is_over(position + 10) && !walk.is_over(position));
            let position = position + sequence as u64 * walk.part();
            let chunk = corpus.chunk(sequence, position).unwrap().to_vec();
            assert_eq!(chunk, alone.chunk(sequence, position).unwrap());
        }
        let expected: String = symbols[learned..].iter().collect();
        for _ in 0..2 {
            assert!(held_out(&mut corpus) == expected, "{validation}");
        }
    }
}

/// By the definition: of all documents, those that lie wholly within the last floor(F N) characters.
#[test]
fn whole_documents_are_held_out() {
    let short = "anna\r\nbo\n\nchristopher\ny\nz".to_string();
    let word = |i: usize| format!("{}\u{65e5}{i}\n", "x".repeat(i * i % 37));
    let long: String = (0..20_000).map(word).collect();
    // It has 25 characters.
    let many = (0..25).map(|n| f64::from(n) / 25.0);
    for (text, shares, T) in [
        (&short, many.clone().collect::<Vec<_>>(), 3),
        (&short, many.collect(), 25),
        (&long, vec![1e-6, 1e-4, 0.1, 0.5, 0.98], 7),
    ] {
        let of = |validation| Settings { validation, ..settings(T, true) };
        let lines: Vec<String> = (text.lines().filter(|line| !line.is_empty()))
            .map(|line| format!("{line}\n"))
            .collect();
        let length = 1 + lines.iter().map(|line| line.chars().count()).sum::<usize>();
        for share in shares {
            let mut left = (share * length as f64).floor() as usize;
            let mut learned = lines.len();
            while let Some(line) = lines[..learned].last() {
                let Some(less) = left.checked_sub(line.chars().count()) else {
                    break;
                };
                (left, learned) = (less, learned - 1);
            }
            let mut corpus = Corpus::of(text, &of(share)).unwrap();
            let expected = lines[learned..].concat();
            assert_eq!(corpus.length(), length as u64);
            assert_eq!(corpus.held_out(), expected.chars().count() as u64);
            corpus.split(1).unwrap();
            if learned < lines.len() {
                assert!(held_out(&mut corpus) == format!("\n{expected}"), "{share}");
            }
            let read = chunks(&mut corpus);
            assert_eq!(updates_per_epoch(&corpus), read.len() as u64, "{share}");
            if learned > 0 {
                let mut alone = Corpus::of(&lines[..learned].concat(), &of(0.0)).unwrap();
                alone.split(1).unwrap();
                assert!(read == chunks(&mut alone), "{share}");
            }
        }
    }
}

#[test]
fn few_marks_find_every_place() {
    let mut pass = Pass::new(&settings(1, false), 5);
    (pass.spacing, pass.next_mark) = (2, 2);
    for i in 1..=1_000_000u64 {
        pass.take('a', 5 + 3 * i);
    }
    assert!(pass.marks.len() < MARKS && pass.marks.len() > MARKS / 4);
    assert!(pass.marks.iter().all(|mark| mark.byte == 5 + 3 * mark.position));
    let gaps = pass.marks.windows(2).map(|pair| pair[1].position - pair[0].position);
    assert!(gaps.clone().max() <= Some(2 * pass.spacing) && gaps.min() >= Some(pass.spacing / 2));
    assert_eq!(pass.marks[0].position, 0);
}

#[test]
fn every_line_is_a_document() {
    assert_eq!(documents("ab\nc\n", 25), ["\nab\n", "\nc\n"]);
    // Blank lines, carriage returns, no newline at the end.
    assert_eq!(documents("\n\r\n\nab\r\n\r\n\r\nc", 25), ["\nab\n", "\nc\n"]);
    assert_eq!(documents("a\rb\r\r\n\rc\r", 25), ["\na\rb\r\n", "\n\rc\n"]);
    assert_eq!(documents("\r\r\na", 25), ["\n\r\n", "\na\n"]);
    // Chunks of T, the last one shorter.
    assert_eq!(
        documents("abcde\nfg\nhij\n", 2),
        ["\nab", "bcd", "de\n", "\nfg", "g\n", "\nhi", "ij\n"]
    );
    assert_eq!(documents("abc", 4), ["\nabc\n"]);
    assert_eq!(documents("abc", 1), ["\na", "ab", "bc", "c\n"]);
    for blank in ["", "\n", "\r\n\n", "\r"] {
        let error = open(blank.as_bytes(), Symbols::Characters, &settings(5, true));
        assert_eq!(error.unwrap_err(), TextError::Empty, "{blank:?}");
    }
}

/// Against the definition, on more than a window holds.
#[test]
fn documents_are_read_in_windows_too() {
    let word = |i: usize| format!("{}\u{65e5}{i}", "x".repeat(i * i % 37));
    let end = |i: usize| ["\n", "\r\n", "\n\n"][i % 3];
    let text: String = (0..20_000).map(|i| word(i) + end(i)).collect();
    for T in [1, 5, 25] {
        let expected = (0..20_000).flat_map(|i| {
            let symbols: Vec<char> = format!("\n{}\n", word(i)).chars().collect();
            let count = symbols.len() - 1;
            (0..count)
                .step_by(T)
                .map(move |at| symbols[at..=(at + T).min(count)].iter().collect::<String>())
                .collect::<Vec<_>>()
        });
        assert!(expected.eq(documents(&text, T)), "T = {T}");
    }
}

#[test]
fn a_place_among_documents_is_found_again() {
    let text: String = (0..30_000).map(|i| format!("name {i}\r\n\r\n")).collect();
    let settings = settings(4, true);
    let mut corpus = open(text.as_bytes(), Symbols::Characters, &settings).unwrap();
    assert!(corpus.marks.len() > 3, "{}", corpus.marks.len());
    corpus.split(1).unwrap();
    let mut positions = vec![0];
    let chunks = chunks(&mut corpus);
    positions.extend(chunks.iter().scan(0, |at, chunk| {
        *at += chunk.chars().count() as u64 - 1;
        Some(*at)
    }));
    for n in (0..chunks.len()).step_by(777).rev() {
        let mut again = open(text.as_bytes(), Symbols::Characters, &settings).unwrap();
        again.split(1).unwrap();
        let found = again.chunk(0, positions[n]).unwrap().to_vec();
        assert_eq!(corpus.vocabulary().decode(&found).unwrap(), chunks[n], "chunk {n}");
        assert_eq!(corpus.chunk(0, positions[n]).unwrap(), found);
    }
}

/// What the end of the text left in the decoder is no part of its start.
#[test]
fn an_epoch_of_documents_is_like_the_one_before() {
    let text = b"ab\nc\r";
    let mut corpus = open(text, Symbols::Characters, &settings(9, true)).unwrap();
    corpus.split(1).unwrap();
    let first = chunks(&mut corpus);
    assert_eq!(first, ["\nab\n", "\nc\n"]);
    // Another place, so that the window has to turn back.
    corpus.windows[1].first = u64::MAX;
    assert_eq!(chunks(&mut corpus), first);
}

#[test]
fn a_vocabulary_of_other_symbols_is_refused() {
    let mut corpus = Corpus::of("ab", &settings(1, false)).unwrap();
    let bytes = Vocabulary::from_characters(Symbols::Bytes, vec!['a', 'b']).unwrap();
    let error = corpus.use_vocabulary(&bytes).unwrap_err();
    let words = "the vocabulary consists of bytes: read the text as bytes";
    assert_eq!(error.to_string(), words);
}

/// An input that is interrupted before every reading.
struct Interrupted(Cursor<Vec<u8>>, bool);

impl Read for Interrupted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 { Err(io::ErrorKind::Interrupted.into()) } else { self.0.read(buffer) }
    }
}

impl Seek for Interrupted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn an_interrupted_reading_is_made_again() {
    let input = Interrupted(Cursor::new(b"abc".to_vec()), false);
    let opened = Corpus::open(input, &settings(2, false), |_| ());
    let mut corpus = opened.unwrap();
    corpus.split(1).unwrap();
    assert_eq!(corpus.chunk(0, 0).unwrap(), [0, 1, 2]);
}

#[test]
fn bytes_are_any_bytes() {
    let bytes: Vec<u8> = (0..=255).rev().cycle().take(1000).collect();
    let mut corpus = open(&bytes, Symbols::Bytes, &settings(99, false)).unwrap();
    corpus.split(1).unwrap();
    assert_eq!(corpus.vocabulary().symbols(), Symbols::Bytes);
    let expected: Vec<usize> = bytes[..100].iter().map(|&byte| usize::from(byte)).collect();
    assert_eq!(corpus.chunk(0, 0).unwrap(), expected);
    assert_eq!(corpus.source().start, 255);
    // The mark that UTF-8 may begin with is bytes like any other.
    let marked = open("\u{feff}a".as_bytes(), Symbols::Bytes, &settings(1, false)).unwrap();
    assert_eq!((marked.length(), marked.has_byte_order_mark()), (4, false));
}

#[test]
fn a_byte_order_mark_is_left_out() {
    let text = "\u{feff}b\u{feff}a";
    let mut corpus = open(text.as_bytes(), Symbols::Characters, &settings(1, false)).unwrap();
    assert!(corpus.has_byte_order_mark());
    let plain = Corpus::of(&text[3..], &settings(1, false)).unwrap();
    assert_eq!(corpus.source(), plain.source());
    corpus.split(1).unwrap();
    assert_eq!(chunks(&mut corpus), ["b\u{feff}", "\u{feff}a"]);
    assert_eq!(
        open("\u{feff}".as_bytes(), Symbols::Characters, &settings(1, false)).unwrap_err(),
        TextError::Empty
    );
}

#[test]
fn what_is_not_utf8_is_located() {
    let good = "\u{65e5}a".repeat(100_000);
    for (bad, byte) in
        [(&b"\xff"[..], 0), (b"a\xe6\x97", 1), (b"ab\xe6\x97a", 2), (b"\xed\xa0\x80", 0)]
    {
        for before in ["", &good] {
            let bytes = [before.as_bytes(), bad].concat();
            let byte = byte + before.len() as u64;
            let error = open(&bytes, Symbols::Characters, &settings(1, false)).unwrap_err();
            assert_eq!(error, TextError::InvalidUtf8 { byte });
        }
    }
}

#[test]
fn a_vocabulary_can_be_another_s() {
    let mut corpus = Corpus::of("banana", &settings(2, false)).unwrap();
    corpus.use_vocabulary(&Vocabulary::of("abn!")).unwrap();
    corpus.split(1).unwrap();
    assert_eq!(corpus.chunk(0, 0).unwrap(), [2, 1, 3]);
    assert_eq!(corpus.source().start, 2);
    let error = corpus.use_vocabulary(&Vocabulary::of("ab")).unwrap_err();
    assert_eq!(error.to_string(), "the vocabulary lacks 'n' (U+006E)");
}

/// A file that others can write to meanwhile.
#[derive(Clone)]
struct Shared(Arc<Mutex<Cursor<Vec<u8>>>>);

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.lock().unwrap().read(buffer)
    }
}

impl Seek for Shared {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.lock().unwrap().seek(to)
    }
}

#[test]
fn a_text_that_changes_is_noticed() {
    let text = "abcd\u{e5}".repeat(100_000);
    for (change, byte) in [
        (Vec::new(), 0),
        (text.as_bytes()[..300_000].to_vec(), 300_000),
        (text.replace('d', "e").into_bytes(), 4),
        (text.replace('d', "\u{65e5}").into_bytes(), 6),
        ([&text.as_bytes()[..5], b"\xff\xff"].concat(), 4),
    ] {
        let file = Shared(Arc::new(Mutex::new(Cursor::new(text.clone().into_bytes()))));
        let opened = Corpus::open(file.clone(), &settings(10, false), |_| ());
        let mut corpus = opened.unwrap();
        corpus.split(1).unwrap();
        *file.0.lock().unwrap().get_mut() = change;
        let mut chunks =
            (0..updates_per_epoch(&corpus)).map(|n| corpus.chunk(0, 10 * n).map(<[usize]>::len));
        let error = chunks.find_map(Result::err).unwrap();
        assert_eq!(error, TextError::Changed { byte });
    }
}

#[test]
fn the_first_pass_says_how_far_it_is() {
    let text = "ab".repeat(PASS);
    let mut seen = Vec::new();
    let input = Cursor::new(text.into_bytes());
    Corpus::open(input, &settings(1, false), |read| seen.push(read)).unwrap();
    assert_eq!(seen, [PASS as u64, 2 * PASS as u64]);
}
