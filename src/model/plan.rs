//! The plan of a run, and the table of its rows.

/// When a run of the program ends, what it reports and logs, and how often it is saved.
///
/// A plan does not change the parameters that updates learn. But with validation it decides which of them can become
/// the best model, because a run validates at its reports and at `validate_every` only.
///
/// Each field has a row in one table. The command line, model files, the check at `--resume`, `show` and reports
/// iterate over the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The number of updates of the run. The default is 100,000.
    pub iterations: u64,
    /// The number of updates between two reports. The default is 10,000.
    pub report_every: u64,
    /// The number of characters in the sample of a report. The default is 200.
    pub report_length: u64,
    /// The number of characters in the final passage. The default is 1,000.
    pub passage_length: u64,
    /// The number of updates between two rows of loss.csv. The default is 100.
    pub log_every: u64,
    /// The number of updates between two saves. The default is 10,000.
    pub save_every: u64,
    /// The number of updates between two validations. The run also validates at its reports; with `None`, the default, only
    /// there. It has to be `None` if no text is held out.
    pub validate_every: Option<u64>,
}

impl Default for Plan {
    /// The plan of the assignment: 100,000 updates with a report every 10,000.
    fn default() -> Self {
        Plan {
            iterations: 100_000,
            report_every: 10_000,
            report_length: 200,
            passage_length: 1000,
            log_every: 100,
            save_every: 10_000,
            validate_every: None,
        }
    }
}

/// A row of [`PLAN`]: one number of a plan.
pub struct PlanRow {
    /// The option of the program, without its dashes.
    pub option: &'static str,
    /// Its key in model files and JSON.
    pub key: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// The smallest value that is allowed.
    pub least: u64,
    /// Whether `--help` explains it; `elman help` explains all.
    pub is_usual: bool,
    /// Whether it may change when a run is resumed.
    pub may_change_on_resume: bool,
    /// Whether older files may lack it; then the default holds.
    pub is_since: bool,
    /// Reads it; `None` if it was not given.
    pub get: fn(&Plan) -> Option<u64>,
    /// Sets it.
    pub set: fn(&mut Plan, u64),
}

/// Defaults for the rows below.
const ROW: PlanRow = PlanRow {
    option: "",
    key: "",
    help: "",
    least: 1,
    is_usual: false,
    may_change_on_resume: false,
    is_since: false,
    get: |_| None,
    set: |_, _| (),
};

/// All numbers of a plan.
pub const PLAN: &[PlanRow] = &[
    PlanRow {
        option: "iterations",
        key: "iterations",
        help: "number of updates",
        least: 0,
        is_usual: true,
        may_change_on_resume: true,
        get: |plan| Some(plan.iterations),
        set: |plan, count| plan.iterations = count,
        ..ROW
    },
    PlanRow {
        option: "report-every",
        key: "report_every",
        help: "updates between reports",
        get: |plan| Some(plan.report_every),
        set: |plan, count| plan.report_every = count,
        ..ROW
    },
    PlanRow {
        option: "report-length",
        key: "report_length",
        help: "characters in a report's sample",
        least: 0,
        get: |plan| Some(plan.report_length),
        set: |plan, count| plan.report_length = count,
        ..ROW
    },
    PlanRow {
        option: "passage-length",
        key: "passage_length",
        help: "characters in the passage, which the best model generates at the end",
        least: 0,
        get: |plan| Some(plan.passage_length),
        set: |plan, count| plan.passage_length = count,
        ..ROW
    },
    PlanRow {
        option: "log-every",
        key: "log_every",
        help: "updates between rows of loss.csv",
        get: |plan| Some(plan.log_every),
        set: |plan, count| plan.log_every = count,
        ..ROW
    },
    PlanRow {
        option: "validate-every",
        key: "validate_every",
        help: "also compute the validation loss every N updates, not only at reports",
        get: |plan| plan.validate_every,
        set: |plan, count| plan.validate_every = Some(count),
        ..ROW
    },
    PlanRow {
        option: "save-every",
        key: "save_every",
        help: "updates between saves; a save is also made every minute and at the end",
        may_change_on_resume: true,
        get: |plan| Some(plan.save_every),
        set: |plan, count| plan.save_every = count,
        ..ROW
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::names::twice;
    use crate::settings::Settings;
    use crate::settings::{PRESETS, TABLE, count, setting};

    #[test]
    fn every_option_and_every_key_is_that_of_one_row() {
        let options = TABLE.iter().map(|row| row.option).chain(PLAN.iter().map(|row| row.option));
        assert_eq!(twice(options), None);
        let former = TABLE.iter().map(|row| row.former).filter(|name| !name.is_empty());
        let keys = TABLE.iter().map(|row| row.key).chain(PLAN.iter().map(|row| row.key));
        assert_eq!(twice(keys.chain(former)), None);
    }

    #[test]
    fn a_row_of_the_plan_sets_what_it_gets() {
        let default = Plan::default();
        for row in PLAN {
            let mut plan = default;
            let count = (row.get)(&plan).unwrap_or(row.least);
            assert!(count >= row.least, "{}", row.option);
            (row.set)(&mut plan, count + 1);
            assert_eq!((row.get)(&plan), Some(count + 1), "{}", row.option);
            (row.set)(&mut plan, count);
            assert!(plan == default || row.option == "validate-every", "{}", row.option);
        }
    }

    #[test]
    fn the_values_of_presets_are_understood() {
        for preset in PRESETS {
            assert_eq!(twice(preset.options.iter().map(|(option, _)| *option)), None);
            assert_eq!(preset.settings().check(), Ok(()), "{}", preset.name);
            for (option, value) in
                preset.options.iter().filter(|(option, _)| setting(option).is_none())
            {
                let row = PLAN.iter().find(|row| row.option == *option).expect(option);
                assert!(count(value).unwrap() >= row.least, "{option}");
            }
        }
        assert_eq!(PRESETS[0].settings(), Settings::default());
    }
}
