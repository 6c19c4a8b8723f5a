"use strict";
// The input: a digit of MNIST, a drawing, or an image of the reader's own.
(function (page) {
  const SIZE = 28;
  const BRUSH = 1.7; // how far from its centre, in pixels, a brush leaves ink
  const RGB = [0, 1, 2];

  function plane(valueAt) {
    return Array.from({ length: SIZE }, (_, row) =>
      Array.from({ length: SIZE }, (_, column) => valueAt(row, column)),
    );
  }

  /** The pixels of a digit, whose data leave out the black around it. */
  function decode({ place, width, pixels }) {
    const bytes = atob(pixels);
    return plane((row, column) => {
      const [y, x] = [row - place[0], column - place[1]];
      const isInside = y >= 0 && x >= 0 && x < width && y * width < bytes.length;
      return isInside ? bytes.charCodeAt(y * width + x) : 0;
    });
  }

  /** A grey image between two colours: black becomes the ground, white the ink. */
  function coloured(grey, ground, ink) {
    return RGB.map((c) =>
      grey.map((row) => row.map((v) => Math.round(ground[c] + ((ink[c] - ground[c]) * v) / 255))),
    );
  }

  /** How bright a colour is to the eye: ITU-R BT.601. */
  function brightness([red, green, blue]) {
    return plane((row, column) =>
      Math.round(0.299 * red[row][column] + 0.587 * green[row][column] + 0.114 * blue[row][column]),
    );
  }

  /** The middle of an image file as three channels of 28 x 28. */
  async function readImage(file) {
    let picture = await createImageBitmap(file);
    const side = Math.min(picture.width, picture.height);
    let [x, y, size] = [(picture.width - side) / 2, (picture.height - side) / 2, side];
    // By halves, because a browser that shrinks at once may skip pixels.
    for (let next = size; next > SIZE; [x, y, size] = [0, 0, next]) {
      next = Math.max(SIZE, Math.ceil(next / 2));
      picture = drawn(picture, x, y, size, next);
    }
    const pixels = drawn(picture, x, y, size, SIZE).getContext("2d").getImageData(0, 0, SIZE, SIZE);
    return RGB.map((c) => plane((row, column) => pixels.data[4 * (row * SIZE + column) + c]));
  }

  function drawn(picture, x, y, from, to) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = to;
    const context = canvas.getContext("2d");
    context.fillStyle = "white"; // what shows through a transparent image
    context.fillRect(0, 0, to, to);
    context.drawImage(picture, x, y, from, from, 0, 0, to, to);
    return canvas;
  }

  /** A sheet to draw on, by pointer or by keys. */
  function sheet(canvas, say, changed) {
    const pixels = plane(() => 0);
    let [row, column] = [SIZE / 2, SIZE / 2];

    function stamp(y, x) {
      for (let i = 0; i < SIZE; i++) {
        for (let j = 0; j < SIZE; j++) {
          const ink = Math.min(1, BRUSH - Math.hypot(i + 0.5 - y, j + 0.5 - x));
          pixels[i][j] = Math.max(pixels[i][j], Math.round(255 * Math.max(0, ink)));
        }
      }
    }

    function stroke(y, x) {
      const steps = Math.max(1, Math.ceil(2 * Math.hypot(y - row, x - column)));
      for (let at = 1; at <= steps; at++) {
        stamp(row + ((y - row) * at) / steps, column + ((x - column) * at) / steps);
      }
      [row, column] = [y, x];
    }

    function show() {
      page.paint.image(canvas, [pixels], undefined, 280);
      page.paint.mark(canvas, SIZE, [[Math.floor(row), Math.floor(column)]]);
    }

    function placeOf(event) {
      const box = canvas.getBoundingClientRect();
      const inside = (part) => Math.min(Math.max(part * SIZE, 0), SIZE - 0.01);
      return [
        inside((event.clientY - box.top) / box.height),
        inside((event.clientX - box.left) / box.width),
      ];
    }

    function finish() {
      show();
      changed();
    }

    function clear() {
      for (const line of pixels) line.fill(0);
      finish();
    }

    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      [row, column] = placeOf(event);
      stroke(row, column);
      finish();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      stroke(...placeOf(event));
      finish();
    });
    canvas.addEventListener("keydown", (event) => {
      const [down, right] = page.arrows[event.key] ?? [0, 0];
      row = Math.min(Math.max(Math.floor(row) + down, 0), SIZE - 1) + 0.5;
      column = Math.min(Math.max(Math.floor(column) + right, 0), SIZE - 1) + 0.5;
      if (event.key === " " || event.key === "Enter") stamp(row, column);
      else if (event.key === "Backspace" || event.key === "Delete") {
        pixels[Math.floor(row)][Math.floor(column)] = 0;
      } else if (!(event.key in page.arrows)) return;
      event.preventDefault();
      finish();
      const ink = pixels[Math.floor(row)][Math.floor(column)];
      say(`Pen at row ${Math.ceil(row)}, column ${Math.ceil(column)}: ${ink} of 255.`);
    });
    return { pixels, show, clear };
  }

  /** The controls of the input; `changed` is called with each new one. */
  function chooseInput(part, digits, say, changed) {
    const greys = digits.map(decode);
    const drawing = sheet(part("sheet"), say, changed);
    let uploaded = null;

    function colours() {
      return ["ground", "ink"].map((name) =>
        [1, 3, 5].map((at) => Number.parseInt(part(name).value.slice(at, at + 2), 16)),
      );
    }

    /** The chosen input: its channels, each with a name, and what it is called. */
    function current() {
      const source = part("sources").querySelector(":checked").value;
      const isColour = part("channels").querySelector(":checked").value === "3";
      const names = isColour ? ["red", "green", "blue"] : [""];
      if (source === "upload" && uploaded !== null) {
        const channels = isColour ? uploaded : [brightness(uploaded)];
        return { channels, names, title: "your image" };
      }
      const isDigit = source in greys;
      const grey = isDigit ? greys[source] : source === "draw" ? drawing.pixels : plane(() => 0);
      const channels = isColour ? coloured(grey, ...colours()) : [grey];
      const titles = { draw: "your drawing", upload: "no image yet" };
      return { channels, names, title: titles[source] ?? `a ${digits[source].label}` };
    }

    function show() {
      const source = part("sources").querySelector(":checked").value;
      part("drawing").hidden = source !== "draw";
      part("uploading").hidden = source !== "upload";
      const isColour = part("channels").querySelector(":checked").value === "3";
      part("colours").hidden = !isColour || (source === "upload" && uploaded !== null);
    }

    function paint() {
      greys.forEach((grey, at) => page.paint.image(part(`digit-${at}`), [grey], undefined, 56));
      drawing.show();
    }

    async function upload() {
      const file = part("file").files[0];
      if (!file) return;
      part("file-problem").textContent = "";
      try {
        uploaded = await readImage(file);
      } catch {
        uploaded = null;
        part("file-problem").textContent = `“${file.name}” cannot be read as an image: choose a PNG or JPEG file.`;
      }
      show();
      changed();
    }

    for (const name of ["sources", "channels", "colours"]) {
      part(name).addEventListener("input", () => {
        show();
        changed();
      });
    }
    part("file").addEventListener("change", upload);
    part("clear").addEventListener("click", drawing.clear);
    return { current, show, paint };
  }

  page.arrows = {
    ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
  };
  page.decode = decode;
  page.chooseInput = chooseInput;
})((globalThis.convspec ??= {}));
