// TensorFlow.js on WebAssembly makes minus infinity of NaN in convolutions and average pools.
//
// XNNPACK, which computes them, keeps results between two bounds, here the infinities, by
// instructions that give the bound for a NaN. A network that has diverged thus goes on with
// infinities, and after a relu with zeros, as if all was well. The backend cpu keeps the NaN, and
// so do conv3d and avgPool3d. Needs @tensorflow/tfjs and @tensorflow/tfjs-backend-wasm only; exits
// with 1 where the finding shows.

const tf = require("@tensorflow/tfjs");
require("@tensorflow/tfjs-backend-wasm");

async function main() {
  await tf.setBackend("wasm");
  const conv = tf.conv2d(tf.tensor([NaN, 1], [1, 1, 2, 1]), tf.ones([1, 1, 1, 1]), 1, "valid");
  const mean = tf.avgPool(tf.tensor([NaN, 1], [1, 2, 1, 1]), [2, 1], 1, "valid");
  const got = [conv, mean].map((result) => result.dataSync()[0]);
  console.log("expected: NaN NaN  got:", ...got);
  process.exit(got.every(Number.isNaN) ? 0 : 1);
}

main();
