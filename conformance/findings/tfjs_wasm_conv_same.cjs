// TensorFlow.js on WebAssembly gives zeros for padding "same" where the stride exceeds the filter.
//
// A filter of two over three values with a stride of 3 needs no padding: the one window holds the
// first two. XNNPACK computes the amount, -1, in unsigned numbers, takes about 2^31 zeros to lie in
// front, and sees zeros only. So it is in conv1d, conv2d and depthwiseConv2d, on any axis; filters
// of a single tap are right, and so is the backend cpu. Needs @tensorflow/tfjs and
// @tensorflow/tfjs-backend-wasm only; exits with 1 where the finding shows.

const tf = require("@tensorflow/tfjs");
require("@tensorflow/tfjs-backend-wasm");

async function main() {
  await tf.setBackend("wasm");
  const x = tf.tensor([1, 2, 4], [1, 3, 1]);
  const got = tf.conv1d(x, tf.tensor([1, 10], [2, 1, 1]), 3, "same").dataSync()[0];
  console.log("expected: 21  got:", got);
  process.exit(got === 21 ? 0 : 1);
}

main();
