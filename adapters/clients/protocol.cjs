// The protocol of PROTOCOL.md for a backend in JavaScript. Of Node.js alone.
"use strict";
const fs = require("node:fs");

const KINDS = {
  float64: Float64Array, float32: Float32Array, bool: Uint8Array,
  int8: Int8Array, int16: Int16Array, int32: Int32Array, int64: BigInt64Array,
  uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, uint64: BigUint64Array,
};

/** A request that the backend declines; the message says why. */
class Unsupported extends Error {}

/**
 * Say hello, and answer requests until there are no more. `operations` has a function for each
 * operation: it is given arrays by name, each `{dtype, shape, values}`, and the parameters, and
 * returns arrays by name. `script` returns the lines of Python that make a call, if it is given.
 */
function serve(hello, operations, script = () => null) {
  console.log = console.info = console.debug = console.error; // standard output is the protocol's
  const offers = Object.fromEntries(Object.keys(operations).map((name) => [name, "own"]));
  send({ status: "ready", contract: 2, offers, ...hello });
  for (let request = receive(); request; request = receive()) {
    answer(request, operations, script);
  }
}

function answer({ header, arrays }, operations, script) {
  let found;
  try {
    if (header.script) return send({ status: "script", text: script(header.script) });
    const operation = operations[header.operation];
    if (!operation) throw new Unsupported(`${header.operation}: not offered`);
    found = operation(arrays, header.parameters);
  } catch (error) {
    const status = error instanceof Unsupported ? "unsupported" : "error";
    return send({ status, type: error.name, message: String(error.message).slice(0, 2000) });
  }
  return send({ status: "result" }, found);
}

function send(header, arrays = {}) {
  const listed = Object.entries(arrays).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const text = Buffer.from(JSON.stringify({ ...header, arrays: listed }));
  const values = Object.values(arrays).map(({ values: v }) =>
    Buffer.from(v.buffer, v.byteOffset, v.byteLength));
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(4 + text.length + values.reduce((sum, v) => sum + v.length, 0), 0);
  lengths.writeUInt32BE(text.length, 4);
  const frame = Buffer.concat([lengths, text, ...values]);
  for (let sent = 0; sent < frame.length;) sent += fs.writeSync(1, frame, sent);
}

/** The next message, or null after the last. */
function receive() {
  const size = read(4);
  const frame = size && read(size.readUInt32BE());
  if (!frame) return null;
  let at = 4 + frame.readUInt32BE();
  const header = JSON.parse(frame.toString("utf8", 4, at));
  const arrays = {};
  for (const { name, dtype, shape } of header.arrays) {
    const Kind = KINDS[dtype];
    const end = at + shape.reduce((product, n) => product * n, 1) * Kind.BYTES_PER_ELEMENT;
    // A copy: the values of a typed array must start at a multiple of their size.
    const values = new Kind(Uint8Array.from(frame.subarray(at, end)).buffer);
    arrays[name] = { dtype, shape, values };
    at = end;
  }
  return { header, arrays };
}

function read(size) {
  const bytes = Buffer.alloc(size);
  for (let there = 0; there < size;) {
    const count = fs.readSync(0, bytes, there, size - there);
    if (!count) return null;
    there += count;
  }
  return bytes;
}

module.exports = { Unsupported, serve };
