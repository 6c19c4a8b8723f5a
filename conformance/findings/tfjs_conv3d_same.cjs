// TensorFlow.js leaves out values with padding "same" of three axes, where the stride exceeds the
// filter.
//
// A filter of one value with a stride of 3 over three values needs no padding: the one result is
// the first value, and so it is in conv2d, where the amount computed is no less than 0. In conv3d,
// avgPool3d and maxPool3d it is -2, and half of it is taken off the front: the result is the second
// value. Where -1 is halved, a value goes as well, unlike in TensorFlow's conv3d. So it is on the
// backends cpu and wasm. conv3dTranspose, which is to undo that, adds as many zeros in front. Needs
// @tensorflow/tfjs only; exits with 1 where the finding shows.

const tf = require("@tensorflow/tfjs");

async function main() {
  await tf.setBackend("cpu");
  const values = tf.tensor([3, -4, -9]);
  const in2d = tf.conv2d(values.reshape([1, 1, 3, 1]), tf.ones([1, 1, 1, 1]), [1, 3], "same");
  const x = values.reshape([1, 1, 1, 3, 1]);
  const in3d = tf.conv3d(x, tf.ones([1, 1, 1, 1, 1]), [1, 1, 3], "same");
  const mean = tf.avgPool3d(x, [1, 1, 1], [1, 1, 3], "same");
  const three = tf.tensor([3], [1, 1, 1, 1, 1]);
  const back = tf.conv3dTranspose(three, tf.ones([1, 1, 1, 1, 1]), x.shape, [1, 1, 3], "same");
  const got = [in3d, mean, back].map((result) => result.dataSync()[0]);
  console.log("conv2d:", in2d.dataSync()[0], "conv3d:", got[0], "avgPool3d:", got[1]);
  console.log("conv3dTranspose: expected 3 0 0, got", back.dataSync().join(" "));
  process.exit(got.some((value) => value !== 3) ? 1 : 0);
}

main();
