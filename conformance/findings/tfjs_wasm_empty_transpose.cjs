// TensorFlow.js on WebAssembly traps when it transposes a tensor without values.
//
// An empty batch of shape [0, 2, 3] with its last axes exchanged is an empty batch of shape [0, 3,
// 2], on the backend cpu as elsewhere. On wasm it is a RuntimeError, "divide by zero", that the
// module does not survive: later calls may give anything. So the client of the suite ends itself,
// and clauses on empty batches, which reach TensorFlow.js's layout by a transposition, come out as
// a crash. Needs @tensorflow/tfjs and @tensorflow/tfjs-backend-wasm only; exits with 1 where the
// finding shows.

const tf = require("@tensorflow/tfjs");
require("@tensorflow/tfjs-backend-wasm");

async function main() {
  await tf.setBackend("wasm");
  let got;
  try {
    got = `a tensor of the shape [${tf.transpose(tf.zeros([0, 2, 3]), [0, 2, 1]).shape}]`;
  } catch (error) {
    got = `${error.constructor.name}: ${error.message}`;
  }
  console.log("expected a tensor of the shape [0,3,2]; got", got);
  process.exit(got.includes("[0,3,2]") ? 0 : 1);
}

main();
