//! The equations of a run: those of its network, of its loss and of its optimiser.

use crate::cli::commands::report::command::is_from;
use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::writer::Writer;
use elman::{Initialization, Loss, Optimizer, Order, Schedule, Settings};

const FORWARD: &[&str] =
    &["a_t = W h_{t−1} + U x_t + b", "h_t = tanh(a_t)", "o_t = V h_t + c", "p_t = softmax(o_t)"];

/// After g_t.
const BACKWARD: &[&str] = &[
    "∂L/∂h_t = V^⊤ g_t + W^⊤ ∂L/∂a_{t+1}",
    "∂L/∂a_t = ∂L/∂h_t ⊙ (1 − h_t ⊙ h_t)",
    "∂L/∂V = Σ_t g_t h_t^⊤",
    "∂L/∂W = Σ_t ∂L/∂a_t h_{t−1}^⊤",
    "∂L/∂U = Σ_t ∂L/∂a_t x_t^⊤",
    "∂L/∂b = Σ_t ∂L/∂a_t",
    "∂L/∂c = Σ_t g_t",
];

/// The loss, and its derivative in o_t.
fn loss(settings: &Settings) -> [&'static str; 2] {
    match settings.loss {
        Loss::Sum => ["L = − Σ_t ln(y_t^⊤ p_t)", "g_t = p_t − y_t"],
        Loss::Mean => ["L = − (1/T) Σ_t ln(y_t^⊤ p_t)", "g_t = (p_t − y_t) / T"],
    }
}

fn step(settings: &Settings) -> &'static [&'static str] {
    match settings.optimizer {
        Optimizer::AdaGrad => &["G_θ ← G_θ + g^2", "θ ← θ − η g / √(G_θ + ε)"],
        Optimizer::Adam { .. } => &[
            "m_θ ← β_1 m_θ + (1 − β_1) g",
            "v_θ ← β_2 v_θ + (1 − β_2) g^2",
            "θ ← θ − η (m_θ / (1 − β_1^n)) / (√(v_θ / (1 − β_2^n)) + ε)",
        ],
        Optimizer::RmsProp { .. } => &["v_θ ← β_2 v_θ + (1 − β_2) g^2", "θ ← θ − η g / (√v_θ + ε)"],
    }
}

/// The learning rate of update n = 1, 2, ..., where it changes.
fn rate(w: &Writer) -> Option<String> {
    let settings = w.facts.model.settings();
    let eta = w.value(settings.learning_rate);
    match settings.schedule {
        Schedule::Constant => None,
        Schedule::Linear { updates } => {
            Some(format!("η_n = {eta} · (1 − (n − 1)/{})", w.count(updates)))
        }
        Schedule::Exponential { half_life } => {
            Some(format!("η_n = {eta} · 2^{{−(n − 1)/{}}}", w.value(half_life)))
        }
    }
}

/// The update of a parameter, line by line.
fn update(w: &Writer) -> Vec<String> {
    let settings = w.facts.model.settings();
    let mut lines: Vec<String> = step(settings).iter().map(|line| line.to_string()).collect();
    if settings.clip.is_finite() {
        let clip = w.value(settings.clip);
        lines.insert(0, format!("g ← min(max(g, −{clip}), {clip})"));
    }
    let is_adam = settings.optimizer.beta1().is_some();
    // The optimizer of a model that the run started from may have made updates before.
    let before = w.facts.model.record().optimizer_updates;
    if is_adam && before > 0 {
        let power = format!("^{{n+{before}}}");
        lines = lines.iter().map(|line| line.replace("^n", &power)).collect();
    }
    let rate = rate(w);
    if rate.is_some() {
        lines = lines.iter().map(|line| line.replace('η', "η_n")).collect();
    }
    let counts_updates = rate.is_some() || is_adam;
    lines.extend(rate);
    lines.extend(counts_updates.then(|| "n = 1, 2, …".to_string()));
    lines
}

fn first(w: &Writer) -> &'static [&'static str] {
    match w.facts.model.settings().initialization {
        _ if is_from(&w.facts.model) => {
            w.pair(&["U, W, V, b, c of MODEL"], &["U, W, V, b, c från MODEL"])
        }
        Initialization::Normal { .. } => &["U, W, V ~ N(0, σ^2)", "b = c = 0"],
        Initialization::FanIn => {
            &["U ~ N(0, 1/(2K))", "W ~ N(0, 1/(2m))", "V ~ N(0, 1/m)", "b = c = 0"]
        }
    }
}

pub fn section(w: &Writer) -> Vec<Block> {
    let settings = w.facts.model.settings();
    let lines = |parts: &[&[&str]]| -> Vec<String> {
        parts.concat().into_iter().map(str::to_string).collect()
    };
    let ([loss, difference], symbol) = (loss(settings), w.symbol());
    let of_update = w
        .pair("Update of parameter θ with gradient g", "Uppdatering av parameter θ med gradient g");
    let mut blocks = vec![
        w.heading("Equations", "Ekvationer"),
        Block::Equations(vec![
            (w.pair("Forward pass", "Framåtpropagering"), lines(&[FORWARD, &[loss]])),
            (w.pair("Backward pass", "Bakåtpropagering"), lines(&[&[difference], BACKWARD])),
            (of_update, update(w)),
            (w.pair("Initialization", "Initialisering"), lines(&[first(w)])),
        ]),
        w.paragraph(
            format!("x_t is the one-hot vector of {symbol} t, and y_t that of the next {symbol}."),
            format!("x_t är one-hot-vektorn för {symbol} t, och y_t den för nästa {symbol}."),
        ),
        hidden_state(w),
    ];
    if settings.batch_size > 1 {
        let B = w.count(settings.batch_size);
        blocks.push(w.paragraph(
            format!(
                "Every update reads a batch of {B} sequences, each with its own hidden state. The \
                 loss and the gradients are means over the batch."
            ),
            format!(
                "Varje uppdatering läser en batch med {B} sekvenser, var och en med sitt eget \
                 dolda tillstånd. Förlusten och gradienterna är medelvärden över batchen."
            ),
        ));
    }
    blocks
}

/// When the hidden state is carried, and when it is set to zero.
fn hidden_state(w: &Writer) -> Block {
    let settings = w.facts.model.settings();
    let (english, swedish) = match settings.order {
        _ if settings.documents => (
            "Every document begins with h = 0, and its last sequence may be shorter than T.",
            "Varje dokument börjar med h = 0, och dess sista sekvens kan vara kortare än T.",
        ),
        Order::Text => ("Every epoch begins with h = 0.", "Varje epok börjar med h = 0."),
        Order::Chunks { .. } => (
            "Every chunk of the text begins with h = 0.",
            "Varje stycke av texten börjar med h = 0.",
        ),
        Order::Positions => {
            let every = ["Every sequence begins with h = 0.", "Varje sekvens börjar med h = 0."];
            return w.paragraph(every[0], every[1]);
        }
    };
    w.paragraph(
        format!(
            "The hidden state is carried from one sequence to the next, but the gradients stop \
             there (truncated backpropagation through time). {english}"
        ),
        format!(
            "Det dolda tillståndet förs vidare från en sekvens till nästa, men gradienterna \
             stannar där (trunkerad backpropagation genom tiden). {swedish}"
        ),
    )
}
