// TensorFlow.js on WebAssembly loses the gradient of a max pool where no value of a window is
// positive.
//
// MaxPoolGrad and MaxPool3DGrad look for the largest value from numeric_limits<float>::min() on,
// which is the smallest positive number, where lowest() is meant. If nothing is found, the place is
// 0: the very first value of the tensor gets the gradient, if it lies in the window, and else
// nobody does. After batch normalisation that is half of all windows of one value. Needs
// @tensorflow/tfjs and @tensorflow/tfjs-backend-wasm only; exits with 1 where the finding shows.

const tf = require("@tensorflow/tfjs");
require("@tensorflow/tfjs-backend-wasm");

async function main() {
  await tf.setBackend("wasm");
  const pool = (x) => tf.maxPool(x, [1, 1], 1, "valid");
  const x = tf.tensor([-1, -1], [1, 1, 1, 2]);
  const got = tf.grad(pool)(x, tf.tensor([7, 3], [1, 1, 1, 2])).dataSync().join(" ");
  console.log("expected: 7 3  got:", got);
  process.exit(got === "7 3" ? 0 : 1);
}

main();
