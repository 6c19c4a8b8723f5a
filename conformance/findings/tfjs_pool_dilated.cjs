// TensorFlow.js's max pools with a dilation ignore amounts of padding, and let zeros of "same" win.
//
// tf.pool brings a dilation about by rearranging its input, and pools with "valid" then. For "same"
// it pads with zeros before, which are larger than negative values. Amounts of padding are not
// looked at any more, and nothing says so. Without a dilation both are right. Needs
// @tensorflow/tfjs only; exits with 1 where the finding shows.

const tf = require("@tensorflow/tfjs");

async function main() {
  await tf.setBackend("cpu");
  const x = tf.tensor([-3, -2, -1, -2], [1, 4, 1, 1]);
  const amounts = [[0, 0], [0, 1], [0, 0], [0, 0]];
  const pooled = (pad) => tf.pool(x, [2, 1], "max", pad, [2, 1], [1, 1]).dataSync().join(" ");
  console.log("same:    expected -2 -1 -2 -1  got", pooled("same"));
  console.log("amounts: expected -1 -2 -1     got", pooled(amounts));
  process.exit(pooled("same") !== "-2 -1 -2 -1" || pooled(amounts) !== "-1 -2 -1" ? 1 : 0);
}

main();
