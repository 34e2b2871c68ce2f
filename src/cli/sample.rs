//! `elman sample`: writes text with a trained model.

use super::arguments::{Arguments, Choice, HELP};
use super::failure::Failure;
use super::files::read_model;
use super::output::{print, print_characters};
use elman::random::{Generator, Stream};
use elman::synthesis::Synthesizer;

/// The help's words.
pub const DETAILS: &str = "\
MODEL is a model file or the folder of a run (its best model). Without --prime the text begins after
the first character of the training text, as the final passage of `elman train` does. A model of
documents writes one, from its start to its end.

example: elman sample elman-run --length 500 --prime \"The ferry\" --temperature 0.7";

/// Its options.
pub const CHOICES: &[Choice] = &[
    Choice::new("length", "N", "characters to write").or("1000"),
    Choice::new(
        "seed",
        "N",
        "where the random numbers come from (the model's)",
    ),
    Choice::new("prime", "TEXT", "text to begin with; it is written too"),
    Choice::new(
        "temperature",
        "X",
        "below 1 bolder, above 1 wilder; 0 takes the likeliest",
    )
    .or("1"),
    HELP,
];

/// Runs it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let length = arguments.count("length")?;
    let seed = match arguments.has("seed") {
        true => Some(arguments.count("seed")?),
        false => None,
    };
    let prime = arguments.text("prime")?;
    let temperature = arguments.number("temperature")?;
    if temperature.is_nan() || temperature < 0.0 {
        return Err(Failure::at(
            arguments.quoted("temperature"),
            "must be a number of at least 0",
        ));
    }
    let model = read_model(arguments.first())?;
    let vocabulary = &model.vocabulary;
    let prime_indices = vocabulary
        .encode(prime)
        .map_err(|error| Failure::at("--prime", error))?;

    let rnn = &model.state.rnn;
    let mut generator = Generator::new(seed.unwrap_or(model.settings.seed), Stream::Passage);
    let mut synthesizer = Synthesizer::of(&model, &vec![0.0; rnn.shape().m()], temperature);
    // A document comes after a newline, and ends before one.
    let newline = model.newline();
    let read: Vec<usize> = newline.into_iter().chain(prime_indices).collect();
    let start = model.start();
    let (&last, before) = read.split_last().unwrap_or((&start, &[]));
    for &character in before {
        synthesizer.step(character);
    }
    let characters = synthesizer.characters(last, &mut generator);
    let characters = characters.take_while(|&character| Some(character) != newline);
    print(prime)?;
    print_characters(vocabulary, characters.take(length))?;
    print("\n")
}
