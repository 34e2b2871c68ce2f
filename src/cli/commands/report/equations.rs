//! The equations of a run: those of its network, of its loss and of its optimiser.

use super::blocks::Block;
use super::page::Told;
use elman::{Initialization, Loss, Optimizer, Order, Settings};

const FORWARD: &[&str] = &[
    "a_t = W h_{t−1} + U x_t + b",
    "h_t = tanh(a_t)",
    "o_t = V h_t + c",
    "p_t = softmax(o_t)",
];

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
        Loss::Sum => ["L = − Σ_t ln p_t[y_t]", "g_t = p_t − y_t"],
        Loss::Mean => ["L = − (1/T) Σ_t ln p_t[y_t]", "g_t = (p_t − y_t) / T"],
    }
}

fn step(settings: &Settings) -> &'static [&'static str] {
    match settings.optimizer {
        Optimizer::AdaGrad => &["G_θ ← G_θ + g^2", "θ ← θ − η g / √(G_θ + ε)"],
        Optimizer::Adam { .. } => &[
            "m_θ ← β_1 m_θ + (1 − β_1) g",
            "v_θ ← β_2 v_θ + (1 − β_2) g^2",
            "θ ← θ − η (m_θ / (1 − β_1^n)) / (√(v_θ / (1 − β_2^n)) + ε)",
            "n = 1, 2, …",
        ],
        Optimizer::RmsProp { .. } => &["v_θ ← β_2 v_θ + (1 − β_2) g^2", "θ ← θ − η g / (√v_θ + ε)"],
    }
}

fn first(settings: &Settings) -> &'static [&'static str] {
    match settings.initialization {
        Initialization::Normal { .. } => &["U, W, V ~ N(0, σ^2)", "b = c = 0"],
        Initialization::FanIn => &[
            "U ~ N(0, 1/(2K))",
            "W ~ N(0, 1/(2m))",
            "V ~ N(0, 1/m)",
            "b = c = 0",
        ],
    }
}

impl Told<'_> {
    pub fn equations(&self) -> Vec<Block> {
        let (words, settings) = (self.words, &self.facts.settings);
        let lines = |parts: &[&[&str]]| -> Vec<String> {
            let lines = parts.concat().into_iter();
            lines.map(str::to_string).collect()
        };
        let [loss, difference] = loss(settings);
        let mut update = lines(&[step(settings)]);
        if settings.clip.is_finite() {
            let clip = self.value(settings.clip);
            update.insert(0, format!("g ← min(max(g, −{clip}), {clip})"));
        }
        let begins = match settings.order {
            _ if settings.documents => words.documents_begin,
            Order::Text => words.epochs_begin,
            Order::Chunks { .. } => words.chunks_begin,
            Order::Positions => words.positions_begin,
        };
        let mut blocks = vec![
            Block::Heading(words.equations),
            Block::Equations(vec![
                (words.forward, lines(&[FORWARD, &[loss]])),
                (words.backward, lines(&[&[difference], BACKWARD])),
                (words.update, update),
                (words.first, lines(&[first(settings)])),
            ]),
            Block::Paragraph(format!("{} {begins}", words.one_hot)),
        ];
        if settings.batch_size > 1 {
            blocks.push(Block::Paragraph(self.with(words.of_streams)));
        }
        blocks
    }
}
