//! A figure, its bar, and the line that tells them.

use std::fmt;

/// One measured figure with the most that it may be.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    name: &'static str,
    value: f64,
    bar: f64,
    unit: &'static str,
    remark: String,
}

impl Figure {
    /// A figure that may be `bar` at most. `unit` stands behind both; `remark` says how the figure came about.
    pub(crate) const fn at_most(name: &'static str, value: f64, bar: f64, unit: &'static str, remark: String) -> Self {
        Self { name, value, bar, unit, remark }
    }

    /// Whether the bar is met. What is no number meets no bar.
    pub(crate) fn is_met(&self) -> bool {
        self.value <= self.bar
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_met() { "ok" } else { "short" };
        let figure = format!("{} {}", number(self.value), self.unit);
        let bar = format!("<= {} {}", number(self.bar), self.unit);
        write!(f, "{:<22} {:<14} {:<17} {:<5}  {}", self.name, figure, bar, verdict, self.remark)
    }
}

/// Whole numbers as they are, others with as many digits as mean something.
fn number(value: f64) -> String {
    if value.fract() == 0.0 {
        format!("{value:.0}")
    } else if value < 10.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_name_figure_bar_and_verdict() {
        let figure = Figure::at_most("webhook-init", 9.14, 15.0, "ms", "median of 20".to_owned());
        assert_eq!(figure.to_string(), "webhook-init           9.14 ms        <= 15 ms          ok     median of 20");
    }

    #[test]
    fn the_bar_itself_is_met_and_what_is_no_number_is_not() {
        let figure = |value| Figure::at_most("f", value, 20.0, "reads", String::new());
        assert!(figure(20.0).is_met());
        assert!(!figure(20.1).is_met());
        assert!(!figure(f64::NAN).is_met());
    }
}
