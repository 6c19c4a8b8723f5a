// TensorFlow.js on WebAssembly sums up the gradients of conv3d over a part of their terms, or over
// too many.
//
// NDHWCConv3DBackpropInputV2Impl bounds the frames by DivFloor(filter_depth, stride_depth), where
// rows and columns have the corner added: beyond the first frames the gradient by the input is
// zero, and before them filters are read at negative indices. With strides, the gradients by input
// and by filters both lose terms, because the upper bounds are rounded down, and DivCeil rounds
// negative quotients up once too often. conv3dTranspose is the gradient by the input, and as wrong.
// No clause is listed as known, since what lies before the filters in memory cannot be predicted:
// GRAD-2 and most of the clauses after it fail. Needs @tensorflow/tfjs and
// @tensorflow/tfjs-backend-wasm only; exits with 1 where the finding shows.

const tf = require("@tensorflow/tfjs");
require("@tensorflow/tfjs-backend-wasm");

async function main() {
  await tf.setBackend("wasm");
  const conv = (x) => tf.conv3d(x, tf.ones([1, 1, 1, 1, 1]), 1, "valid");
  const x = tf.ones([1, 2, 1, 1, 1]);
  const got = tf.grad(conv)(x, tf.tensor([5, 7], [1, 2, 1, 1, 1])).dataSync().join(" ");
  console.log("expected: 5 7  got:", got);
  process.exit(got === "5 7" ? 0 : 1);
}

main();
