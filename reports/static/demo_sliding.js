"use strict";
// How the filter slides: the numbers of the table, and the flip.
(function (page) {
  const AXES = ["rows", "columns"];

  /** The whole number in a control, or null with the reason written beside it. */
  function whole(input, problem) {
    const [least, most, value] = [Number(input.min), Number(input.max), Number(input.value)];
    const isRight = /^\d+$/.test(input.value) && value >= least && value <= most;
    input.setAttribute("aria-invalid", !isRight);
    if (isRight) return value;
    const name = input.getAttribute("aria-label");
    problem.textContent =
      `${name}: a whole number from ${least} to ${most}, please. Until then the last one is used.`;
    return null;
  }

  /** The controls; of a wrong one the last right value stays. */
  class SlidingControls {
    how = { stride: [1, 1], padding: [[0, 0], [0, 0]], dilation: [1, 1], groups: 1, flip: false };
    kernel = [3, 3];

    /** `changed` is called with what has changed: "kernel" or "sliding". */
    constructor(part, changed) {
      this.part = part;
      part("sliding").addEventListener("input", ({ target }) => {
        this.#copyToOtherAxis(target);
        this.read();
        changed(target.dataset.part.startsWith("kernel") ? "kernel" : "sliding");
      });
      part("flip").addEventListener("input", () => {
        this.read();
        changed("sliding");
      });
    }

    setKernel(sizes) {
      sizes.forEach((size, axis) => (this.part(`kernel-${axis}`).value = size));
      this.read();
    }

    read() {
      this.part("sliding-problem").textContent = "";
      for (const axis of AXES.keys()) {
        this.#read("kernel", axis, this.kernel, axis);
        this.#read("stride", axis, this.how.stride, axis);
        this.#read("before", axis, this.how.padding[axis], 0);
        this.#read("after", axis, this.how.padding[axis], 1);
        this.#read("dilation", axis, this.how.dilation, axis);
      }
      this.how.flip = this.part("flip").checked;
    }

    /** How many rows or columns there are with the padding, and how many the filter reaches over. */
    spanOf(inside, axis) {
      const [before, after] = this.how.padding[axis];
      const reach = page.correlation.extent(this.kernel[axis], this.how.dilation[axis]);
      return { room: inside + before + after, reach };
    }

    #read(name, axis, values, at) {
      const value = whole(this.part(`${name}-${axis}`), this.part("sliding-problem"));
      if (value !== null) values[at] = value;
    }

    #copyToOtherAxis(input) {
      if (!this.part("alike").checked) return;
      const [name, axis] = input.dataset.part.split("-");
      this.part(`${name}-${1 - axis}`).value = input.value;
    }
  }

  page.AXES = AXES;
  page.SlidingControls = SlidingControls;
})((globalThis.convspec ??= {}));
