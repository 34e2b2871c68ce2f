//! What a page is made of, in whatever form it is written.

/// A page in one language.
pub struct Page {
    pub title: String,
    /// What it is of, in a line.
    pub subtitle: String,
    pub blocks: Vec<Block>,
    /// By which program.
    pub end: String,
}

/// One part of a page after another.
pub enum Block {
    /// A heading.
    Heading(&'static str),
    /// Some sentences.
    Paragraph(String),
    /// Something that must not be overlooked.
    Notice(String),
    /// Names and values.
    Settings(Vec<(String, String)>),
    /// Numbers under headings, with a name before each row.
    Table {
        head: Vec<String>,
        rows: Vec<Vec<String>>,
    },
    /// Equations under what they are of; `_` and `^` lower and raise the sign or the braces after them.
    Equations(Vec<(&'static str, Vec<String>)>),
    /// The losses: as pictures for a wide page and for a narrow one, and as text.
    Chart {
        wide: String,
        narrow: String,
        text: String,
    },
    /// What the network wrote: when, its losses, and the text.
    Sample {
        heading: String,
        figures: Vec<(&'static str, String)>,
        text: String,
    },
    /// Text that is not the network's: its characters.
    Verbatim(String),
    /// A command line.
    Command(String),
}
