//! What other programs call options and commands, and what to use here.
//!
//! Leaves out what a word of ours, mistyped or cut, may have meant: see `nearest`.

/// An option of other programs.
pub struct OptionSynonym {
    /// Its name elsewhere, in small letters and with hyphens.
    pub word: &'static str,
    /// The options that do it here, with spaces between them: the first that a command has. None if nothing does.
    pub options: &'static str,
    /// What else there is to know; may be empty.
    pub note: &'static str,
}

/// A command of other programs.
pub struct CommandSynonym {
    /// Its name elsewhere, in small letters and with hyphens.
    pub word: &'static str,
    /// The command line that does it here.
    pub call: &'static str,
    /// What that does, as the end of a sentence.
    pub does: &'static str,
}

const fn option(word: &'static str, options: &'static str, note: &'static str) -> OptionSynonym {
    OptionSynonym { word, options, note }
}

const fn command(word: &'static str, call: &'static str, does: &'static str) -> CommandSynonym {
    CommandSynonym { word, call, does }
}

const EPOCHS: &str =
    "it counts updates: an epoch of n characters is n / (seq-length x batch-size) updates";
const STEPS: &str =
    "it counts updates: each reads seq-length characters of every sequence in the batch";
const ONE_LAYER: &str = "elman has one recurrent layer, with tanh: --hidden sets its size";
const ONE_HOT: &str = "elman has no embedding: characters are one-hot vectors";
const NO_DROPOUT: &str = "elman has no dropout and no weight decay: with --validation, best.safetensors is the model with the lowest validation loss";
const BEST_IS_KEPT: &str = "elman trains to the end: with --validation, best.safetensors is the model with the lowest validation loss";
const OPTIMIZERS: &str = "--optimizer can be adagrad, adam or rmsprop";
const NO_GPU: &str = "elman runs on the CPU: train and score have --threads";
const A_MODEL: &str = "a model is given without an option, as in elman sample MODEL; train starts from a model with --from, and continues a run with --resume";
const A_TEXT: &str = "a text is given without an option, as in elman train TEXT and elman score MODEL FILE; sample starts from a text with --prime";
const BY_ELEMENT: &str = "it clips every entry by itself, not the norm";
const SHARE: &str = "it is the fraction of the text, from its end, that is held out";
const ORDERS: &str = "use --order chunks or --order positions";

/// Options, one row a word.
pub const OPTIONS: &[OptionSynonym] = &[
    option("lr", "learning-rate", ""),
    option("rate", "learning-rate", ""),
    option("eta", "learning-rate", ""),
    option("alpha", "learning-rate", ""),
    option("step-size", "learning-rate", ""),
    option("scheduler", "schedule", ""),
    option("lr-schedule", "schedule", ""),
    option("lr-scheduler", "schedule", ""),
    option("lr-decay", "schedule", ""),
    option("decay", "schedule", ""),
    option("anneal", "schedule", ""),
    option("epoch", "iterations", EPOCHS),
    option("epochs", "iterations", EPOCHS),
    option("max-epochs", "iterations", EPOCHS),
    option("num-epochs", "iterations", EPOCHS),
    option("n-epochs", "iterations", EPOCHS),
    option("steps", "iterations", STEPS),
    option("max-steps", "iterations", STEPS),
    option("num-steps", "iterations", STEPS),
    option("iters", "iterations", STEPS),
    option("max-iters", "iterations", STEPS),
    option("num-iters", "iterations", STEPS),
    option("n-iters", "iterations", STEPS),
    option("updates", "iterations", ""),
    option("batch", "batch-size", ""),
    option("bs", "batch-size", ""),
    option("minibatch", "batch-size", ""),
    option("mini-batch", "batch-size", ""),
    option("b", "batch-size", ""),
    option("t", "seq-length temperature", ""),
    option("bptt", "seq-length", ""),
    option("seq-len", "seq-length", ""),
    option("seqlen", "seq-length", ""),
    option("sequence-length", "seq-length", ""),
    option("sequence", "seq-length", ""),
    option("timesteps", "seq-length", ""),
    option("time-steps", "seq-length", ""),
    option("block-size", "seq-length", ""),
    option("context-length", "seq-length", ""),
    option("window", "seq-length", ""),
    option("unroll", "seq-length", ""),
    option("length", "length passage-length", ""),
    option("len", "length passage-length", ""),
    option("max-length", "length passage-length", ""),
    option("max-len", "length passage-length", ""),
    option("chars", "length passage-length", ""),
    option("num-chars", "length passage-length", ""),
    option("tokens", "length passage-length", ""),
    option("max-tokens", "length passage-length", ""),
    option("max-new-tokens", "length passage-length", ""),
    option("m", "hidden", ""),
    option("units", "hidden", ""),
    option("num-units", "hidden", ""),
    option("hidden-units", "hidden", ""),
    option("hidden-size", "hidden", ""),
    option("hidden-dim", "hidden", ""),
    option("n-hidden", "hidden", ""),
    option("nhid", "hidden", ""),
    option("rnn-size", "hidden", ""),
    option("state-size", "hidden", ""),
    option("neurons", "hidden", ""),
    option("size", "hidden", ""),
    option("layers", "", ONE_LAYER),
    option("num-layers", "", ONE_LAYER),
    option("n-layers", "", ONE_LAYER),
    option("nlayers", "", ONE_LAYER),
    option("depth", "", ONE_LAYER),
    option("cell", "", ONE_LAYER),
    option("rnn-type", "", ONE_LAYER),
    option("lstm", "", ONE_LAYER),
    option("gru", "", ONE_LAYER),
    option("bidirectional", "", ONE_LAYER),
    option("embedding", "", ONE_HOT),
    option("embedding-size", "", ONE_HOT),
    option("embedding-dim", "", ONE_HOT),
    option("emsize", "", ONE_HOT),
    option("dropout", "", NO_DROPOUT),
    option("early-stopping", "", BEST_IS_KEPT),
    option("patience", "", BEST_IS_KEPT),
    option("optim", "optimizer", ""),
    option("optimiser", "optimizer", ""),
    option("solver", "optimizer", ""),
    option("adam", "optimizer", "use --optimizer adam"),
    option("adagrad", "optimizer", "use --optimizer adagrad"),
    option("rmsprop", "optimizer", "use --optimizer rmsprop"),
    option("sgd", "", OPTIMIZERS),
    option("momentum", "beta1", "with --optimizer adam"),
    option("weight-decay", "", NO_DROPOUT),
    option("l2", "", OPTIMIZERS),
    option("betas", "beta1", "the second is --beta2"),
    option("eps", "epsilon", ""),
    option("grad-clip", "clip", BY_ELEMENT),
    option("gradient-clip", "clip", BY_ELEMENT),
    option("clip-norm", "clip", BY_ELEMENT),
    option("max-norm", "clip", BY_ELEMENT),
    option("max-grad-norm", "clip", BY_ELEMENT),
    option("clipping", "clip", BY_ELEMENT),
    option("init", "initialization", ""),
    option("std", "sigma", ""),
    option("stddev", "sigma", ""),
    option("init-std", "sigma", ""),
    option("init-scale", "sigma", ""),
    option("val", "validation", SHARE),
    option("valid", "validation", SHARE),
    option("validate", "validation", SHARE),
    option("val-split", "validation", SHARE),
    option("val-frac", "validation", SHARE),
    option("val-fraction", "validation", SHARE),
    option("validation-split", "validation", SHARE),
    option("test-size", "validation", SHARE),
    option("holdout", "validation", SHARE),
    option("eval-every", "validate-every", ""),
    option("eval-interval", "validate-every", ""),
    option("val-every", "validate-every", ""),
    option("print-every", "report-every", ""),
    option("sample-every", "report-every", ""),
    option("log-interval", "log-every", ""),
    option("log-steps", "log-every", ""),
    option("save-interval", "save-every", ""),
    option("save-steps", "save-every", ""),
    option("checkpoint-every", "save-every", ""),
    option("shuffle", "order", ORDERS),
    option("random", "order", ORDERS),
    option("model", "", A_MODEL),
    option("checkpoint", "", A_MODEL),
    option("ckpt", "", A_MODEL),
    option("weights", "", A_MODEL),
    option("load", "", A_MODEL),
    option("init-from", "from", ""),
    option("continue", "resume", ""),
    option("restore", "resume", ""),
    option("o", "out", ""),
    option("output", "out", ""),
    option("output-dir", "out", ""),
    option("outdir", "out", ""),
    option("save", "out", ""),
    option("save-dir", "out", ""),
    option("save-to", "out", ""),
    option("checkpoint-dir", "out", ""),
    option("dest", "out", ""),
    option("dir", "out", ""),
    option("run-name", "out", ""),
    option("overwrite", "force", ""),
    option("yes", "force", ""),
    option("silent", "quiet", ""),
    option("verbose", "", "progress is shown on a terminal; train and report have --quiet"),
    option("random-seed", "seed", ""),
    option("random-state", "seed", ""),
    option("rng", "seed", ""),
    option("num-threads", "threads", ""),
    option("workers", "threads", ""),
    option("num-workers", "threads", ""),
    option("cores", "threads", ""),
    option("jobs", "threads", ""),
    option("gpu", "", NO_GPU),
    option("cuda", "", NO_GPU),
    option("device", "", NO_GPU),
    option("text", "", A_TEXT),
    option("input", "", A_TEXT),
    option("input-file", "", A_TEXT),
    option("file", "", A_TEXT),
    option("data", "", A_TEXT),
    option("data-path", "", A_TEXT),
    option("dataset", "", A_TEXT),
    option("corpus", "", A_TEXT),
    option("prompt", "prime", ""),
    option("prefix", "prime", ""),
    option("primetext", "prime", ""),
    option("start-text", "prime", ""),
    option("start-string", "prime", ""),
    option("seed-text", "prime", ""),
    option("stop", "until", ""),
    option("stop-at", "until", ""),
    option("end", "until", ""),
    option("eos", "until", ""),
    option("n", "count", ""),
    option("num", "count", ""),
    option("number", "count", ""),
    option("samples", "count", ""),
    option("num-samples", "count", ""),
    option("n-samples", "count", ""),
    option("temp", "temperature", ""),
    option("topk", "top-k", ""),
    option("k", "top-k", ""),
    option("topp", "top-p", ""),
    option("p", "top-p", ""),
    option("nucleus", "top-p", ""),
    option("greedy", "temperature", "use --temperature 0"),
    option("argmax", "temperature", "use --temperature 0"),
    option("lines", "per-line", ""),
    option("by-line", "per-line", ""),
    option("cutoff", "threshold", ""),
    option("stateful", "carry", ""),
    option("ndjson", "jsonl", ""),
    option("vocab", "vocabulary", ""),
    option("alphabet", "vocabulary", ""),
    option("characters", "vocabulary length", ""),
    option("lang", "language", ""),
];

const WRITES: &str = "writes text with a trained model";
const MEASURES: &str = "measures how well a model predicts a text";
const GOES_ON: &str = "continues a run";
const TRAINS: &str = "trains a network on a text";
const SHOWS: &str = "prints everything in a model file";
const CHECKS: &str = "checks the gradients";
const DRAWS: &str = "draws the losses of a run";

/// Commands, one row a word.
pub const COMMANDS: &[CommandSynonym] = &[
    command("generate", "elman sample MODEL", WRITES),
    command("gen", "elman sample MODEL", WRITES),
    command("write", "elman sample MODEL", WRITES),
    command("complete", "elman sample MODEL --prime TEXT", WRITES),
    command("predict", "elman sample MODEL --prime TEXT", WRITES),
    command("infer", "elman sample MODEL", WRITES),
    command("synthesize", "elman sample MODEL", WRITES),
    command("eval", "elman score MODEL FILE", MEASURES),
    command("evaluate", "elman score MODEL FILE", MEASURES),
    command("test", "elman score MODEL FILE", MEASURES),
    command("validate", "elman score MODEL FILE", MEASURES),
    command("perplexity", "elman score MODEL FILE", MEASURES),
    command("loss", "elman score MODEL FILE", MEASURES),
    command(
        "filter",
        "elman score MODEL FILE --threshold 3",
        "prints the lines that the model predicts worst",
    ),
    command("resume", "elman train TEXT --resume DIR", GOES_ON),
    command("continue", "elman train TEXT --resume DIR", GOES_ON),
    command("restart", "elman train TEXT --resume DIR", GOES_ON),
    command(
        "finetune",
        "elman train TEXT --from MODEL",
        "begins a run with the weights of a model",
    ),
    command(
        "fine-tune",
        "elman train TEXT --from MODEL",
        "begins a run with the weights of a model",
    ),
    command("fit", "elman train TEXT", TRAINS),
    command("learn", "elman train TEXT", TRAINS),
    command("run", "elman train TEXT", TRAINS),
    command("start", "elman train TEXT", TRAINS),
    command(
        "convert",
        "elman export MODEL OUT --format torch",
        "writes weights for other programs, and elman import reads theirs",
    ),
    command(
        "save",
        "elman export MODEL OUT --format torch",
        "writes weights for other programs; train saves its models itself",
    ),
    command(
        "load",
        "elman import FILE --out MODEL",
        "makes a model from weights of other programs; the other commands take a MODEL as an argument",
    ),
    command("info", "elman show MODEL", SHOWS),
    command("inspect", "elman show MODEL", SHOWS),
    command("describe", "elman show MODEL", SHOWS),
    command("summary", "elman show MODEL", SHOWS),
    command("print", "elman show MODEL", SHOWS),
    command("dump", "elman show MODEL", SHOWS),
    command("gradcheck", "elman check", CHECKS),
    command("grad-check", "elman check", CHECKS),
    command("gradients", "elman check", CHECKS),
    command("verify", "elman check", CHECKS),
    command(
        "compare",
        "elman check --against MINE CASE",
        "compares your arrays with those of a worked case",
    ),
    command("chart", "elman plot DIR", DRAWS),
    command("graph", "elman plot DIR", DRAWS),
    command("draw", "elman plot DIR", DRAWS),
    command("curve", "elman plot DIR", DRAWS),
    command("version", "elman --version", "prints the version"),
];

/// The word as the tables spell it.
fn plain(word: &str) -> String {
    word.to_lowercase().replace('_', "-")
}

/// What to use for an option of other programs, as the end of a sentence. `has` says whether the command has an option,
/// `elsewhere` which commands have one.
pub fn for_option(
    word: &str,
    has: impl Fn(&str) -> bool,
    elsewhere: fn(&str) -> Vec<&'static str>,
) -> Option<String> {
    let word = plain(word);
    let row = OPTIONS.iter().find(|row| row.word == word)?;
    let mut parts = match elsewhere(row.word).as_slice() {
        [] => vec![],
        commands => vec![format!("it is an option of {}", commands.join(", "))],
    };
    let mut options = row.options.split_whitespace();
    let here = options.clone().find(|option| has(option));
    let there = || {
        let option = options.next().filter(|option| *option != row.word)?;
        Some(format!("it is --{option} of {}", elsewhere(option).join(", ")))
    };
    parts.extend(here.map(|option| format!("here it is --{option}")).or_else(there));
    parts.extend((!row.note.is_empty()).then(|| row.note.to_string()));
    Some(format!(": {}", parts.join("; ")))
}

/// What to use for a command of other programs, as the end of a sentence.
pub fn for_command(word: &str) -> Option<String> {
    let word = plain(word);
    let row = COMMANDS.iter().find(|row| row.word == word)?;
    Some(format!(": {} {}", row.call, row.does))
}
