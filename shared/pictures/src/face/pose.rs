//! Direction of the head.

use super::{canonical::POINTS, landmarks::Landmarks};

/// Mean pitch of frontal portraits relative to the canonical face, in degrees. It is not 0, because the canonical face looks further down
/// than people do.
const PITCH_MEAN: f64 = 7.0;

/// Rotation of the head in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pose {
    /// Positive if the head is turned to the right side of the picture.
    pub(super) yaw: f64,
    /// Positive if the chin is down. 0 is the mean of frontal portraits.
    pub(super) pitch: f64,
    /// Positive if the head is tilted clockwise.
    pub(super) roll: f64,
}

impl Pose {
    /// Fits the canonical face to the landmarks by Horn's method with quaternions. The rotation is the eigenvector of the largest
    /// eigenvalue of a symmetric 4 x 4 matrix.
    pub(super) fn of(landmarks: &Landmarks) -> Self {
        // The axes of the landmarks are changed to those of `POINTS`: to the right, up and towards the camera.
        let observed = POINTS.map(|(number, ..)| {
            let [x, y, z] = landmarks.coordinates(number);
            [x, -y, -z]
        });
        let total: f64 = POINTS.iter().map(|(.., weight)| weight).sum();
        let mean = |of: &dyn Fn(usize) -> [f64; 3]| {
            let mut sum = [0.0; 3];
            for (at, (.., weight)) in POINTS.iter().enumerate() {
                for (sum, value) in sum.iter_mut().zip(of(at)) {
                    *sum += weight * value / total;
                }
            }
            sum
        };
        let (canonical_mean, observed_mean) = (mean(&|at| POINTS[at].1), mean(&|at| observed[at]));
        let mut covariance = [[0.0; 3]; 3];
        for ((_, point, weight), seen) in POINTS.iter().zip(observed) {
            for (row, line) in covariance.iter_mut().enumerate() {
                for (column, cell) in line.iter_mut().enumerate() {
                    *cell += weight * (point[row] - canonical_mean[row]) * (seen[column] - observed_mean[column]);
                }
            }
        }
        let rotation = rotation(&covariance);
        Self {
            yaw: rotation[0][2].atan2(rotation[2][2]).to_degrees(),
            pitch: (-rotation[1][2]).clamp(-1.0, 1.0).asin().to_degrees() - PITCH_MEAN,
            roll: -rotation[1][0].atan2(rotation[1][1]).to_degrees(),
        }
    }
}

/// Returns the rotation that maximises the covariance of the rotated first set of points with the second set.
fn rotation(covariance: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = *covariance;
    let symmetric = [
        [xx + yy + zz, yz - zy, zx - xz, xy - yx],
        [yz - zy, xx - yy - zz, xy + yx, zx + xz],
        [zx - xz, xy + yx, yy - xx - zz, yz + zy],
        [xy - yx, zx + xz, yz + zy, zz - xx - yy],
    ];
    let [w, x, y, z] = largest_eigenvector(symmetric);
    [
        [w * w + x * x - y * y - z * z, 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), w * w - x * x + y * y - z * z, 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), w * w - x * x - y * y + z * z],
    ]
}

/// Returns the eigenvector of length 1 of the largest eigenvalue, by Jacobi's method.
fn largest_eigenvector(mut matrix: [[f64; 4]; 4]) -> [f64; 4] {
    /// Number of sweeps. Fewer would be enough, because each sweep squares the error.
    const SWEEPS: usize = 12;
    let mut vectors: [[f64; 4]; 4] = std::array::from_fn(|row| std::array::from_fn(|column| f64::from(u8::from(row == column))));
    for _ in 0..SWEEPS {
        for (p, q) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
            let angle = 0.5 * (2.0 * matrix[p][q]).atan2(matrix[p][p] - matrix[q][q]);
            let (sin, cos) = angle.sin_cos();
            let turn = |one: f64, other: f64| (cos * one + sin * other, cos * other - sin * one);
            for line in matrix.iter_mut().chain(&mut vectors) {
                (line[p], line[q]) = turn(line[p], line[q]);
            }
            let (upper, lower) = (matrix[p], matrix[q]);
            matrix[p] = std::array::from_fn(|column| turn(upper[column], lower[column]).0);
            matrix[q] = std::array::from_fn(|column| turn(upper[column], lower[column]).1);
        }
    }
    let largest = (0..4).max_by(|&one, &other| matrix[one][one].total_cmp(&matrix[other][other])).unwrap_or(0);
    vectors.map(|line| line[largest])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the landmarks of the canonical face, turned by these angles in degrees and projected without perspective.
    fn turned(yaw: f64, pitch: f64, roll: f64) -> Landmarks {
        let mut points = vec![[0.0; 3]; 478];
        for (number, [x, y, z], _) in POINTS {
            let (sin, cos) = yaw.to_radians().sin_cos();
            let (x, z) = (x * cos + z * sin, z * cos - x * sin);
            let (sin, cos) = pitch.to_radians().sin_cos();
            let (y, z) = (y * cos - z * sin, z * cos + y * sin);
            let (sin, cos) = (-roll).to_radians().sin_cos();
            let (x, y) = (x * cos - y * sin, y * cos + x * sin);
            points[number] = [300.0 + 20.0 * x, 400.0 - 20.0 * y, -20.0 * z];
        }
        Landmarks::from_points(points)
    }

    #[test]
    fn the_pose_is_that_by_which_the_canonical_face_was_turned() {
        let single = [
            (0.0, 0.0, 0.0),
            (30.0, 0.0, 0.0),
            (-30.0, 0.0, 0.0),
            (0.0, 32.0, 0.0),
            (0.0, -20.0, 0.0),
            (0.0, 0.0, 25.0),
            (0.0, 0.0, -50.0),
        ];
        // The result of rotations around several axes depends on their order, so the tolerance for these angles is larger.
        let combined = [(12.0, 10.0, -9.0), (-10.0, 7.0, 8.0)];
        for ((yaw, pitch, roll), tolerance) in single.map(|angles| (angles, 1e-6)).into_iter().chain(combined.map(|angles| (angles, 3.0))) {
            let pose = Pose::of(&turned(yaw, pitch, roll));
            let error = (pose.yaw - yaw).abs().max((pose.pitch + PITCH_MEAN - pitch).abs()).max((pose.roll - roll).abs());
            assert!(error < tolerance, "{yaw} {pitch} {roll}: {pose:?}");
        }
    }
}
