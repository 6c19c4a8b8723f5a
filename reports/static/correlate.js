"use strict";
// Cross-correlation as reference/correlation.py defines it, for one input in two dimensions.
//
// An input is a list of channels, and so is a filter; a channel is a list of rows of numbers.
// How a filter slides: { stride: [2, 1], padding: [[before, after], [before, after]],
// dilation: [1, 1], groups: 1, flip: false }, for rows and columns.
(function (page) {
  class SizeError extends Error {}

  /** How far a filter with holes reaches on one axis. */
  function extent(kernel, dilation) {
    return dilation * (kernel - 1) + 1;
  }

  /** The rows and columns of an array. */
  function sizeOf(channels) {
    return [channels[0].length, channels[0][0].length];
  }

  /** How many stops there are on each axis; SizeError where the filter does not fit. */
  function outputSize(size, kernel, { stride, padding, dilation }) {
    return size.map((inside, axis) => {
      const room = inside + padding[axis][0] + padding[axis][1];
      const reach = extent(kernel[axis], dilation[axis]);
      if (reach > room) {
        const [across, lines] = axis ? ["wide", "columns"] : ["high", "rows"];
        throw new SizeError(
          `The filter does not fit: it is ${reach} values ${across}, holes included, and the ` +
            `padded input has only ${room} ${lines}.`,
        );
      }
      return Math.floor((room - reach) / stride[axis]) + 1;
    });
  }

  /** The filter upside down and back to front, as convolution uses it. */
  function turned(filter) {
    return filter.map((channel) => channel.map((row) => [...row].reverse()).reverse());
  }

  /** The products of one stop, a list of rows for each channel. Padding has the value 0. */
  function products(channels, filter, [row, column], { stride, padding, dilation }) {
    return filter.map((weights, channel) =>
      weights.map((line, i) =>
        line.map((weight, j) => {
          const y = row * stride[0] + i * dilation[0] - padding[0][0];
          const x = column * stride[1] + j * dilation[1] - padding[1][0];
          const inside = channels[channel][y]?.[x];
          const value = inside ?? 0;
          return { value, weight, product: value * weight, padding: inside === undefined };
        }),
      ),
    );
  }

  /** The sum of the element-wise products: the Frobenius inner product of window and filter. */
  function sum(terms) {
    let total = 0;
    for (const { product } of terms.flat(2)) total += product;
    return total;
  }

  /** One feature map for each filter. */
  function correlate(input, filters, sliding) {
    const [rows, columns] = outputSize(sizeOf(input), sizeOf(filters[0]), sliding);
    const depth = filters[0].length;
    const filtersPerGroup = filters.length / (sliding.groups ?? 1);
    return filters.map((filter, k) => {
      const first = Math.floor(k / filtersPerGroup) * depth;
      const seen = input.slice(first, first + depth);
      const used = sliding.flip ? turned(filter) : filter;
      return Array.from({ length: rows }, (_, row) =>
        Array.from({ length: columns }, (_, column) =>
          sum(products(seen, used, [row, column], sliding)),
        ),
      );
    });
  }

  page.correlation = {
    SizeError, extent, sizeOf, outputSize, turned, products, sum, correlate,
  };
})((globalThis.convspec ??= {}));
