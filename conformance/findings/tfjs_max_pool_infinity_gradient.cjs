// TensorFlow.js loses the gradient of a max pool whose window holds minus infinities only.
//
// The place of the largest value is looked for by comparing with a minus infinity to begin with,
// which no minus infinity is larger than; so there is no place, and the gradient goes nowhere. It
// belongs to the first of the equal values. LAYER-26 fails, and is not listed as known: on three axes
// maxPool3d's wrong places come on top. Needs @tensorflow/tfjs only; exits with 1 where the finding
// shows.

const tf = require("@tensorflow/tfjs");

const pool = (x) => tf.maxPool(x, [1, 2], [1, 2], "valid");
const x = tf.fill([1, 1, 2, 1], -Infinity);
const got = tf.grad(pool)(x, tf.tensor([5], [1, 1, 1, 1])).dataSync().join(" ");
console.log("expected: 5 0  got:", got);
process.exit(got === "5 0" ? 0 : 1);
