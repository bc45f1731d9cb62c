//! Reproducible random numbers: the same sequence for the same seed, on any machine.

use std::env;

/// A linear congruential generator, which prints its seed if the test panics.
pub struct Dice {
    state: u64,
    variable: &'static str,
    seed: u64,
}

impl Dice {
    /// Creates a generator with the seed in this environment variable, or with a random seed if it is not set.
    ///
    /// # Panics
    /// If the variable is not a number.
    pub fn new(variable: &'static str) -> Self {
        Self::of(variable, env::var(variable).map_or_else(|_| fresh(), |seed| seed.parse().expect("a seed is a number")))
    }

    /// Creates a generator with this seed. `variable` is printed with the seed if the test panics.
    pub const fn of(variable: &'static str, seed: u64) -> Self {
        Self { state: seed, variable, seed }
    }

    /// Returns a number from 0 up to and excluding `bound`.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap() % bound
    }
}

impl Drop for Dice {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}={}", self.variable, self.seed);
        }
    }
}

fn fresh() -> u64 {
    let mut random = [0; 4];
    aws_lc_rs::rand::fill(&mut random).unwrap();
    u32::from_be_bytes(random).into()
}
