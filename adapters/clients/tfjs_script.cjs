// What shows a failure of TensorFlow.js where convspec is not installed.
"use strict";

const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

/** A call by the API of TensorFlow.js alone, as Python that runs Node.js where its packages are. */
function script({ stride, padding, dilation, groups, bias, backend }) {
  const axes = stride.length;
  const inputs = ["x", "filters", ...(bias ? ["bias"] : [])];
  const layout = groups > 1
    ? `tf.reshape(filters, [${groups}, -1, ...filters.shape.slice(2)]).transpose([2, 3, 0, 1])`
    : `tf.transpose(filters, ${JSON.stringify([...range(2, axes + 2), 1, 0])})`;
  const explicit = axes === 3 && typeof padding !== "string";
  const given = [
    explicit ? `tf.pad(image, ${JSON.stringify(padding)})` : "image", "bank",
    JSON.stringify(axes === 1 ? stride[0] : stride), JSON.stringify(explicit ? "valid" : padding),
    ["'NWC'", "'NHWC'", "'NDHWC'"][axes - 1], JSON.stringify(axes === 1 ? dilation[0] : dilation),
  ];
  const name = groups > 1 ? "depthwiseConv2d" : `conv${axes}d`;
  const also = backend === "wasm" ? '\nrequire("@tensorflow/tfjs-backend-wasm");' : "";
  return `\
import json
import subprocess

program = r"""
const tf = require("@tensorflow/tfjs");${also}
const fs = require("node:fs");

async function main() {
  await tf.setBackend("${backend}");
  const bytes = fs.readFileSync(0);
  let at = 0;
  const [${inputs.join(", ")}] = JSON.parse(process.argv[1]).map((shape) => {
    const from = at;
    at += 4 * tf.util.sizeFromShape(shape);
    const values = Uint8Array.from(bytes.subarray(from, at));
    return tf.tensor(new Float32Array(values.buffer), shape);
  });
  const image = tf.transpose(x, ${JSON.stringify([0, ...range(2, axes + 2), 1])});
  const bank = ${layout};
  let got = tf.${name}(${given.join(", ")});
  ${bias ? "got = tf.add(got, bias);" : ""}
  got = tf.transpose(got, ${JSON.stringify([0, axes + 1, ...range(1, axes + 1)])});
  fs.writeSync(1, JSON.stringify(got.shape) + "\\n");
  fs.writeSync(1, Buffer.from(got.dataSync().buffer));
}
main();
"""
arrays = [${inputs.join(", ")}]
said = subprocess.run(
    ["node", "-e", program, json.dumps([a.shape for a in arrays])],
    input=b"".join(a.tobytes() for a in arrays),
    stdout=subprocess.PIPE,
    check=True,
    cwd=${JSON.stringify(process.cwd())},  # with node_modules in it
).stdout
shape, _, values = said.partition(b"\\n")
got = np.frombuffer(values, "float32").reshape(json.loads(shape))
`;
}

module.exports = { script };
