//! Names of arrays and entries, for error messages.

/// A name in quotes, for a message. A long name is cut.
pub fn shown(name: &str) -> String {
    quoted(name, 60)
}

/// A name in quotes, cut after `longest` characters.
pub fn quoted(name: &str, longest: usize) -> String {
    match name.char_indices().nth(longest) {
        Some((end, _)) => format!("{:?}...", &name[..end]),
        None => format!("{name:?}"),
    }
}

/// A name that occurs twice; `None` if there is none. The search takes n log n comparisons.
pub fn twice<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    let pair = names.windows(2).find(|pair| pair[0] == pair[1]);
    pair.map(|pair| pair[0])
}
