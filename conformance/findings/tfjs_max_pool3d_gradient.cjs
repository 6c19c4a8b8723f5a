// TensorFlow.js gives the gradient of maxPool3d to wrong values, or loses it, where a window is not
// as high as wide.
//
// On the backend cpu, maxPool3dPositions numbers the places of a window by wDepth *
// effectiveFilterHeight * effectiveFilterWidth + wRow * effectiveFilterHeight + wCol, and
// maxPool3DGrad reads the numbers with rows of effectiveFilterWidth, as they should be. In a window
// of three rows of one value, that of the last row is taken for number 6 of 3. Needs
// @tensorflow/tfjs only; exits with 1 where the finding shows.

const tf = require("@tensorflow/tfjs");

async function main() {
  await tf.setBackend("cpu");
  const pool = (x) => tf.maxPool3d(x, [1, 3, 1], [1, 3, 1], "valid");
  const x = tf.tensor([1, 2, 3], [1, 1, 3, 1, 1]);
  const got = tf.grad(pool)(x, tf.tensor([5], [1, 1, 1, 1, 1])).dataSync().join(" ");
  console.log("expected: 0 0 5  got:", got);
  process.exit(got === "0 0 5" ? 0 : 1);
}

main();
