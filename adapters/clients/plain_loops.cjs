// A backend in JavaScript that is plain loops. From the folder of this file:
//
//     python -m conformance --backend "pipe:node plain_loops.cjs"
"use strict";
const { Unsupported, serve } = require("./protocol.cjs");

function cross_correlate({ x, filters, bias }, { stride, padding, dilation, groups }) {
  const [batch, channels, ...size] = x.shape;
  const [maps, depth, ...kernel] = filters.shape;
  if (channels !== groups * depth || maps % groups || (bias && bias.shape[0] !== maps)) {
    throw new RangeError(`${channels} channels, ${maps} filters of ${depth}, ${groups} groups`);
  }
  if (typeof padding === "string") throw new Unsupported(`padding by the name ${padding}`);
  if (Math.min(...stride, ...dilation) < 1) throw new RangeError("steps are 1 or more");
  const out = size.map((n, i) => {
    const span = dilation[i] * (kernel[i] - 1) + 1;
    return Math.floor((n + padding[i][0] + padding[i][1] - span) / stride[i]) + 1;
  });
  if (Math.min(...out) < 1) throw new RangeError("the filter is larger than the padded input");

  const result = { dtype: x.dtype, shape: [batch, maps, ...out] };
  result.values = new x.values.constructor(count(result.shape));
  const places = [...indices(out)];
  const taps = [...indices([depth, ...kernel])];
  let at = 0;
  for (let item = 0; item < batch; item++) {
    for (let map = 0; map < maps; map++) {
      const first = Math.floor((map * groups) / maps) * depth;
      for (const place of places) {
        let total = bias ? bias.values[map] : 0;
        for (const [channel, ...tap] of taps) {
          const seen = place.map((p, i) => p * stride[i] + tap[i] * dilation[i] - padding[i][0]);
          const inside = seen.every((s, i) => s >= 0 && s < size[i]);
          const value = inside ? x.values[index([item, first + channel, ...seen], x.shape)] : 0;
          total += value * filters.values[index([map, channel, ...tap], filters.shape)];
        }
        result.values[at++] = total;
      }
    }
  }
  return { result };
}

const count = (shape) => shape.reduce((product, n) => product * n, 1);
const index = (place, shape) => place.reduce((at, p, i) => at * shape[i] + p, 0);

/** Every index of an array of this shape, in C order. */
function* indices(shape) {
  for (let at = 0; at < count(shape); at++) {
    yield shape.map((n, i) => Math.floor(at / count(shape.slice(i + 1))) % n);
  }
}

serve(
  { name: "plain-loops-js", version: process.version, environment: { V8: process.versions.v8 } },
  { cross_correlate },
);
