//! Brightness histograms.

use image::GrayImage;

/// The number of pixels at each level, 0 to 255.
pub(crate) struct Levels([u32; 256]);

impl Levels {
    pub(crate) fn of(levels: impl IntoIterator<Item = u8>) -> Self {
        // Uses four arrays of counts in turn, because neighbouring pixels often have the same level. With one array, the processor would
        // have to finish each increment of a count before it begins the next.
        let mut counts = [[0; 256]; 4];
        for (at, level) in levels.into_iter().enumerate() {
            counts[at % 4][usize::from(level)] += 1;
        }
        Self(std::array::from_fn(|level| counts.iter().map(|counts| counts[level]).sum()))
    }

    pub(crate) fn of_picture(picture: &GrayImage) -> Self {
        Self::of(picture.as_raw().iter().copied())
    }

    pub(crate) fn total(&self) -> u32 {
        self.0.iter().sum()
    }

    /// Returns the quantile of `fraction`: the level below which this fraction of the pixels lies.
    pub(crate) fn quantile(&self, fraction: f64) -> f64 {
        let rank = f64::from(self.total()) * fraction;
        let mut seen = 0;
        for (level, count) in (0_u8..=255).zip(self.0) {
            seen += count;
            if f64::from(seen) > rank {
                return f64::from(level);
            }
        }
        255.0
    }

    /// Returns the fraction of pixels at or above a level.
    pub(crate) fn share_from(&self, level: u8) -> f64 {
        let above: u32 = self.0[usize::from(level)..].iter().sum();
        f64::from(above) / f64::from(self.total().max(1))
    }
}
