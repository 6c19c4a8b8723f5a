"use strict";
// The input: a digit of MNIST, a drawing, or an image of the reader's own.
(function (page) {
  const SIZE = 28;
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

  /** A colour as its control says it: #rrggbb. */
  function parseColour(text) {
    return [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16));
  }

  /** The controls of the input. */
  class InputChooser {
    #uploaded = null; // three channels

    constructor(part, digits, say, changed) {
      this.part = part;
      this.changed = changed;
      this.labels = digits.map((digit) => digit.label);
      this.greys = digits.map(decode);
      this.sheet = new page.Sheet(part("sheet"), say, changed);
      for (const name of ["sources", "channels", "colours"]) {
        part(name).addEventListener("input", () => this.#update());
      }
      part("file").addEventListener("change", () => this.#upload());
      part("clear").addEventListener("click", () => this.sheet.clear());
    }

    /** The chosen input: its channels, each with a name, and what it is called. */
    current() {
      const isColour = this.#isColour();
      const names = isColour ? ["red", "green", "blue"] : [""];
      if (this.#isUploaded()) {
        const channels = isColour ? this.#uploaded : [brightness(this.#uploaded)];
        return { channels, names, title: "your image" };
      }
      const { grey, title } = this.#grey(this.#source());
      const ends = ["ground", "ink"].map((name) => parseColour(this.part(name).value));
      return { channels: isColour ? coloured(grey, ...ends) : [grey], names, title };
    }

    /** Show the controls that the choice asks for, and no other. */
    show() {
      this.part("drawing").hidden = this.#source() !== "draw";
      this.part("uploading").hidden = this.#source() !== "upload";
      this.part("colours").hidden = !this.#isColour() || this.#isUploaded();
    }

    paint() {
      this.greys.forEach((grey, at) =>
        page.paint.image(this.part(`digit-${at}`), [grey], undefined, 56),
      );
      this.sheet.show();
    }

    #source() {
      return this.part("sources").querySelector(":checked").value;
    }

    #isColour() {
      return this.part("channels").querySelector(":checked").value === "3";
    }

    #isUploaded() {
      return this.#source() === "upload" && this.#uploaded !== null;
    }

    #grey(source) {
      if (source === "draw") return { grey: this.sheet.pixels, title: "your drawing" };
      if (source === "upload") return { grey: plane(() => 0), title: "no image yet" };
      return { grey: this.greys[source], title: `a ${this.labels[source]}` };
    }

    #update() {
      this.show();
      this.changed();
    }

    async #upload() {
      const file = this.part("file").files[0];
      if (!file) return;
      this.part("file-problem").textContent = "";
      try {
        this.#uploaded = await readImage(file);
      } catch {
        this.#uploaded = null;
        this.part("file-problem").textContent =
          `“${file.name}” cannot be read as an image: choose a PNG or JPEG file.`;
      }
      this.#update();
    }
  }

  page.decode = decode;
  page.InputChooser = InputChooser;
})((globalThis.convspec ??= {}));
