//! A page: its parts in order, independent of the format that they are written in.

pub struct Page {
    pub language: &'static str,
    pub title: &'static str,
    /// One line below the title.
    pub subtitle: String,
    pub blocks: Vec<Block>,
    /// The line at the foot, with the program's version.
    pub end: String,
}

pub enum Block {
    Heading(&'static str),
    Paragraph(String),
    /// A paragraph that must not be overlooked.
    Notice(String),
    Settings(Vec<(&'static str, String)>),
    /// Numbers under headings; the first cell of a row is its name.
    Table {
        head: Vec<String>,
        rows: Vec<Vec<String>>,
    },
    /// Groups of equations with their names. `_` lowers, and `^` raises, the sign or the braces after it.
    Equations(Vec<(&'static str, Vec<String>)>),
    /// The losses: as pictures for a wide page and for a narrow one, and as text.
    Chart {
        wide: String,
        narrow: String,
        text: String,
    },
    /// Text that the network wrote, with a heading and its losses.
    Sample {
        heading: String,
        figures: Vec<(&'static str, String)>,
        text: String,
    },
    /// The characters of the vocabulary.
    Verbatim(String),
    Command(String),
}
