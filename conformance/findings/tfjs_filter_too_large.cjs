// TensorFlow.js answers a convolution whose filter is larger than its input with an empty tensor.
//
// A filter of two on one value has no window. TensorFlow refuses that in most of its operations;
// here the size computed is 0 and nobody asks further, so that a network goes on with nothing.
// Needs @tensorflow/tfjs only; exits with 1 where the finding shows.

const tf = require("@tensorflow/tfjs");

let got;
try {
  const result = tf.conv1d(tf.ones([1, 1, 1]), tf.ones([2, 1, 1]), 1, "valid");
  got = `a tensor of the shape [${result.shape}]`;
} catch (error) {
  got = String(error);
}
console.log("expected an error; got", got);
process.exit(got.includes("[1,0,1]") ? 1 : 0);
