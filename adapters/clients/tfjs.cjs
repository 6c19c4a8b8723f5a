// TensorFlow.js through Node: its CPU backend in JavaScript, or WebAssembly: node tfjs.cjs [wasm].
// The packages are those that `npm install @tensorflow/tfjs` put beside the current folder.
"use strict";
const { createRequire } = require("node:module");
const { join } = require("node:path");
const { Unsupported, serve } = require("./protocol.cjs");
const { script } = require("./tfjs_script.cjs");

const local = createRequire(join(process.cwd(), "here.cjs"));
const wasm = process.argv.includes("wasm");
const LEAKY_SLOPE = 0.01;
const LACKING = /Kernel '.*' not registered|gradient function not found for/;
const NAMED = { valid: "valid", same_upper: "same" };
let tf;

// In the layout of the specification, so that gradients are, too; TensorFlow.js has channels last.

function cross_correlate({ x, filters, bias }, { stride, padding, dilation, groups }) {
  const axes = stride.length;
  if (x.shape[1] !== groups * filters.shape[1]) {
    // It has no such parameter: it infers the groups from these two numbers.
    throw new RangeError(`${x.shape[1]} channels, ${groups} groups of ${filters.shape[1]}`);
  }
  declineBoth(stride, dilation);
  let [image, pad] = [channelsLast(x), amount(padding)];
  if (axes === 3 && typeof pad !== "string") [image, pad] = [tf.pad(image, pad), "valid"];
  let result;
  if (groups > 1) {
    if (axes !== 2 || filters.shape[1] > 1) {
      throw new Unsupported("groups: TensorFlow.js has depthwise_conv2d only");
    }
    // The filters of one channel come one after another, and so do their results.
    const each = filters.reshape([groups, -1, ...filters.shape.slice(2)]).transpose([2, 3, 0, 1]);
    result = tf.depthwiseConv2d(image, each, stride, pad, "NHWC", dilation);
  } else {
    const bank = filters.transpose([...range(2, axes + 2), 1, 0]);
    if (axes === 1) result = tf.conv1d(image, bank, stride[0], pad, "NWC", dilation[0]);
    if (axes === 2) result = tf.conv2d(image, bank, stride, pad, "NHWC", dilation);
    if (axes === 3) result = tf.conv3d(image, bank, stride, pad, "NDHWC", dilation);
  }
  return channelsFirst(bias ? result.add(bias) : result);
}

function transposed_cross_correlate(
  { x, filters, bias }, { stride, padding, output_padding, dilation, groups },
) {
  const axes = stride.length;
  if (axes === 1) throw new Unsupported("TensorFlow.js has no transpose of one axis");
  if (groups > 1) throw new Unsupported("the transposes of TensorFlow.js have no groups");
  if (Math.max(...dilation) > 1) throw new Unsupported("the transposes have no dilation");
  const named = typeof padding === "string";
  const cut = axes === 3 && !named; // conv3dTranspose takes no amounts
  const size = x.shape.slice(2).map((n, i) => {
    if (padding === "same_upper") return n * stride[i];
    const taken = named || cut ? 0 : padding[i][0] + padding[i][1];
    return (n - 1) * stride[i] + filters.shape[i + 2] + output_padding[i] - taken;
  });
  const bank = filters.transpose([...range(2, axes + 2), 1, 0]);
  const given = [channelsLast(x), bank, [x.shape[0], ...size, filters.shape[1]], stride];
  let result = axes === 2
    ? tf.conv2dTranspose(...given, amount(padding))
    : tf.conv3dTranspose(...given, cut ? "valid" : amount(padding));
  if (cut) {
    const from = [0, ...padding.map(([low]) => low), 0];
    const kept = size.map((n, i) => n - padding[i][0] - padding[i][1]);
    result = result.slice(from, [x.shape[0], ...kept, filters.shape[1]]);
  }
  return channelsFirst(bias ? result.add(bias) : result);
}

function max_pool({ x }, { kernel, stride, padding, dilation, ceil_mode }) {
  declineOfPools(kernel, ceil_mode);
  declineBoth(stride, dilation);
  const [image, pad] = [channelsLast(x), amount(padding)];
  if (kernel.length === 2) {
    return channelsFirst(tf.pool(image, kernel, "max", pad, dilation, stride));
  }
  if (Math.max(...dilation) > 1) throw new Unsupported("maxPool3d has no dilation");
  return channelsFirst(tf.maxPool3d(image, kernel, stride, ofThreeAxes(pad)));
}

function average_pool({ x }, { kernel, stride, padding, ceil_mode, count_include_pad }) {
  declineOfPools(kernel, ceil_mode);
  const [image, pad] = [channelsLast(x), amount(padding)];
  if (pad !== "valid" && count_include_pad) {
    throw new Unsupported("TensorFlow.js leaves padding out of the mean");
  }
  const found = kernel.length === 2
    ? tf.avgPool(image, kernel, stride, pad)
    : tf.avgPool3d(image, kernel, stride, ofThreeAxes(pad));
  return channelsFirst(found);
}

function activation({ x }, { kind }) {
  if (kind === "leaky_relu") return tf.leakyRelu(x, LEAKY_SLOPE);
  if (kind.startsWith("gelu")) throw new Unsupported(`TensorFlow.js has no operation ${kind}`);
  return tf[kind](x);
}

function dense({ x, weights, bias }) {
  const result = tf.matMul(x, weights, false, true);
  return bias ? result.add(bias) : result;
}

const DIFFERENTIABLE = {
  cross_correlate, transposed_cross_correlate, max_pool, average_pool, activation, dense,
};

/** By the automatic differentiation of TensorFlow.js. */
function gradients(operation) {
  return ({ gradient, ...given }, parameters) => {
    if (Math.max(...(parameters.dilation ?? [1])) > 1) {
      throw new Unsupported("TensorFlow.js has no gradients with dilation");
    }
    const names = Object.keys(given);
    const of = (...tensors) =>
      operation(Object.fromEntries(names.map((name, i) => [name, tensors[i]])), parameters);
    const found = tf.grads(of)(Object.values(given), gradient);
    return Object.fromEntries(names.map((name, i) => [`result/${name}`, found[i]]));
  };
}

function amount(padding) {
  if (typeof padding !== "string") {
    if (padding.flat().every((zeros) => zeros === 0)) return "valid";
    const rows = padding.length === 1 ? [[0, 0]] : []; // conv1d has the amounts of conv2d
    return [[0, 0], ...rows, ...padding, [0, 0]];
  }
  if (!NAMED[padding]) throw new Unsupported(`padding by the name ${padding}`);
  return NAMED[padding];
}

function ofThreeAxes(pad) {
  if (typeof pad === "string") return pad;
  throw new Unsupported("pools of three axes take no amounts of padding");
}

function declineBoth(stride, dilation) {
  if (Math.max(...stride) > 1 && Math.max(...dilation) > 1) {
    throw new Unsupported("TensorFlow.js takes a stride or a dilation, not both");
  }
}

function declineOfPools(kernel, ceil_mode) {
  if (kernel.length === 1) throw new Unsupported("TensorFlow.js has no pools of one axis");
  if (ceil_mode) throw new Unsupported("ceil_mode: not asked for");
}

const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);
const channelsLast = (x) => x.transpose([0, ...range(2, x.rank), 1]);
const channelsFirst = (x) => x.transpose([0, x.rank - 1, ...range(1, x.rank - 1)]);

/** An operation on tensors as one on arrays. */
function onArrays(operation) {
  return (arrays, parameters) => whatTfjsSays(() => tf.tidy(() => {
    const tensors = Object.entries(arrays).map(([name, { dtype, shape, values }]) => {
      if (dtype !== "float32") throw new Unsupported(`TensorFlow.js does not compute in ${dtype}`);
      return [name, tf.tensor(values, shape, dtype)];
    });
    const found = operation(Object.fromEntries(tensors), parameters);
    const named = found instanceof tf.Tensor ? { result: found } : found;
    return Object.fromEntries(Object.entries(named).map(([name, tensor]) =>
      [name, { dtype: tensor.dtype, shape: tensor.shape, values: tensor.dataSync() }]));
  }));
}

/** What it has not is declined; where WebAssembly broke off, nothing after it can be relied on. */
function whatTfjsSays(ask) {
  try {
    return ask();
  } catch (error) {
    if (LACKING.test(error.message)) throw new Unsupported(error.message);
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    console.error(error);
    return process.abort();
  }
}

async function main() {
  tf = local("@tensorflow/tfjs");
  if (wasm) local("@tensorflow/tfjs-backend-wasm");
  if (!(await tf.setBackend(wasm ? "wasm" : "cpu"))) throw new Error("this backend does not start");
  const operations = {};
  for (const [name, operation] of Object.entries(DIFFERENTIABLE)) {
    operations[name] = onArrays(operation);
    operations[`gradients of ${name}`] = onArrays(gradients(operation));
  }
  serve(
    {
      name: wasm ? "tfjs+wasm" : "tfjs",
      version: tf.version.tfjs,
      dtypes: ["float32"],
      named_padding: Object.keys(NAMED),
      named_transposed_padding: Object.keys(NAMED),
      environment: { "Node.js": process.version, backend: tf.getBackend() },
    },
    operations,
    (call) => script({ ...call, padding: amount(call.padding), backend: tf.getBackend() }),
  );
}

main();
