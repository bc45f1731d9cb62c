//! The inverse discrete cosine transform of a block of 8 x 8 coefficients (ITU-T T.81, A.3.3), by the algorithm of Arai, Agui and Nakajima.

/// The position of each coefficient in the matrix, in the order of the file (zigzag).
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35, 42, 49, 56,
    57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Returns the position of a coefficient in the matrix. `number` is the coefficient's index in the order of the file, 0 to 63.
pub(super) fn position(number: usize) -> usize {
    usize::from(ZIGZAG[number & 63] & 63)
}

/// The factor of the algorithm for row or column `k`: 1 for `k = 0`, otherwise `cos(k * pi / 16) * sqrt(2)`.
const SCALES: [f32; 8] = [1.0, 1.387_039_8, 1.306_563, 1.175_875_6, 1.0, 0.785_694_96, 0.541_196_1, 0.275_899_38];

/// The matrix of a block's coefficients, row by row.
pub(super) type Coefficients = [i16; 64];
type Row = [f32; 8];

/// Maximum of the Euclidean norm of a block's coefficients. The samples of the block have the same norm. It is normally at most 1,024,
/// because a block has 64 samples of -128 to 127. The limit is twice as high, so that files of programs that change coefficients directly
/// are accepted.
const NORM_MAX: f32 = 2_048.0;
/// Limits for a fast check. A block is plausible if the absolute value of its first coefficient is at most the first number, and the
/// absolute value of each other coefficient is at most the second number. The norm of such a block is below 2,021.
const PLAIN: (f32, f32) = (1_250.0, 200.0);

/// A quantisation table, as a matrix.
pub(super) struct Dequantiser {
    table: [f32; 64],
    /// The table, multiplied by the algorithm's factors.
    factors: [f32; 64],
    /// Limits of the coefficients in the file: [`PLAIN`] divided by the table. Most blocks are within these limits, and comparing is faster
    /// than adding up squares.
    plain: Coefficients,
    /// Maximum of the sum of squares of a block's coefficients.
    squares_max: f32,
}

impl Dequantiser {
    /// Creates the matrices from a quantisation table, whose numbers are in the order of the file.
    pub(super) fn of(table: &[u16; 64]) -> Self {
        let mut matrix = [0.0; 64];
        for (number, &value) in table.iter().enumerate() {
            matrix[position(number)] = f32::from(value);
        }
        let (table, factors) = (matrix, std::array::from_fn(|at| matrix[at] * SCALES[at / 8] * SCALES[at % 8] / 8.0));
        // When an encoder rounds a coefficient, it changes the coefficient by at most half of the coefficient's entry in the table.
        let rounding = table.iter().map(|number| number * number).sum::<f32>().sqrt() / 2.0;
        // The divisor is at least 1, because a table can contain zeros.
        let plain = std::array::from_fn(|at| (if at == 0 { PLAIN.0 } else { PLAIN.1 } / table[at].max(1.0)) as i16);
        Self { table, factors, plain, squares_max: (NORM_MAX + rounding).powi(2) }
    }

    /// Returns whether an encoder can have written these coefficients. Other coefficients come from damaged files. They exceed the range of
    /// the numbers with which other decoders calculate, so each decoder shows a different picture.
    #[inline]
    pub(super) fn is_plausible(&self, coefficients: &Coefficients) -> bool {
        let excess = coefficients.iter().zip(&self.plain).fold(0, |excess: i16, (&value, &plain)| {
            excess.max(value.saturating_sub(plain)).max(0_i16.saturating_sub(plain).saturating_sub(value))
        });
        excess <= 0 || self.squares(coefficients) <= self.squares_max
    }

    /// Returns the sum of squares of a block's coefficients.
    fn squares(&self, coefficients: &Coefficients) -> f32 {
        let mut squares = [0.0_f32; 8];
        for (values, numbers) in coefficients.as_chunks::<8>().0.iter().zip(self.table.as_chunks::<8>().0) {
            for (sum, (&value, number)) in squares.iter_mut().zip(values.iter().zip(numbers)) {
                let dequantised = f32::from(value) * number;
                *sum += dequantised * dequantised;
            }
        }
        squares.iter().sum()
    }

    /// Returns the value, 0 to 255, of all samples of a block in which all coefficients after the first are zero.
    pub(super) fn flat(&self, first: i16) -> u8 {
        (f32::from(first) * self.factors[0] + 128.5).clamp(0.0, 255.0) as u8
    }

    /// Returns the rows of samples, 0 to 255, of a block.
    pub(super) fn samples(&self, coefficients: &Coefficients) -> [[u8; 8]; 8] {
        // The first pass transforms columns, several at once. The second pass transforms the rows, as columns of the transposed matrix.
        let columns = if has_low_frequencies_only(coefficients) {
            let columns = transform_low(self.dequantised::<4, 4>(coefficients));
            transform_low(transposed(columns))
        } else {
            transform(transposed(transform(self.dequantised::<8, 8>(coefficients))))
        };
        transposed(columns).map(rounded)
    }

    /// Returns the first `COLUMNS` columns and `ROWS` rows of a block, multiplied by `factors`.
    #[inline(always)]
    fn dequantised<const COLUMNS: usize, const ROWS: usize>(&self, coefficients: &Coefficients) -> [[f32; COLUMNS]; ROWS] {
        let (coefficients, factors) = (coefficients.as_chunks::<8>().0, self.factors.as_chunks::<8>().0);
        std::array::from_fn(|row| std::array::from_fn(|at| f32::from(coefficients[row][at]) * factors[row][at]))
    }
}

/// Returns whether all coefficients beyond the fourth column and the fourth row are zero, as in most blocks of a portrait.
#[inline(always)]
fn has_low_frequencies_only(coefficients: &Coefficients) -> bool {
    let (low, high) = coefficients.split_at(32);
    let right = low.as_chunks::<8>().0.iter().fold([0; 4], |found, row| std::array::from_fn(|at| found[at] | row[at + 4]));
    high.iter().chain(&right).fold(0, |found, value| found | value) == 0
}

#[inline(always)]
fn transposed<const COLUMNS: usize, const ROWS: usize>(rows: [[f32; COLUMNS]; ROWS]) -> [[f32; ROWS]; COLUMNS] {
    std::array::from_fn(|row| std::array::from_fn(|column| rows[column][row]))
}

#[inline(always)]
fn rounded(row: Row) -> [u8; 8] {
    std::array::from_fn(|at| {
        let value = row[at] + 128.0;
        let value = if value > 255.0 { 255.0 } else { value };
        let value = if value > 0.0 { value } else { 0.0 };
        // The constant is so large that a floating-point sum with it has no bits for a fraction. The addition therefore rounds, and the
        // lowest bits of the sum are the rounded number.
        ((value + 8_388_608.0).to_bits() & 0xff) as u8
    })
}

#[inline(always)]
fn add<const N: usize>(one: [f32; N], other: [f32; N]) -> [f32; N] {
    std::array::from_fn(|at| one[at] + other[at])
}

#[inline(always)]
fn subtract<const N: usize>(one: [f32; N], other: [f32; N]) -> [f32; N] {
    std::array::from_fn(|at| one[at] - other[at])
}

#[inline(always)]
fn multiply<const N: usize>(one: [f32; N], factor: f32) -> [f32; N] {
    std::array::from_fn(|at| one[at] * factor)
}

/// Transforms the eight columns of a matrix in one dimension.
#[inline(always)]
fn transform(rows: [Row; 8]) -> [Row; 8] {
    let [r0, r1, r2, r3, r4, r5, r6, r7] = rows;
    // Even rows.
    let (sum, difference) = (add(r0, r4), subtract(r0, r4));
    let inner = add(r2, r6);
    let turned = subtract(multiply(subtract(r2, r6), std::f32::consts::SQRT_2), inner);
    let (e0, e3) = (add(sum, inner), subtract(sum, inner));
    let (e1, e2) = (add(difference, turned), subtract(difference, turned));
    // Odd rows.
    let (z13, z10) = (add(r5, r3), subtract(r5, r3));
    let (z11, z12) = (add(r1, r7), subtract(r1, r7));
    let o7 = add(z11, z13);
    let o11 = multiply(subtract(z11, z13), std::f32::consts::SQRT_2);
    let z5 = multiply(add(z10, z12), 1.847_759_1);
    let o10 = subtract(z5, multiply(z12, 1.082_392_2));
    let o12 = subtract(z5, multiply(z10, 2.613_125_8));
    let o6 = subtract(o12, o7);
    let o5 = subtract(o11, o6);
    let o4 = subtract(o10, o5);
    [add(e0, o7), add(e1, o6), add(e2, o5), add(e3, o4), subtract(e3, o4), subtract(e2, o5), subtract(e1, o6), subtract(e0, o7)]
}

/// Does the same as [`transform`] for a matrix whose last four rows are zero.
#[inline(always)]
fn transform_low<const N: usize>(rows: [[f32; N]; 4]) -> [[f32; N]; 8] {
    let [r0, r1, r2, r3] = rows;
    let turned = subtract(multiply(r2, std::f32::consts::SQRT_2), r2);
    let (e0, e3) = (add(r0, r2), subtract(r0, r2));
    let (e1, e2) = (add(r0, turned), subtract(r0, turned));
    let difference = subtract(r1, r3);
    let o7 = add(r1, r3);
    let o11 = multiply(difference, std::f32::consts::SQRT_2);
    let z5 = multiply(difference, 1.847_759_1);
    let o10 = subtract(z5, multiply(r1, 1.082_392_2));
    let o12 = add(z5, multiply(r3, 2.613_125_8));
    let o6 = subtract(o12, o7);
    let o5 = subtract(o11, o6);
    let o4 = subtract(o10, o5);
    [add(e0, o7), add(e1, o6), add(e2, o5), add(e3, o4), subtract(e3, o4), subtract(e2, o5), subtract(e1, o6), subtract(e0, o7)]
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use proptest::{array::uniform32, collection, prelude::*};

    use super::*;

    /// Returns the sample at `x` and `y`, computed by the definition in the standard.
    fn by_definition(coefficients: &Coefficients, table: &[u16; 64], x: usize, y: usize) -> f64 {
        let weight = |at: usize| if at == 0 { 0.5_f64.sqrt() } else { 1.0 };
        let wave = |place: usize, at: usize| ((2 * place + 1) as f64 * at as f64 * PI / 16.0).cos();
        let term = |number: usize| {
            let at = position(number);
            let (v, u) = (at / 8, at % 8);
            let value = f64::from(coefficients[at]) * f64::from(table[number]);
            weight(u) * weight(v) * value * wave(x, u) * wave(y, v)
        };
        (128.0 + (0..64).map(term).sum::<f64>() / 4.0).clamp(0.0, 255.0)
    }

    /// Returns the coefficient at the position `at` of the matrix, computed from the 64 samples of a block.
    fn forward(samples: &[u8], at: usize) -> f64 {
        let weight = |at: usize| if at == 0 { 0.5_f64.sqrt() } else { 1.0 };
        let wave = |place: usize, at: usize| ((2 * place + 1) as f64 * at as f64 * PI / 16.0).cos();
        let term = |(place, &sample): (usize, &u8)| (f64::from(sample) - 128.0) * wave(place % 8, at % 8) * wave(place / 8, at / 8);
        weight(at % 8) * weight(at / 8) * samples.iter().enumerate().map(term).sum::<f64>() / 4.0
    }

    #[test]
    fn coefficients_that_no_encoder_writes_are_not_plausible() {
        let dequantiser = Dequantiser::of(&[10; 64]);
        let mut coefficients = [0; 64];
        coefficients[3] = 208;
        assert!(dequantiser.is_plausible(&coefficients));
        coefficients[3] = 209;
        assert!(!dequantiser.is_plausible(&coefficients), "2,090, and the limit is 2,048 and 40 for rounding");
        assert!(!dequantiser.is_plausible(&[40; 64]));
        assert!(!dequantiser.is_plausible(&[-40; 64]));
        assert!(!dequantiser.is_plausible(&[i16::MIN; 64]));
        let mut coefficients = [20; 64];
        coefficients[0] = 125;
        assert!(dequantiser.is_plausible(&coefficients));
        assert!(Dequantiser::of(&[u16::MAX; 64]).is_plausible(&[0; 64]));
    }

    proptest! {
        #[test]
        fn samples_are_those_of_the_standards_definition(
            low in uniform32(-60_i16..60),
            high in uniform32(-9_i16..9),
            first in -90_i16..90,
            quality in 1_u16..40,
        ) {
            let mut coefficients: Coefficients = [0; 64];
            for (number, value) in low.into_iter().chain(high).enumerate() {
                coefficients[position(number)] = value;
            }
            coefficients[0] = first;
            let table: [u16; 64] = std::array::from_fn(|at| 1 + at as u16 * quality / 64);
            let rows = Dequantiser::of(&table).samples(&coefficients);
            for (y, row) in rows.iter().enumerate() {
                for (x, &sample) in row.iter().enumerate() {
                    let expected = by_definition(&coefficients, &table, x, y);
                    prop_assert!((f64::from(sample) - expected).abs() <= 0.6, "{sample} instead of {expected} at {x}, {y}");
                }
            }
        }

        #[test]
        fn a_block_of_low_frequencies_has_the_samples_of_the_whole_transform(
            low in collection::vec(-300_i16..300, 16),
            other in 0_usize..64,
            value in -1_i16..=1,
        ) {
            let mut coefficients: Coefficients = [0; 64];
            for (at, low) in low.into_iter().enumerate() {
                coefficients[at / 4 * 8 + at % 4] = low;
            }
            // This coefficient may or may not be one of the low frequencies.
            coefficients[other] = value;
            let is_low = other / 8 < 4 && other % 8 < 4 || value == 0;
            prop_assert_eq!(has_low_frequencies_only(&coefficients), is_low);
            let dequantiser = Dequantiser::of(&std::array::from_fn(|at| 1 + at as u16));
            let whole = transposed(transform(transposed(transform(dequantiser.dequantised::<8, 8>(&coefficients)))));
            prop_assert_eq!(dequantiser.samples(&coefficients), whole.map(rounded));
        }

        #[test]
        fn plausible_means_that_the_sum_of_squares_is_small(values in collection::vec(-60_i16..=60, 64), first in any::<i16>(), step in 1_u16..40) {
            let mut coefficients: Coefficients = std::array::from_fn(|at| values[at]);
            coefficients[0] = first / 16;
            let dequantiser = Dequantiser::of(&[step; 64]);
            prop_assert_eq!(dequantiser.is_plausible(&coefficients), dequantiser.squares(&coefficients) <= dequantiser.squares_max);
        }

        #[test]
        fn blocks_of_an_encoder_are_plausible(samples in collection::vec(0_u8..=255, 64), quality in 1_u16..=255) {
            let table = [quality; 64];
            let coefficients = std::array::from_fn(|at| (forward(&samples, at) / f64::from(quality)).round() as i16);
            prop_assert!(Dequantiser::of(&table).is_plausible(&coefficients));
        }

        #[test]
        fn a_block_with_one_coefficient_is_flat(first in -3_000_i16..3_000) {
            let dequantiser = Dequantiser::of(&[3; 64]);
            let mut coefficients = [0; 64];
            coefficients[0] = first;
            let rows = dequantiser.samples(&coefficients);
            prop_assert!(rows.as_flattened().iter().all(|&sample| sample.abs_diff(dequantiser.flat(first)) <= 1));
        }
    }
}
