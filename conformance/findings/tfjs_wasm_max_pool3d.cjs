// TensorFlow.js's maxPool3d on WebAssembly gives no value below 1.18e-38.
//
// Its kernel starts from numeric_limits<float>::min(), which is the smallest positive normal
// number; lowest() is meant. So windows of negative values, and of zeros, give 1.1754944e-38. Where
// a window lies in padding by "same", the result may hang on values that it leaves out, too: see
// the finding on conv3d. Needs @tensorflow/tfjs and @tensorflow/tfjs-backend-wasm only; exits with
// 1 where the finding shows.

const tf = require("@tensorflow/tfjs");
require("@tensorflow/tfjs-backend-wasm");

async function main() {
  await tf.setBackend("wasm");
  const x = tf.tensor([-1, -2], [1, 1, 1, 2, 1]);
  const got = tf.maxPool3d(x, [1, 1, 2], 1, "valid").dataSync()[0];
  console.log("expected: -1  got:", got);
  process.exit(got === -1 ? 0 : 1);
}

main();
