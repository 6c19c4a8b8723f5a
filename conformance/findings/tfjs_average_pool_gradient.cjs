// TensorFlow.js's gradient of an average pool is not that of the average pool, where there is
// padding.
//
// avgPool and avgPool3d leave padding out of the mean: a window with one value and one zero beside
// it has that value for its mean. Their gradients divide by the whole kernel all the same: half of
// the gradient is lost there. So it is on the backends cpu and wasm, with "same" and with amounts.
// Needs @tensorflow/tfjs only; exits with 1 where the finding shows.

const tf = require("@tensorflow/tfjs");

async function main() {
  await tf.setBackend("cpu");
  const pool = (x) => tf.avgPool(x, [1, 2], [1, 2], "same");
  const x = tf.tensor([3, 3, 3], [1, 1, 3, 1]);
  const got = tf.grad(pool)(x, tf.tensor([6, 6], [1, 1, 2, 1])).dataSync().join(" ");
  console.log("the means: expected 3 3  got", pool(x).dataSync().join(" "));
  console.log("the gradient: expected 3 3 6  got", got);
  process.exit(got === "3 3 6" ? 0 : 1);
}

main();
