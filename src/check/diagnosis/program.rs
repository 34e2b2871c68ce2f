//! The arrays of one program, compared in the order in which they are computed.

use super::finding::{Comparison, Finding, Wrong};
use super::given::Given;
use super::inputs::NAMES;
use super::known::WorkedCase;
use super::names::{Lie, lie, without_ones};
use super::one_sided;
use super::own::Own;
use super::precision::{BFLOAT16, FLOAT16, FLOAT32, Precision};
use super::reason::{Cause, Dress, Reason};
use super::search::{Explanation, Search};
use super::shapes::{is_shifted, shape_cause};
use super::steps::{Steps, forgotten};
use super::subject::{NARROW_TOLERANCE, NUMERICAL_TOLERANCE, Subject, TOLERANCE, difference};
use super::target::Target;
use crate::formats::array::Kind;
use crate::network::reference::transpose;

/// So few entries that a mistake cannot be told from rounding.
const FEW: usize = 4;
/// If at most one in so many entries that are not 0 is off, single entries are wrong.
const ISOLATED: usize = 10;
/// Two mistakes together are searched in no more arrays than this. Each search takes about a second in a network of 100
/// units, and a program that is wrong everywhere is corrected from its first array on.
const MOST_PAIRED: usize = 12;
/// A mistake has to explain an array, which is right within its few digits, this many times better.
const CERTAIN: f64 = 32.0;

/// The comparison of all arrays of one program.
pub(super) struct Program<'a> {
    known: &'a WorkedCase,
    given: Vec<Given>,
    /// The numbers of the case for these arrays.
    rights: Vec<Vec<f64>>,
    tolerances: Vec<f64>,
    /// What single precision explains, by array.
    of_float32: Vec<f64>,
    /// The arrays that are finished.
    own: Own,
}

impl<'a> Program<'a> {
    pub fn new(known: &'a WorkedCase, given: Vec<Given>) -> Self {
        let right =
            |one: &Given| known.arrays[one.place].numbers().unwrap_or_default().into_owned();
        let rights: Vec<Vec<f64>> = given.iter().map(right).collect();
        let names: Vec<&str> =
            given.iter().map(|one| known.arrays[one.place].name.as_str()).collect();
        let kinds: Vec<Kind> = given.iter().map(|one| one.kind).collect();
        let of = |precision: &Precision| precision.tolerances(&known.inputs, &names, &rights);
        let none = || vec![0.0; names.len()];
        let halves = if kinds.contains(&Kind::F16) { of(&FLOAT16) } else { none() };
        let brains = if kinds.contains(&Kind::BF16) { of(&BFLOAT16) } else { none() };
        let mut program = Program {
            known,
            rights,
            tolerances: Vec::new(),
            of_float32: Vec::new(),
            own: Own::default(),
            given,
        };
        let of_kind = |at: usize| match kinds[at] {
            Kind::F16 => halves[at],
            Kind::BF16 => brains[at],
            Kind::F32 => NARROW_TOLERANCE,
            _ => TOLERANCE,
        };
        let tolerance = |at: usize| match names[at] {
            "text" | "vocabulary" | "inputs" | "targets" | "optimizer" => 0.0,
            name if name.ends_with("_numerical") => of_kind(at).max(NUMERICAL_TOLERANCE),
            _ => of_kind(at),
        };
        program.tolerances = (0..kinds.len()).map(tolerance).collect();
        program.settle_layout();
        let is_off = (0..kinds.len()).any(|at| {
            kinds[at] == Kind::F64 && program.has_shape(at) && !program.subject(at).is_right()
        });
        if is_off {
            program.of_float32 = FLOAT32.tolerances(&known.inputs, &names, &program.rights);
        }
        program
    }

    fn name(&self, at: usize) -> &'a str {
        &self.known.arrays[self.given[at].place].name
    }

    fn has_shape(&self, at: usize) -> bool {
        let one = &self.given[at];
        let mine = one.mine.as_ref().map(Vec::len);
        one.lie != Lie::Other && mine == Some(self.rights[at].len())
    }

    fn subject(&self, at: usize) -> Subject<'_> {
        self.subject_within(at, self.tolerances[at])
    }

    fn subject_within(&self, at: usize, tolerance: f64) -> Subject<'_> {
        let one = &self.given[at];
        let mine = one.mine.as_deref().unwrap_or_default();
        self.known.subject(one.place, mine, &self.rights[at], tolerance)
    }

    /// Decides which square matrices are transposed: if all other matrices of their kind are, as their shapes show; or,
    /// if no shape shows it, if the numbers of at least two say so.
    fn settle_layout(&mut self) {
        let kind = |at: usize| match Target::of(self.name(at)) {
            Target::Pass(_) | Target::Terms(_) => 0,
            Target::Gradient(_) => 1,
            Target::Input | Target::After(..) => 2,
        };
        let kinds: Vec<usize> = (0..self.given.len()).map(kind).collect();
        let of_kind = |kind: usize| -> Vec<usize> {
            (0..kinds.len()).filter(|&at| kinds[at] == kind).collect()
        };
        let told = [0, 1, 2].map(|kind| self.turned_and_straight(&of_kind(kind)));
        for kind in 0..3 {
            // Gradients and weights tell of each other.
            let (turned, straight) = match (kind, told[kind]) {
                (1, (0, 0)) => told[2],
                (2, (0, 0)) => told[1],
                (_, told) => told,
            };
            let squares: Vec<usize> = (of_kind(kind).into_iter())
                .filter(|&at| self.given[at].lie == Lie::Either && self.has_shape(at))
                .filter(|&at| !self.subject(at).is_right())
                .collect();
            let all_turned = turned > 0 && straight == 0;
            let by_numbers = turned + straight == 0
                && squares.len() > 1
                && squares.iter().all(|&at| self.is_right_turned(at));
            if all_turned || by_numbers {
                squares.into_iter().for_each(|at| self.given[at].turn());
            }
        }
    }

    /// How many matrices are transposed, and how many are not, as their shapes show.
    fn turned_and_straight(&self, places: &[usize]) -> (usize, usize) {
        let count = |lie: Lie| {
            let is_one = |at: &&usize| {
                let one = &self.given[**at];
                one.lie == lie && without_ones(&one.shape).len() == 2
            };
            places.iter().filter(is_one).count()
        };
        (count(Lie::Turned), count(Lie::Straight))
    }

    fn is_right_turned(&self, at: usize) -> bool {
        let (one, n) = (&self.given[at], self.rights[at].len());
        let side = (1..=n).find(|side| side * side >= n).unwrap_or(1);
        let turned = transpose(one.mine.as_deref().unwrap_or_default(), side, side);
        self.known.subject(one.place, &turned, &self.rights[at], self.tolerances[at]).is_right()
    }

    /// Compares the arrays in the order in which they are computed.
    pub fn run(&mut self) {
        let is_float32 = (0..self.given.len()).any(|at| self.is_float32(at));
        for stage in 0..=12 {
            let of_stage = |at: &usize| Target::stage(self.name(*at)) == stage;
            let places: Vec<usize> = (0..self.given.len()).filter(of_stage).collect();
            let mut open = Vec::new();
            for at in places.clone() {
                match self.settled(at) {
                    Some(finding) => self.given[at].finding = Some(finding),
                    None => open.push(at),
                }
            }
            if is_float32 {
                for &at in &open {
                    if self.given[at].kind == Kind::F64 {
                        self.tolerances[at] = self.tolerances[at].max(self.of_float32[at]);
                    }
                }
            }
            if !open.is_empty() {
                let findings = self.explained(&open);
                for (at, finding) in open.into_iter().zip(findings) {
                    self.given[at].finding = Some(finding);
                }
            }
            places.into_iter().for_each(|at| self.remember(at));
        }
    }

    /// Adds a finished array to those that others are computed from.
    fn remember(&mut self, at: usize) {
        let name = self.name(at);
        let values = match &self.given[at].finding {
            Some(Finding::Right(dress)) => {
                let is_clipped =
                    |dress: &Dress| matches!(dress, Dress::Clipped(_) | Dress::ClippedNorm(_));
                if dress.iter().any(is_clipped) {
                    self.given[at].mine.clone()
                } else {
                    Some(self.rights[at].clone())
                }
            }
            Some(Finding::Wrong(_) | Finding::Follows { .. }) => self.given[at].mine.clone(),
            _ => None,
        };
        if let Some(values) = values {
            self.own.insert(name, values);
        }
    }

    /// Whether an array of doubles shows that it was computed in single precision.
    fn is_float32(&self, at: usize) -> bool {
        let one = &self.given[at];
        let Some(mine) = one.mine.as_deref().filter(|_| self.has_shape(at)) else {
            return false;
        };
        if one.kind != Kind::F64 || self.of_float32.is_empty() || self.subject(at).is_right() {
            return false;
        }
        let is_near = self.subject_within(at, self.of_float32[at]).is_right();
        FLOAT32.holds(mine) || (is_near && Precision::is_shown(mine, &self.rights[at]))
    }

    /// The finding about an array that is right in some form, or that cannot be compared.
    fn settled(&self, at: usize) -> Option<Finding> {
        let one = &self.given[at];
        let known = &self.known.arrays[one.place];
        let Some(mine) = one.mine.as_deref() else {
            return Some(Finding::NoNumbers { type_name: one.type_name.clone() });
        };
        if known.numbers().is_none() {
            return Some(Finding::NoSuchArray);
        }
        let subject = self.subject(at);
        if !self.has_shape(at) {
            let (found, need) = (one.shape.clone(), known.shape.clone());
            let allowed = subject.allowed_of_right();
            let (mine, right) = ((mine, &found[..]), (&self.rights[at][..], &need[..]));
            let cause = shape_cause(&self.known.inputs, self.name(at), mine, right, allowed);
            return Some(Finding::WrongShape { cause, found, need });
        }
        let right = |dress: Option<Dress>| {
            Some(Finding::Right(one.dress.iter().cloned().chain(dress).collect()))
        };
        if self.subject_within(at, self.tolerances[at].min(TOLERANCE)).is_right() {
            return right(None);
        }
        let precision = match one.kind {
            Kind::F16 => Some(FLOAT16.name),
            Kind::BF16 => Some(BFLOAT16.name),
            _ => None,
        };
        if subject.is_right() {
            let dress = precision.map(Dress::Precision);
            return if self.is_mistaken(&subject) { None } else { right(dress) };
        }
        if one.kind == Kind::F64 && !self.of_float32.is_empty() {
            let subject = self.subject_within(at, self.of_float32[at]);
            if subject.is_right() && Precision::is_shown(mine, &self.rights[at]) {
                let dress = Some(Dress::Precision(FLOAT32.name));
                return if self.is_mistaken(&subject) { None } else { right(dress) };
            }
        }
        if let Some(dress) = self.clipped(at, &subject) {
            return right(Some(dress));
        }
        if let (Target::Gradient(part), true) =
            (subject.target, subject.name.ends_with("_numerical"))
        {
            let dress = one_sided::explained(&self.known.inputs, part, mine, &self.rights[at]);
            return dress.and_then(|dress| right(Some(dress)));
        }
        None
    }

    /// Whether one mistake explains an array much better than its missing digits do. With few and rounded numbers a
    /// mistake can come near by chance.
    fn is_mistaken(&self, subject: &Subject) -> bool {
        if subject.mine.len() <= FEW {
            return false;
        }
        let inputs = &self.known.inputs;
        let (own, subjects) = (Own::default(), [subject.within(CERTAIN)]);
        let found = Search::run(inputs, &own, &subjects, [false; 5], 1).remove(0);
        let is_fitted = |cause: &Cause| {
            matches!(cause.reason, Reason::Factor(_) | Reason::Eta(_) | Reason::OtherClip(_))
        };
        found.is_some_and(|found| !found.causes.is_empty() && !found.causes.iter().any(is_fitted))
    }

    /// Whether a gradient is the right one, clipped by its entries, by its norm, or by the norm of all five.
    fn clipped(&self, at: usize, subject: &Subject) -> Option<Dress> {
        let Target::Gradient(_) = subject.target else {
            return None;
        };
        let relation = subject.relation(|i| self.rights[at][i], true)?;
        if let (None, Some(dress)) = (&relation.cause, relation.dress) {
            return Some(dress);
        }
        let Some(Cause { reason: Reason::Factor(factor), .. }) = relation.cause else {
            return None;
        };
        let squares = |numbers: &[f64]| -> f64 { numbers.iter().map(|x| x * x).sum() };
        let all: f64 = (NAMES.iter())
            .filter_map(|name| self.known.arrays[self.known.place(&format!("d{name}"))?].numbers())
            .map(|numbers| squares(&numbers))
            .sum();
        let norms = [all.sqrt(), squares(&self.rights[at]).sqrt()];
        let norm = norms
            .into_iter()
            .map(|norm| factor * norm)
            .find(|norm| subject.is_usual_bound(*norm))?;
        (factor > 0.0 && factor < 1.0).then_some(Dress::ClippedNorm(norm))
    }

    /// The findings about some arrays that are wrong.
    fn explained(&self, open: &[usize]) -> Vec<Finding> {
        let subjects: Vec<Subject> = open.iter().map(|&at| self.subject(at)).collect();
        let mut causes: Vec<Option<Explanation>> = (open.iter().zip(&subjects))
            .map(|(&at, subject)| self.by_the_array_after(at, subject))
            .collect();
        self.search(open, &subjects, &mut causes);
        // A wrong array may have been computed in single precision, with nothing to show it.
        let (mut loosened, mut is_any_single) = (subjects.clone(), false);
        for (i, &at) in open.iter().enumerate() {
            let is_open = causes[i].is_none() && self.given[at].kind == Kind::F64;
            let single = self.of_float32.get(at).filter(|single| **single > self.tolerances[at]);
            if let (true, Some(&single)) = (is_open && !self.is_few(&subjects[i]), single) {
                loosened[i] = self.subject_within(at, single).within(CERTAIN);
                is_any_single = true;
            }
        }
        if is_any_single {
            self.search(open, &loosened, &mut causes);
        }
        let findings = open.iter().zip(&subjects).zip(causes);
        findings.map(|((&at, subject), found)| self.finding(at, subject, found)).collect()
    }

    /// Searches for one mistake in each array, then for two, in the program's own computation and in that of the case.
    fn search(&self, open: &[usize], subjects: &[Subject], causes: &mut [Option<Explanation>]) {
        let names: Vec<&str> = (0..self.given.len()).map(|at| self.name(at)).collect();
        let is_gradient_known = NAMES.map(|name| names.contains(&&*format!("d{name}")));
        let nothing = Own::default();
        let owns = if self.own.is_empty() { vec![&nothing] } else { vec![&self.own, &nothing] };
        for most in [1, 2] {
            for own in &owns {
                // Two mistakes do not change a few entries only.
                let is_tried =
                    |&i: &usize| causes[i].is_none() && (most == 1 || !self.is_few(&subjects[i]));
                let still: Vec<usize> = (0..open.len()).filter(is_tried).collect();
                if still.is_empty() || most == 2 && still.len() > MOST_PAIRED {
                    continue;
                }
                let left: Vec<Subject> = still.iter().map(|&i| subjects[i].clone()).collect();
                let known = if own.is_empty() { [false; 5] } else { is_gradient_known };
                let found = Search::run(&self.known.inputs, own, &left, known, most);
                still.iter().zip(found).for_each(|(&i, found)| causes[i] = found);
            }
            if most == 1 {
                for (i, &at) in open.iter().enumerate() {
                    causes[i] = causes[i].take().or_else(|| self.special(at, &subjects[i]));
                }
            }
        }
    }

    /// For a and dh: an explanation by a wrong array that is computed from them, h or da. That array is wrong first if
    /// they follow from it, in the step before or after, and it does not follow from them.
    fn by_the_array_after(&self, at: usize, subject: &Subject) -> Option<Explanation> {
        let partner = match subject.name {
            "a" => "h",
            "dh" => "da",
            _ => return None,
        };
        let inputs = &self.known.inputs;
        let other = (0..self.given.len()).find(|&other| self.name(other) == partner)?;
        if !self.has_shape(other) || self.subject(other).is_right() {
            return None;
        }
        let comes_of = |subject: &Subject, name: &str, values: &[f64]| {
            let mut own = self.own.clone();
            own.insert(name, values.to_vec());
            let subjects = [subject.clone()];
            Search::run(inputs, &own, &subjects, [false; 5], 0).remove(0)
        };
        let of_partner = comes_of(subject, partner, self.given[other].mine.as_deref()?);
        let partner_of = comes_of(&self.subject(other), self.name(at), subject.mine);
        if partner_of.is_some() { None } else { of_partner }
    }

    /// What no change of a program explains: another array, rows of another step, a recurrence that some steps lack.
    fn special(&self, at: usize, subject: &Subject) -> Option<Explanation> {
        let explain = |cause| Some(Explanation { causes: vec![cause], dress: None });
        if let Some(other) = self.other_array(at, subject) {
            return explain(Cause::new(Reason::OtherArray, other));
        }
        if let Some(cause) = forgotten(&self.known.inputs, &self.own, subject) {
            return explain(cause);
        }
        let rows = subject.shape.first().copied().unwrap_or(0);
        let per_step = rows == subject.sizes.T || subject.name == "text";
        let shifted =
            per_step && is_shifted(subject.mine, subject.right, rows, subject.allowed_of_right());
        if shifted {
            return explain(Cause::new(Reason::OffByOne, "rows of another step"));
        }
        None
    }

    /// The name of the array of the case that this array equals.
    fn other_array(&self, at: usize, subject: &Subject) -> Option<String> {
        if subject.mine.len() < 3 {
            return None;
        }
        let others = self.known.arrays.iter().enumerate();
        let mut others = others.filter(|(place, other)| {
            *place != self.given[at].place && lie(&other.shape, subject.shape) != Lie::Other
        });
        let other = others.find(|(_, other)| {
            let numbers = other.numbers().unwrap_or_default();
            let is_turned = lie(&other.shape, subject.shape) == Lie::Turned;
            numbers.len() == subject.mine.len()
                && numbers.iter().any(|&x| x != 0.0)
                && !is_turned
                && subject.is(|i| numbers[i])
        });
        other.map(|(_, other)| other.name.clone())
    }

    fn finding(&self, at: usize, subject: &Subject, found: Option<Explanation>) -> Finding {
        let dress = found.as_ref().and_then(|found| found.dress.clone());
        let dress: Vec<Dress> = self.given[at].dress.iter().cloned().chain(dress).collect();
        let from = self.wrong_ancestors(subject.name);
        let causes = match found {
            Some(found) if found.causes.is_empty() && !from.is_empty() => {
                return Finding::Follows { from };
            }
            Some(found) if !found.causes.is_empty() => found.causes,
            // It follows from the array after it.
            Some(_) if subject.name == "a" => return Finding::Follows { from: self.own_name("h") },
            Some(_) if subject.name == "dh" => {
                return Finding::Follows { from: self.own_name("da") };
            }
            _ if self.is_few(subject) => vec![Cause::new(Reason::Entry, "")],
            _ => vec![Cause::new(Reason::Unknown, "")],
        };
        let (mut place, difference) = place_of_largest(subject);
        if self.given[at].is_turned() {
            place.reverse();
        }
        let is_entry = causes[0].reason == Reason::Entry;
        let steps = if is_entry { None } else { Steps::of(subject) };
        Finding::Wrong(Wrong { causes, dress, steps, place, difference, followers: vec![] })
    }

    fn own_name(&self, known: &str) -> Vec<String> {
        let given = (0..self.given.len()).filter(|&at| self.name(at) == known);
        given.map(|at| self.given[at].name.clone()).collect()
    }

    /// Whether only a few entries are wrong.
    fn is_few(&self, subject: &Subject) -> bool {
        let allowed = subject.allowed_of_right();
        let pairs = || subject.mine.iter().zip(subject.right);
        let off = pairs().filter(|(mine, right)| difference(**mine, **right) > allowed).count();
        let alive = pairs().filter(|&(&mine, &right)| mine != 0.0 || right != 0.0).count();
        (off == 1 && alive > 1) || off <= alive / ISOLATED
    }

    /// The names in the file of the first wrong arrays that an array was computed from.
    fn wrong_ancestors(&self, name: &str) -> Vec<String> {
        let mut names = Vec::new();
        for parent in Target::parents(name) {
            let given = (0..self.given.len()).find(|&at| self.name(at) == parent);
            let found = given.map(|at| (&self.given[at].name, &self.given[at].finding));
            let more = match found {
                Some((name, Some(Finding::Wrong(_)))) => vec![name.clone()],
                Some((_, Some(Finding::Follows { from }))) => from.clone(),
                Some((_, Some(Finding::Right(_)))) => vec![],
                _ => self.wrong_ancestors(&parent),
            };
            for name in more {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// The findings, with the indices of the arrays in their file. Wrong arrays name those that are wrong because of
    /// them.
    pub fn comparisons(self) -> Vec<(usize, Comparison)> {
        let mut order: Vec<usize> = (0..self.given.len()).collect();
        order.sort_by_key(|&at| self.given[at].place);
        let following: Vec<(String, Vec<String>)> = (order.iter())
            .filter_map(|&at| match &self.given[at].finding {
                Some(Finding::Follows { from }) => {
                    Some((self.given[at].name.clone(), from.clone()))
                }
                _ => None,
            })
            .collect();
        let comparison = |one: Given| {
            let mut finding = one.finding.unwrap_or(Finding::NoSuchArray);
            if let Finding::Wrong(wrong) = &mut finding {
                let mine = following.iter().filter(|(_, from)| from.contains(&one.name));
                wrong.followers = mine.map(|(name, _)| name.clone()).collect();
            }
            (one.file, Comparison { name: one.name, place: Some(one.place), finding })
        };
        self.given.into_iter().map(comparison).collect()
    }
}

/// Row and column of the largest difference, and the difference.
fn place_of_largest(subject: &Subject) -> (Vec<usize>, f64) {
    let (mut largest, mut at) = (0.0, 0);
    for (index, (&mine, &right)) in subject.mine.iter().zip(subject.right).enumerate() {
        // Equal infinities are no difference.
        let difference = if mine == right { 0.0 } else { (mine - right).abs() };
        if difference > largest || (difference.is_nan() && !f64::is_nan(largest)) {
            (largest, at) = (difference, index);
        }
    }
    let place = match subject.shape {
        [_, columns] => vec![at / columns, at % columns],
        [_] => vec![at],
        _ => vec![],
    };
    (place, largest)
}
