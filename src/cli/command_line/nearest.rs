//! The name that a mistyped word may have meant.

/// Returns the name nearest to a mistyped word: the only name that begins with it, else the nearest of which at most a
/// third of the letters differ. A swap of neighbours counts once; case and hyphens do not count.
pub fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = plain(word);
    let names: Vec<(&str, String)> = names.map(|name| (name, plain(name))).collect();
    let mut begun = names.iter().filter(|(_, plain)| word.len() > 1 && plain.starts_with(&word));
    if let (Some((name, _)), None) = (begun.next(), begun.next()) {
        return Some(name);
    }
    let near = |name: &str| {
        let allowed = (name.len() / 3).clamp(1, 3);
        // Lengths are in bytes: a letter of the word has at most four, one of a name has one.
        let may_be = word.len() <= 4 * (name.len() + allowed);
        let distance = may_be.then(|| distance(&word, name))?;
        (distance <= allowed && distance < name.len()).then_some(distance)
    };
    let near = (names.iter()).filter_map(|(name, plain)| Some((near(plain)?, *name)));
    let nearest = near.min_by_key(|(distance, _)| *distance)?;
    Some(nearest.1)
}

fn plain(word: &str) -> String {
    word.to_lowercase().replace(['-', '_'], "")
}

/// The edit distance (optimal string alignment): the fewest insertions, removals, changes of a letter and swaps of
/// neighbours that turn one word into the other, no letter edited twice.
pub fn distance(word: &str, name: &str) -> usize {
    let word: Vec<char> = word.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // rows[i][j] is the distance of the first i letters of the word from the first j of the name.
    let mut rows = vec![(0..=name.len()).collect::<Vec<usize>>()];
    for i in 1..=word.len() {
        let mut row = vec![i];
        for j in 1..=name.len() {
            let changed = usize::from(word[i - 1] != name[j - 1]);
            let mut least =
                (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + changed);
            if i > 1 && j > 1 && word[i - 1] == name[j - 2] && word[i - 2] == name[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[word.len()][name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_the_fewest_steps() {
        for (word, name, steps) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("hiden", "hidden", 1),
            ("trian", "train", 1),
            ("smaple", "sample", 1),
            ("kitten", "sitting", 3),
            ("ca", "abc", 3),
            ("\u{e5}t", "at", 1),
        ] {
            assert_eq!(distance(word, name), steps, "{word} {name}");
            assert_eq!(distance(name, word), steps, "{name} {word}");
        }
    }

    #[test]
    fn only_what_is_near_is_meant() {
        const NAMES: [&str; 9] = [
            "hidden",
            "seq-length",
            "report-every",
            "report-length",
            "log-every",
            "out",
            "seed",
            "seeds",
            "iterations",
        ];
        for (word, name) in [
            ("hiden", Some("hidden")),
            ("HIDDEN", Some("hidden")),
            ("hdiden", Some("hidden")),
            ("hidden-units", None),
            ("seq_length", Some("seq-length")),
            ("seqlen", Some("seq-length")),
            ("sede", Some("seed")),
            ("sees", Some("seed")),
            ("see", Some("seed")),
            ("sue", None),
            ("ou", Some("out")),
            ("iter", Some("iterations")),
            ("iteration", Some("iterations")),
            ("report-", None),
            ("report-evry", Some("report-every")),
            ("i", None),
            ("", None),
            ("xyz", None),
            ("in", None),
            ("it", Some("iterations")),
            ("\u{65e5}\u{672c}", None),
        ] {
            assert_eq!(nearest(word, NAMES.into_iter()), name, "{word}");
        }
        let long = "hidden".repeat(100_000);
        assert_eq!(nearest(&long, NAMES.into_iter()), None);
    }
}
