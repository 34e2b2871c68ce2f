//! The search for the mistakes that explain some arrays: one mistake, or two together.

use super::backward::{Backward, Terms};
use super::forward::{Forward, Pass};
use super::inputs::{CaseInputs, NAMES};
use super::mistakes::{BACKWARD, FORWARD, In, Mistake, SUMS, UPDATE, Values};
use super::own::Own;
use super::reason::{Cause, Dress, Reason};
use super::subject::Subject;
use super::sums::Sums;
use super::target::Target;
use super::update::{self, Entry};
use crate::network::optimizer::Rule;
use std::cmp::Ordering;

/// Epsilons that an update may have.
const USUAL_EPSILONS: [f64; 13] =
    [0.0, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0];

/// Mistakes that explain an array.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Explanation {
    /// In the order of the equations.
    pub causes: Vec<Cause>,
    pub dress: Option<Dress>,
}

/// Looks for explanations of some arrays.
pub(super) struct Search<'a> {
    case: &'a CaseInputs,
    /// The arrays of the program from which others were computed, if they differ from those of the case.
    own: &'a Own,
    subjects: &'a [Subject<'a>],
    /// Whether the gradient before the update is known. Then it is the program's own or the right one.
    is_gradient_known: [bool; 5],
    /// The largest number of mistakes in an explanation.
    most: usize,
    /// All explanations of each array.
    found: Vec<Vec<Explanation>>,
}

impl<'a> Search<'a> {
    /// The best explanation of each array.
    pub fn run(
        case: &'a CaseInputs,
        own: &'a Own,
        subjects: &'a [Subject<'a>],
        is_gradient_known: [bool; 5],
        most: usize,
    ) -> Vec<Option<Explanation>> {
        let found = vec![vec![]; subjects.len()];
        let mut search = Search { case, own, subjects, is_gradient_known, most, found };
        search.forward();
        search.best()
    }

    /// The best explanation of each array. This is the one with the fewest mistakes, of several the one that explains
    /// most arrays, and of several of these the one whose reason comes first.
    fn best(self) -> Vec<Option<Explanation>> {
        let has = |found: &Vec<Explanation>, causes: &[Cause]| {
            found.iter().any(|other| other.causes == causes)
        };
        let covered =
            |causes: &[Cause]| self.found.iter().filter(|found| has(found, causes)).count();
        let rank = |one: &Explanation| {
            let mut reasons: Vec<Reason> = one.causes.iter().map(|cause| cause.reason).collect();
            reasons.sort_by(|x, y| y.partial_cmp(x).unwrap_or(Ordering::Equal));
            (reasons.len(), usize::MAX - covered(&one.causes), reasons, one.dress.is_some())
        };
        let better = |x: &&Explanation, y: &&Explanation| {
            rank(x).partial_cmp(&rank(y)).unwrap_or(Ordering::Equal)
        };
        self.found.iter().map(|found| found.iter().min_by(better).cloned()).collect()
    }

    fn has(&self, kind: fn(Target) -> bool) -> bool {
        self.subjects.iter().any(|subject| kind(subject.target))
    }

    fn forward(&mut self) {
        let right = Forward::right(self.case).with(self.own);
        let goes_back = self.has(|target| !matches!(target, Target::Pass(_) | Target::Input));
        self.room(0).each(&right, FORWARD, |causes, forward| {
            let (pass, used) = forward.run(self.own);
            self.compare(causes, |subject| match subject.target {
                Target::Pass(get) => Some(get(&pass)),
                _ => None,
            });
            if goes_back {
                self.backward(causes, forward, &used);
            }
        });
    }

    fn backward(&mut self, causes: &[Cause], forward: &Forward, pass: &Pass) {
        let right = Backward::right(forward, pass);
        let has_sums = self.has(|target| matches!(target, Target::Gradient(_) | Target::After(..)));
        self.room(causes.len()).each(&right, BACKWARD, |more, backward| {
            let causes = [causes, more].concat();
            let (terms, used) = backward.run(self.own);
            self.compare(&causes, |subject| match subject.target {
                Target::Terms(get) => Some(get(&terms)),
                _ => None,
            });
            if has_sums {
                self.sums(&causes, backward, &used);
            }
        });
    }

    fn sums(&mut self, causes: &[Cause], backward: &Backward, terms: &Terms) {
        let right = Sums::right(backward, terms);
        self.room(causes.len()).each(&right, SUMS, |more, sums| {
            let causes = [causes, more].concat();
            for at in 0..self.subjects.len() {
                let subject = &self.subjects[at];
                match subject.target {
                    Target::Gradient(part) => {
                        self.try_one(at, &causes, |i| sums.entry(part, i));
                    }
                    Target::After(part, number) => self.after(at, &causes, part, number, sums),
                    _ => {}
                }
            }
        });
    }

    /// The right update and wrong ones, by a gradient.
    fn after(
        &mut self,
        at: usize,
        causes: &[Cause],
        part: usize,
        number: fn(Entry) -> f64,
        sums: &Sums,
    ) {
        if self.is_gradient_known[part] && !causes.is_empty() {
            return;
        }
        let (case, own) = (self.case, self.own.get(&format!("d{}", NAMES[part])));
        let g = |i: usize| own.map_or_else(|| sums.entry(part, i), |own| own[i]);
        let is_theta = Target::stage(self.subjects[at].name) == 12;
        let own_memory = if is_theta { self.own_memory(part) } else { [None; 2] };
        let entry = |i: usize| {
            let own = own_memory.map(|memory| memory.map(|memory| memory[i]));
            update::before(case.rule, case.entry(part, i), g(i), own)
        };
        for Variant { more, rule, forgets } in self.variants(at, causes.len(), &g, &entry) {
            let causes = [causes, &more].concat();
            let entry = |i: usize| if forgets { update::forgotten(entry(i)) } else { entry(i) };
            self.try_one(at, &causes, |i| number(update::right(rule, entry(i), g(i))));
            if causes.len() == self.most {
                continue;
            }
            for mistake in UPDATE {
                for value in case.values(mistake.values) {
                    let causes = [&causes[..], &[cause(case, mistake, value)]].concat();
                    let change = mistake.change;
                    self.try_one(at, &causes, |i| number(change(rule, entry(i), g(i), value)));
                }
            }
        }
    }

    /// The optimizer's state of the other program after the update: m, and v or G.
    fn own_memory(&self, part: usize) -> [Option<&'a [f64]>; 2] {
        let [m, v, G] = ["m_", "v_", "G_"].map(|letter| {
            let name = format!("{letter}{}_after", NAMES[part]);
            self.own.get(&name)
        });
        [m, v.or(G)]
    }

    /// The update of the case, and mistakes with which others can be combined: no clip, another epsilon, a state of
    /// zeros.
    fn variants(
        &self,
        at: usize,
        causes: usize,
        g: &impl Fn(usize) -> f64,
        entry: &impl Fn(usize) -> Entry,
    ) -> Vec<Variant> {
        let (rule, subject) = (self.case.rule, &self.subjects[at]);
        let mut variants = vec![Variant { more: vec![], rule, forgets: false }];
        if causes > 0 || self.most == 0 || subject.origin.is_empty() {
            return variants;
        }
        let mut add = |reason, rule, forgets| {
            variants.push(Variant { more: vec![Cause::new(reason, "")], rule, forgets });
        };
        if rule.clip.is_finite() {
            add(Reason::NotClipped, Rule { clip: f64::INFINITY, ..rule }, false);
        }
        add(Reason::NoMemory, rule, true);
        // Epsilon counts most where the squares are small.
        let squares = |&i: &usize| match g(i) {
            0.0 => f64::INFINITY,
            g => entry(i).squares + g * g,
        };
        let smallest = (0..subject.mine.len()).min_by(|i, j| squares(i).total_cmp(&squares(j)));
        let estimate = |i: usize| update::epsilon_of(rule, entry(i), g(i), subject.mine[i]);
        let estimated = smallest.map(estimate).filter(|e| e.is_finite() && *e >= 0.0);
        for epsilon in USUAL_EPSILONS.into_iter().chain(estimated) {
            if (epsilon / rule.epsilon - 1.0).abs() > 1e-3 {
                add(Reason::Epsilon(epsilon), Rule { epsilon, ..rule }, false);
            }
        }
        variants
    }

    fn compare<'b>(&mut self, causes: &[Cause], made: impl Fn(&Subject) -> Option<&'b [f64]>) {
        for at in 0..self.subjects.len() {
            if let Some(made) = made(&self.subjects[at]) {
                self.try_one(at, causes, |i| made.get(i).copied().unwrap_or(f64::NAN));
            }
        }
    }

    /// Keeps an explanation, if it explains the array.
    fn try_one(&mut self, at: usize, causes: &[Cause], made: impl Fn(usize) -> f64) {
        let is_more = causes.len() < self.most;
        let Some(relation) = self.subjects[at].relation(made, is_more) else {
            return;
        };
        let mut causes = causes.to_vec();
        causes.extend(relation.cause);
        let one = Explanation { causes, dress: relation.dress };
        if !self.found[at].contains(&one) {
            self.found[at].push(one);
        }
    }

    /// How many mistakes of a table may follow some other mistakes.
    fn room(&self, causes: usize) -> Room<'a> {
        let most = self.most - causes;
        Room { most, is_first: causes == 0, case: self.case }
    }
}

/// An update with some mistakes.
struct Variant {
    more: Vec<Cause>,
    rule: Rule,
    /// Whether the optimizer begins with zeros.
    forgets: bool,
}

/// How many mistakes of a table may be made.
struct Room<'a> {
    most: usize,
    is_first: bool,
    case: &'a CaseInputs,
}

impl Room<'_> {
    /// Calls `visit` with the right thing, with each mistake of a table in it, and with each two.
    fn each<Of: Clone>(
        &self,
        right: &Of,
        table: &'static [Mistake<In<Of>>],
        mut visit: impl FnMut(&[Cause], &Of),
    ) {
        visit(&[], right);
        if self.most == 0 {
            return;
        }
        for (place, mistake) in table.iter().enumerate() {
            let is_plain = mistake.values == Values::None;
            // Those with values are tried without others.
            if !self.is_first && !is_plain {
                continue;
            }
            for value in self.case.values(mistake.values) {
                let mut one = right.clone();
                (mistake.change)(&mut one, value);
                visit(&[cause(self.case, mistake, value)], &one);
                let others = table[place + 1..].iter().filter(|other| other.values == Values::None);
                for other in others.filter(|_| self.most > 1 && is_plain) {
                    let mut two = one.clone();
                    (other.change)(&mut two, 0.0);
                    visit(&[cause(self.case, mistake, value), cause(self.case, other, 0.0)], &two);
                }
            }
        }
    }
}

impl CaseInputs {
    /// An entry of a parameter, and its state in the optimizer.
    fn entry(&self, part: usize, i: usize) -> Entry {
        let (average, squares) = (self.averages[part][i], self.squares[part][i]);
        Entry { theta: self.part(part)[i], average, squares }
    }

    fn values(&self, values: Values) -> Vec<f64> {
        values.of(self.T, self.divisor, self.rule.clip)
    }
}

/// A mistake with its value.
fn cause<Change>(case: &CaseInputs, mistake: &Mistake<Change>, value: f64) -> Cause {
    let step = value as usize + 1;
    let reason = match mistake.reason {
        Reason::Truncated(_) => Reason::Truncated((value as usize).max(1)),
        Reason::ClippedInside(_) => Reason::ClippedInside(value),
        Reason::OtherClip(_) => Reason::OtherClip(value),
        Reason::Factor(_) if value == -1.0 => Reason::Sign,
        Reason::Factor(_) if value == 1.0 / case.T as f64 => Reason::Mean,
        Reason::Factor(_) if value == case.divisor => Reason::Sum,
        Reason::Factor(_) => Reason::Factor(value),
        other => other,
    };
    let says_step = mistake.values == Values::Steps && !matches!(reason, Reason::Truncated(_));
    if says_step {
        Cause::new(reason, format!("{} {step}", mistake.detail))
    } else {
        Cause::new(reason, mistake.detail)
    }
}
