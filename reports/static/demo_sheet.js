"use strict";
// A sheet to draw on, by pointer or by keys.
(function (page) {
  const SIZE = 28;
  const BRUSH = 1.7; // how far from its centre, in pixels, a brush leaves ink

  function clamp(value, most) {
    return Math.min(Math.max(value, 0), most);
  }

  class Sheet {
    pixels = Array.from({ length: SIZE }, () => Array(SIZE).fill(0));
    #pen = [SIZE / 2, SIZE / 2];

    constructor(canvas, say, changed) {
      this.canvas = canvas;
      this.say = say;
      this.changed = changed;
      canvas.addEventListener("pointerdown", (event) => this.#press(event));
      canvas.addEventListener("pointermove", (event) => this.#drag(event));
      canvas.addEventListener("keydown", (event) => this.#type(event));
    }

    show() {
      page.paint.image(this.canvas, [this.pixels], undefined, 280);
      page.paint.mark(this.canvas, SIZE, [this.#pen.map(Math.floor)]);
    }

    clear() {
      for (const line of this.pixels) line.fill(0);
      this.#finish();
    }

    #press(event) {
      this.canvas.setPointerCapture(event.pointerId);
      this.#pen = this.#placeOf(event);
      this.#stamp(this.#pen);
      this.#finish();
    }

    #drag(event) {
      if (!this.canvas.hasPointerCapture(event.pointerId)) return;
      this.#stroke(this.#placeOf(event));
      this.#finish();
    }

    #type(event) {
      const move = page.arrows[event.key] ?? [0, 0];
      const isErased = event.key === "Backspace" || event.key === "Delete";
      const isDrawn = event.key === " " || event.key === "Enter";
      if (!(event.key in page.arrows || isErased || isDrawn)) return;
      event.preventDefault();
      const cell = this.#pen.map((place, axis) => clamp(Math.floor(place) + move[axis], SIZE - 1));
      this.#pen = cell.map((place) => place + 0.5);
      if (isDrawn) this.#stamp(this.#pen);
      const [row, column] = cell;
      if (isErased) this.pixels[row][column] = 0;
      this.#finish();
      const ink = this.pixels[row][column];
      this.say(`Pen at row ${row + 1}, column ${column + 1}: ${ink} of 255.`);
    }

    #stroke(end) {
      const [from, to] = [this.#pen, end];
      const steps = Math.max(1, Math.ceil(2 * Math.hypot(to[0] - from[0], to[1] - from[1])));
      for (let at = 1; at <= steps; at++) {
        this.#stamp(from.map((start, axis) => start + ((to[axis] - start) * at) / steps));
      }
      this.#pen = end;
    }

    #stamp([y, x]) {
      this.pixels.forEach((line, i) =>
        line.forEach((before, j) => {
          const ink = clamp(BRUSH - Math.hypot(i + 0.5 - y, j + 0.5 - x), 1);
          line[j] = Math.max(before, Math.round(255 * ink));
        }),
      );
    }

    #placeOf(event) {
      const box = this.canvas.getBoundingClientRect();
      const parts = [
        (event.clientY - box.top) / box.height,
        (event.clientX - box.left) / box.width,
      ];
      return parts.map((part) => clamp(part * SIZE, SIZE - 0.01));
    }

    #finish() {
      this.show();
      this.changed();
    }
  }

  page.arrows = {
    ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
  };
  page.Sheet = Sheet;
})((globalThis.convspec ??= {}));
