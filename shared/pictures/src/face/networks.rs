//! The two neural networks, run by the crate `rten` in one thread. shared/pictures/model/README.md describes their files.

use std::sync::{Arc, LazyLock};

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, op_registry};
use rten_tensor::{NdTensor, Tensor};

static DETECTOR_FILE: &[u8] = include_bytes!("../../model/face_detector.onnx");
static LANDMARKS_FILE: &[u8] = include_bytes!("../../model/face_landmarks_detector.onnx");

/// Width and height of the detector's input, in pixels.
pub(super) const DETECTOR_SIDE: usize = 128;
/// Width and height of the input of the network for landmarks, in pixels.
pub(super) const LANDMARKS_SIDE: usize = 256;

// A network is loaded once per process, when the first picture needs it.
static DETECTOR: LazyLock<Option<Network>> = LazyLock::new(|| Network::read(DETECTOR_FILE, DETECTOR_SIDE, ["boxes", "scores"]));
static LANDMARKS: LazyLock<Option<Network>> = LazyLock::new(|| Network::read(LANDMARKS_FILE, LANDMARKS_SIDE, ["landmarks", "score"]));
/// A Lambda function has one core for a picture, so more threads would only wait for each other.
static ONE_THREAD: LazyLock<Arc<ThreadPool>> = LazyLock::new(|| Arc::new(ThreadPool::with_num_threads(1)));

/// Returns 16 numbers for each anchor (box and six points), and one score for each anchor.
pub(super) fn detector(pixels: Vec<f32>) -> Option<[Vec<f32>; 2]> {
    DETECTOR.as_ref()?.run(pixels)
}

/// Returns three coordinates for each of the 478 landmarks, and one score.
pub(super) fn landmarks(pixels: Vec<f32>) -> Option<[Vec<f32>; 2]> {
    LANDMARKS.as_ref()?.run(pixels)
}

struct Network {
    model: Model,
    side: usize,
    input: NodeId,
    outputs: [NodeId; 2],
}

impl Network {
    /// Loads a network, with only the operators that the two networks need. Returns `None` if the file is damaged. The tests check that the
    /// files are not damaged.
    fn read(file: &'static [u8], side: usize, outputs: [&str; 2]) -> Option<Self> {
        let operators = op_registry!(Add, Cast, Concat, Conv, Identity, MaxPool, PRelu, Pad, Relu, Reshape, Sigmoid, Transpose);
        let mut options = ModelOptions::with_ops(operators);
        options.prepack_weights(true);
        let model = options.load_static_slice(file).ok()?;
        let input = *model.input_ids().first()?;
        let [first, second] = outputs.map(|name| model.node_id(name).ok());
        Some(Self { side, input, outputs: [first?, second?], model })
    }

    /// Runs the network on a square picture: rows of pixels, each with red, green and blue.
    fn run(&self, pixels: Vec<f32>) -> Option<[Vec<f32>; 2]> {
        let input = NdTensor::<f32, 4>::try_from_data([1, self.side, self.side, 3], pixels).ok()?;
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&ONE_THREAD)));
        let [first, second] = self.model.run_n(vec![(self.input, input.into())], self.outputs, Some(options)).ok()?;
        Some([Tensor::<f32>::try_from(first).ok()?.into_data(), Tensor::<f32>::try_from(second).ok()?.into_data()])
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// Decodes a PNG that `make models` has written, and returns the numbers that the network receives.
    fn input(file: &[u8], scale: f32, offset: f32) -> Vec<f32> {
        let mut reader = png::Decoder::new(Cursor::new(file)).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("the size of a PNG")];
        reader.next_frame(&mut pixels).expect("the pixels of a PNG");
        pixels.into_iter().map(|level| f32::from(level) / scale - offset).collect()
    }

    fn numbers(file: &[u8]) -> Vec<f32> {
        file.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four bytes"))).collect()
    }

    /// Asserts that corresponding numbers differ by at most the tolerance.
    fn assert_close(ours: &[f32], theirs: &[f32], tolerance: f32) {
        assert_eq!(ours.len(), theirs.len());
        let largest = ours.iter().zip(theirs).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
        assert!(largest <= tolerance, "the largest difference is {largest}");
    }

    // LiteRT and `rten` add the same products in different orders, so their results differ slightly. The tolerances of the following tests
    // are in pixels of the input for points, and in logits for scores.

    #[test]
    fn the_detector_finds_the_same_as_litert() {
        let pixels = input(include_bytes!("../../tests/data/networks/face_detector.png"), 127.5, 1.0);
        let expected = numbers(include_bytes!("../../tests/data/networks/face_detector.f32"));
        let [boxes, scores] = detector(pixels).expect("the network runs");
        let (expected_boxes, expected_scores) = expected.split_at(boxes.len());
        assert_close(&boxes, expected_boxes, 0.01);
        assert_close(&scores, expected_scores, 0.01);
    }

    #[test]
    fn the_landmarks_are_the_same_as_litert_s() {
        let pixels = input(include_bytes!("../../tests/data/networks/face_landmarks_detector.png"), 255.0, 0.0);
        let expected = numbers(include_bytes!("../../tests/data/networks/face_landmarks_detector.f32"));
        let [points, score] = landmarks(pixels).expect("the network runs");
        assert_close(&points, &expected[..points.len()], 0.01);
        assert_close(&score, &expected[points.len()..=points.len()], 0.01);
    }
}
