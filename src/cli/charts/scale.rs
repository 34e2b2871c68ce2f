//! The scales of a chart's axes.

/// From this many updates on, the axis counts in a power of ten: the whole numbers would not fit.
const MANY_UPDATES: f64 = 1e7;

/// The range of an axis is at least this share of its highest loss: so the labels of a flat curve differ and stay short.
const FLATTEST: f64 = 0.005;

/// The scale of an axis: its lowest and highest number and the step between ticks, in units of 10^power.
#[derive(Debug)]
pub struct Scale {
    low: f64,
    high: f64,
    step: f64,
    power: i32,
}

impl Scale {
    /// A scale for updates from 0 to `iterations`, with at most `ticks` ticks, at whole updates.
    pub fn updates(iterations: u64, ticks: f64) -> Self {
        let high = iterations.max(1) as f64;
        let step = round_step(high / ticks).max(1.0);
        let power = if high < MANY_UPDATES { 0 } else { power(step) };
        Scale { low: 0.0, high: high / unit(power), step: step / unit(power), power }
    }

    pub fn losses(low: f64, high: f64) -> Self {
        let power = power(high);
        let unit = unit(power);
        let (low, high) = (low / unit, high / unit);
        let least = if high < 1e-9 { 1.0 } else { FLATTEST * high };
        let more = (least - (high - low)).max(0.0);
        let (low, high) = ((low - more / 2.0).max(0.0), high + more / 2.0);
        let step = round_step((high - low) / 8.0);
        // A curve on the frame would be drawn at half its width.
        let below = if low < step / 4.0 { step / 4.0 } else { 0.0 };
        Scale {
            low: (low / step).floor() * step - below,
            high: (high / step).ceil() * step,
            step,
            power,
        }
    }

    /// The numbers that have a line and a label.
    pub fn ticks(&self) -> impl Iterator<Item = f64> {
        let (step, first) = (self.step, (self.low / self.step).round());
        let count = ((self.high - self.low) / step + 1e-6).floor() as u64;
        (0..=count).map(move |i| (first + i as f64) * step)
    }

    /// Digits after the point that tell neighbouring ticks apart.
    pub fn decimals(&self) -> usize {
        (0..20).find(|&digits| self.step * unit(digits) > 0.999).map_or(0, |digits| digits as usize)
    }

    /// The label of the axis: `what`, with the power of ten that it is counted in.
    pub fn of(&self, what: &str) -> String {
        match self.power {
            0 => what.to_string(),
            power => format!("1e{power} {what}"),
        }
    }

    /// Where a number of the axis lies, from 0 at its low end to 1 at its high end.
    pub fn share(&self, number: f64) -> f64 {
        (number - self.low) / (self.high - self.low)
    }

    /// As [`Scale::share`] for a value that is not yet in units of the axis. Values far outside the picture are moved
    /// closer.
    pub fn share_of(&self, value: f64) -> f64 {
        self.share(value / unit(self.power)).min(100.0)
    }
}

/// The power of ten, a multiple of 3, that leaves a number with up to three digits before the point; 0 for numbers that
/// are short anyway.
fn power(number: f64) -> i32 {
    if (0.01..1e4).contains(&number) || number < 1e-9 {
        return 0;
    }
    let mut power = 0;
    while number / unit(power) >= 1000.0 {
        power += 3;
    }
    while number / unit(power) < 1.0 {
        power -= 3;
    }
    power
}

/// 10^power; the standard library's differs between machines.
fn unit(power: i32) -> f64 {
    let unit = (0..power.abs()).fold(1.0, |unit, _| unit * 10.0);
    if power < 0 { 1.0 / unit } else { unit }
}

/// The smallest of 1, 2, 5, 10, 20, 50 ... (and 0.5, 0.2 ...) that is not below `least`.
pub fn round_step(least: f64) -> f64 {
    let mut power = 1.0;
    while power < least {
        power *= 10.0;
    }
    while power / 10.0 >= least {
        power /= 10.0;
    }
    let choices = [power / 5.0, power / 2.0, power];
    choices.into_iter().find(|&step| step >= least).unwrap_or(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        for (least, step) in
            [(0.3, 0.5), (1.0, 1.0), (1.1, 2.0), (2.5, 5.0), (7.0, 10.0), (0.012, 0.02)]
        {
            assert!((round_step(least) - step).abs() < 1e-12, "{least}");
        }
    }
}
