"use strict";
// Pictures of arrays. They have a resolution of their own, so a hidden page can be drawn, too.
(function (page) {
  const SHARP = 784; // pixels on the longer side of a large picture

  const small = document.createElement("canvas"); // of one pixel a cell
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

  /** Paint a cell for each value; where there is no colour the ground stays hatched. */
  function cells(canvas, rows, columns, colourAt, sharp) {
    const cell = Math.max(2, Math.floor(sharp / Math.max(rows, columns)));
    const pixels = new ImageData(columns, rows);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const colour = colourAt(row, column);
        if (colour) pixels.data.set([...colour, 255], 4 * (row * columns + column));
      }
    }
    [small.width, small.height] = [columns, rows];
    small.getContext("2d").putImageData(pixels, 0, 0);
    [canvas.width, canvas.height] = [columns * cell, rows * cell];
    hatch(canvas, cell);
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
  }

  /** One to three channels of 0 to 255 as an image, within its padding. */
  function image(canvas, channels, padding = [[0, 0], [0, 0]], sharp = SHARP) {
    const [rows, columns] = page.correlation.sizeOf(channels);
    const [[top, bottom], [left, right]] = padding;
    const planes = [0, 1, 2].map((c) => channels[Math.min(c, channels.length - 1)]);
    const colourAt = (row, column) => {
      const [y, x] = [row - top, column - left];
      return planes[0][y]?.[x] === undefined ? null : planes.map((plane) => plane[y][x]);
    };
    cells(canvas, rows + top + bottom, columns + left + right, colourAt, sharp);
  }

  /** Padding is no part of the image, and should not look like one. */
  function hatch(canvas, cell) {
    const context = canvas.getContext("2d");
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
    const colourAt = (row, column) =>
      isSeen(row, column) ? diverging(values[row][column], largest) : null;
    cells(canvas, values.length, values[0].length, colourAt, sharp);
  }

  /** Mark cells, and the box around them all. */
  function mark(canvas, columns, places) {
    const context = canvas.getContext("2d");
    const cell = canvas.width / columns;
    const [ys, xs] = [places.map(([y]) => y * cell), places.map(([, x]) => x * cell)];
    const [top, left] = [Math.min(...ys), Math.min(...xs)];
    const box = [left, top, Math.max(...xs) - left + cell, Math.max(...ys) - top + cell];
    for (const [colour, thick] of [["mark-edge", 3], ["mark", 1.5]]) {
      context.strokeStyle = css(colours[colour]);
      context.lineWidth = thick;
      for (const at of places.keys()) context.strokeRect(xs[at], ys[at], cell, cell);
      context.lineWidth = thick * 3;
      context.strokeRect(...box);
    }
  }

  page.paint = { takeColours, diverging, inkOn, css, image, signed, mark };
})((globalThis.convspec ??= {}));
