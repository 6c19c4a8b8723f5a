"use strict";
// Pictures of arrays. They have a resolution of their own, so a hidden page can be drawn, too.
(function (page) {
  const SHARP = 784; // pixels on the longer side of a large picture

  let colours = {};

  /** Take the colours of the style sheet, which are others when it is dark. */
  function takeColours(element) {
    const style = getComputedStyle(element);
    const read = (name) => parse(style.getPropertyValue(`--${name}`).trim());
    colours = Object.fromEntries(
      ["negative", "zero", "positive", "unseen", "mark", "mark-edge"].map((n) => [n, read(n)]),
    );
  }

  function parse(hex) {
    return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  }

  function css(colour) {
    return `rgb(${colour.map(Math.round).join(" ")})`;
  }

  /** Between the colour of zero and that of the sign, by the size. */
  function diverging(value, largest) {
    const end = value < 0 ? colours.negative : colours.positive;
    const share = largest > 0 ? Math.min(Math.abs(value) / largest, 1) : 0;
    return colours.zero.map((from, at) => from + (end[at] - from) * share);
  }

  /** Black or white, whichever is easier to read on the colour. */
  function inkOn(colour) {
    const [r, g, b] = colour.map((level) => {
      const part = level / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#ffffff";
  }

  /** Size a canvas for so many cells; returns its context and how wide a cell is. */
  function prepare(canvas, rows, columns, sharp = SHARP) {
    const cell = Math.max(2, Math.floor(sharp / Math.max(rows, columns)));
    const [width, height] = [columns * cell, rows * cell];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    return [canvas.getContext("2d"), cell];
  }

  function fill(context, cell, row, column, colour) {
    context.fillStyle = css(colour);
    context.fillRect(column * cell, row * cell, cell, cell);
  }

  /** One to three channels of 0 to 255 as an image, within its padding. */
  function image(canvas, channels, padding = [[0, 0], [0, 0]], sharp = SHARP) {
    const [rows, columns] = page.correlation.sizeOf(channels);
    const [top, left] = [padding[0][0], padding[1][0]];
    const height = rows + top + padding[0][1];
    const width = columns + left + padding[1][1];
    const [context, cell] = prepare(canvas, height, width, sharp);
    hatch(context, cell, canvas);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const at = [0, 1, 2].map((c) => channels[Math.min(c, channels.length - 1)][row][column]);
        fill(context, cell, row + top, column + left, at);
      }
    }
  }

  /** Padding is no part of the image, and should not look like one. */
  function hatch(context, cell, canvas) {
    context.fillStyle = css(colours.unseen);
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.strokeStyle = css(colours.unseen.map((level) => level * 0.8 + 25));
    context.lineWidth = 2;
    context.beginPath();
    for (let x = -canvas.height; x < canvas.width; x += Math.max(cell, 12) / 1.5) {
      context.moveTo(x, canvas.height);
      context.lineTo(x + canvas.height, 0);
    }
    context.stroke();
  }

  /** A feature map, or one channel of a filter; what is not yet computed is hatched. */
  function signed(canvas, values, largest, isSeen = () => true, sharp = SHARP) {
    const [rows, columns] = [values.length, values[0].length];
    const [context, cell] = prepare(canvas, rows, columns, sharp);
    hatch(context, cell, canvas);
    values.forEach((line, row) =>
      line.forEach((value, column) => {
        if (isSeen(row, column)) fill(context, cell, row, column, diverging(value, largest));
      }),
    );
  }

  /** Mark cells, and the box around them all. */
  function mark(canvas, columns, cells) {
    const context = canvas.getContext("2d");
    const cell = canvas.width / columns;
    const [ys, xs] = [cells.map((c) => c[0] * cell), cells.map((c) => c[1] * cell)];
    const [top, left] = [Math.min(...ys), Math.min(...xs)];
    const box = [left, top, Math.max(...xs) - left + cell, Math.max(...ys) - top + cell];
    for (const [colour, thick] of [["mark-edge", 3], ["mark", 1.5]]) {
      context.strokeStyle = css(colours[colour]);
      context.lineWidth = thick;
      for (const at of cells.keys()) context.strokeRect(xs[at], ys[at], cell, cell);
      context.lineWidth = thick * 3;
      context.strokeRect(...box);
    }
  }

  page.paint = { takeColours, diverging, inkOn, css, image, signed, mark };
})((globalThis.convspec ??= {}));
