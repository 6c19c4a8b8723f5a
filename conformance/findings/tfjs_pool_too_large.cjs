// TensorFlow.js answers a pool whose window is larger than its input with an empty tensor.
//
// A window of two does not fit on one value. The size computed is 0, and nobody asks further, so
// that a network goes on with nothing; where it is negative, an error is raised, as for any window
// that does not fit it should be. Needs @tensorflow/tfjs only; exits with 1 where the finding shows.

const tf = require("@tensorflow/tfjs");

let bad = 0;
for (const [name, pool] of Object.entries({ maxPool: tf.maxPool, avgPool: tf.avgPool })) {
  let got;
  try {
    const result = pool(tf.ones([1, 1, 1, 1]), [2, 1], 1, "valid");
    got = `a tensor of the shape [${result.shape}]`;
    bad = 1;
  } catch (error) {
    got = String(error);
  }
  console.log(`${name}: expected an error; got`, got);
}
process.exit(bad);
