//! Counts cases and differences.

/// Differences of a class that are printed one by one.
const PRINTED: u64 = 5;

/// The cases and the differences of one class after another.
#[derive(Default)]
pub struct Tally {
    cases: u64,
    differences: u64,
    all_differences: u64,
}

impl Tally {
    /// Begins a sweep.
    pub fn begin(&mut self, what: &str) {
        println!("\n| {what} | cases | differ |\n|---|---:|---:|");
    }

    /// Counts a case: its result and the one that it is compared with. `case` is for the message.
    pub fn count(&mut self, found: f64, expected: f64, case: &[(&str, f64)]) {
        self.cases += 1;
        if found.to_bits() == expected.to_bits() {
            return;
        }
        self.differences += 1;
        if self.differences <= PRINTED {
            let bits = |x: f64| format!("{x:e} ({:016x})", x.to_bits());
            let case = case.iter().map(|(name, x)| format!("{name} = {}, ", bits(*x)));
            let case: String = case.collect();
            eprintln!("{case}found {}, not {}", bits(found), bits(expected));
        }
    }

    /// Ends a class.
    pub fn end(&mut self, class: &str) {
        println!("| {class} | {} | {} |", self.cases, self.differences);
        self.all_differences += self.differences;
        (self.cases, self.differences) = (0, 0);
    }

    /// Whether there was a difference in any class.
    pub fn differ(&self) -> bool {
        self.all_differences > 0
    }
}
