//! Order statistics.

/// The middle of the samples, by nearest rank; not a number without samples.
pub(crate) fn median(samples: &[f64]) -> f64 {
    quantile(samples, 0.5)
}

/// The smallest sample that is at least as large as `share` of all samples (nearest rank); not a number without samples.
pub(crate) fn quantile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let below = sorted.len().saturating_sub(1);
    // A count of samples is far below 2^52, so nothing is lost between the two kinds of numbers.
    let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize - 1;
    sorted.get(rank.min(below)).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples_by_nearest_rank() {
        let samples: Vec<f64> = (1..=40).rev().map(f64::from).collect();
        assert_eq!(median(&samples), 20.0);
        assert_eq!(quantile(&samples, 0.95), 38.0);
        assert_eq!(quantile(&samples, 1.0), 40.0);
        assert_eq!(quantile(&[7.0], 0.95), 7.0);
    }

    #[test]
    fn without_samples_there_is_no_number() {
        assert!(median(&[]).is_nan());
    }
}
