"use strict";
// The demo: what is chosen, where the window stands, and the buttons that move it.
(function (page) {
  const START = [7, 10]; // in the stroke of the first digit
  const START_SIZE = 26;
  const QUIET = 400; // ms without a change before a step is read out

  /** Says a step aloud once nothing has moved for a while. */
  function announcer(element) {
    let waiting = 0;
    return (text) => {
      clearTimeout(waiting);
      waiting = setTimeout(() => (element.textContent = text), QUIET);
    };
  }

  class Demo {
    #maps = []; // whole, whatever of them has been seen; none where the filter does not fit
    #largest = 0; // of their values
    #seen = []; // of each place, whether it has been computed
    #at = START;
    #player = null; // the next frame, while it plays

    constructor(root) {
      this.root = root;
      this.part = (name) => root.querySelector(`[data-part="${name}"]`);
      const data = JSON.parse(this.part("data").textContent);
      page.paint.takeColours(root);
      this.part("app").hidden = false;
      // First, because a browser that cannot compute these may not get any further.
      page.showCheck(this.part, data.cases, page.decode(data.digits[0]));

      const changed = (what) => this.#change(what);
      this.say = announcer(this.part("said"));
      this.filters = new page.FilterEditor(this.part, data.banks, changed);
      this.sliding = new page.SlidingControls(this.part, changed);
      this.source = new page.InputChooser(this.part, data.digits, this.say, changed);
      this.#wire();
      this.source.show();
      this.#change("bank");
      this.#repaint();
    }

    // What is chosen.

    /** Something that was chosen is another now: the input if it is not said what. */
    #change(what) {
      if (what === "kernel") this.filters.resize(this.sliding.kernel);
      this.input = this.source.current();
      this.filters.fitTo(this.input.channels.length);
      if (what === "bank") {
        this.sliding.setKernel(page.correlation.sizeOf(this.filters.all[0]));
      }
      this.#compute();
      if (what !== "weights" && what !== "sliding") this.filters.build(this.input.names);
      const { names, shown } = this.filters;
      page.stage.buildMaps(this.part, names, shown, `${this.root.id}.map`, (k) => this.#choose(k));
      this.#render();
    }

    #choose(k) {
      this.filters.shown = k;
      this.filters.build(this.input.names);
      this.#render();
    }

    #compute() {
      const before = this.#fits() ? { size: this.#size(), whole: this.#isWhole() } : null;
      const { SizeError, correlate } = page.correlation;
      this.part("problem").textContent = "";
      try {
        this.#maps = correlate(this.input.channels, this.filters.all, this.sliding.how);
      } catch (error) {
        if (!(error instanceof SizeError)) throw error;
        this.#maps = [];
        this.#pause();
        this.part("problem").textContent =
          `${error.message} Make the filter or the dilation smaller, or add padding.`;
      }
      this.#largest = Math.max(0, ...this.#maps.flat(2).map(Math.abs));
      this.#showFit();
      this.#showFormula();
      if (this.#fits() && String(before?.size) !== String(this.#size())) this.#begin(before);
    }

    /** Without a map there is nowhere to go. */
    #showFit() {
      const isLost = !this.#fits();
      this.part("fitting").hidden = this.part("values").hidden = isLost;
      for (const control of this.root.querySelectorAll(".player button, .player input")) {
        control.disabled = isLost;
      }
    }

    /** A map of another size: the window stays about where it was. */
    #begin(before) {
      const size = this.#size();
      this.#at = this.#at.map((place, axis) => {
        const share = place / (before ? before.size[axis] : START_SIZE);
        return Math.min(Math.floor(share * size[axis]), size[axis] - 1);
      });
      const [row, column] = this.#at;
      const isPast = (y, x) => y < row || (y === row && x <= column);
      this.#seen = this.#maps[0].map((line, y) => line.map((_, x) => before?.whole || isPast(y, x)));
      page.AXES.forEach((axis, a) => (this.part(`at-${axis}`).max = size[a]));
    }

    #showFormula() {
      const { how, kernel } = this.sliding;
      const inside = page.correlation.sizeOf(this.input.channels);
      page.AXES.forEach((axis, a) => {
        const out = this.#fits() ? this.#size()[a] : "none: the filter does not fit";
        const numbers = [how.padding[a], kernel[a], how.stride[a], how.dilation[a], out];
        this.part(`formula-${axis}`).textContent = page.stage.formulaOf(inside[a], ...numbers);
        const { room, reach } = this.sliding.spanOf(inside[a], a);
        const rest = this.#fits() ? (room - reach) % how.stride[a] : 0;
        this.part(`rest-${axis}`).textContent =
          rest === 0 ? "" : `The stride leaves the last ${rest} of ${room} ${axis} out.`;
      });
    }

    // What is seen.

    #fits() {
      return this.#maps.length > 0;
    }

    #size() {
      return page.correlation.sizeOf(this.#maps);
    }

    #isWhole() {
      return this.#seen.every((line) => line.every(Boolean));
    }

    #render() {
      const { how, kernel } = this.sliding;
      page.stage.showInput(this.part, this.input, how, kernel, this.#fits() ? this.#at : null);
      if (!this.#fits()) return;
      const { all, shown } = this.filters;
      const filter = how.flip ? page.correlation.turned(all[shown]) : all[shown];
      const terms = page.correlation.products(this.input.channels, filter, this.#at, how);
      const weight = this.filters.largest();
      const total = page.stage.showProducts(this.part, terms, this.input.names, 255 * weight);
      this.#renderMaps(weight);
      this.part("turned").hidden = !how.flip;
      page.paint.signed(this.part("turned-filter"), filter.flat(), weight, undefined, 48);
      this.#describe(total);
    }

    #renderMaps(weight) {
      const { all, shown } = this.filters;
      const [maps, isSeen] = [this.#maps, (row, column) => this.#seen[row][column]];
      page.stage.showMaps(this.part, {
        maps, filters: all, shown, isSeen, at: this.#at, largest: this.#largest, weight,
      });
      if (this.part("values").open) page.stage.tabulate(this.part("table"), maps[shown], isSeen);
    }

    #describe(total) {
      const name = `“${this.filters.names[this.filters.shown]}”`;
      const size = this.#size().join(" × ");
      const [row, column] = this.#at.map((place) => place + 1);
      this.part("map-title").textContent = this.part("products-title").textContent = name;
      this.part("map-size").textContent = size;
      this.part("map").setAttribute("aria-label", `The feature map of ${name}, ${size}`);
      this.part("place").textContent = `row ${row}, column ${column}`;
      page.AXES.forEach((axis, a) => (this.part(`at-${axis}`).value = this.#at[a] + 1));
      if (this.#player !== null) return;
      const count = this.filters.all[0].flat(2).length;
      const products = count === 1 ? "1 product adds" : `${count} products add`;
      this.say(`Row ${row}, column ${column} of ${name}: ${products} up to ${page.show(total)}.`);
    }

    #repaint() {
      page.paint.takeColours(this.root);
      this.source.paint();
      this.filters.paintBanks();
      this.filters.tint();
      this.#render();
    }

    // Where the window stands.

    /** Put the window somewhere, and compute what is there. */
    #goTo(place) {
      const size = this.#size();
      this.#at = place.map((p, axis) => Math.min(Math.max(p, 0), size[axis] - 1));
      this.#seen[this.#at[0]][this.#at[1]] = true;
      this.#render();
    }

    /** So many stops on, row by row; says whether there are more. */
    #step(by) {
      const [rows, columns] = this.#size();
      const last = rows * columns - 1;
      const from = this.#at[0] * columns + this.#at[1];
      const to = Math.min(Math.max(from + by, 0), last);
      for (let place = from; place < to; place++) {
        this.#seen[Math.floor(place / columns)][place % columns] = true;
      }
      this.#goTo([Math.floor(to / columns), to % columns]);
      return to < last;
    }

    #setAll(isSeen) {
      this.#pause();
      for (const line of this.#seen) line.fill(isSeen);
    }

    #toStart() {
      this.#setAll(false);
      this.#goTo([0, 0]);
    }

    #fillAll() {
      this.#setAll(true);
      this.#render();
    }

    #togglePlay() {
      if (this.#player === null) this.#play();
      else {
        this.#pause();
        this.#render();
      }
    }

    #pause() {
      if (this.#player === null) return;
      cancelAnimationFrame(this.#player);
      this.#player = null;
      this.part("play").textContent = "▶ Play";
    }

    #play() {
      if (String(this.#at) === String(this.#size().map((n) => n - 1))) this.#toStart();
      this.part("play").textContent = "⏸ Pause";
      let [time, due] = [performance.now(), 0];
      const frame = (now) => {
        due += ((now - time) / 1000) * Number(this.part("speed").value);
        time = now;
        const steps = Math.floor(due);
        due -= steps;
        this.#player = requestAnimationFrame(frame);
        const isHidden = this.root.offsetParent === null;
        if (!isHidden && (steps === 0 || this.#step(steps))) return;
        this.#pause();
        this.#render();
      };
      this.#player = requestAnimationFrame(frame);
    }

    // What the reader does.

    #wire() {
      const { part } = this;
      const buttons = {
        first: () => this.#toStart(),
        previous: () => this.#walk(-1),
        next: () => this.#walk(1),
        play: () => this.#togglePlay(),
        all: () => this.#fillAll(),
      };
      for (const [name, press] of Object.entries(buttons)) {
        part(name).addEventListener("click", press);
      }
      for (const axis of page.AXES) {
        part(`at-${axis}`).addEventListener("input", () => this.#useSliders());
      }
      for (const name of ["input", "map"]) this.#wirePointer(part(name));
      part("stage").addEventListener("keydown", (event) => this.#useKey(event));
      part("values").addEventListener("toggle", () => this.#render());
      const dark = matchMedia("(prefers-color-scheme: dark)");
      dark.addEventListener("change", () => this.#repaint());
      if (matchMedia("(prefers-reduced-motion: reduce)").matches) part("speed").value = "1";
    }

    #walk(by) {
      this.#pause();
      this.#step(by);
    }

    #useSliders() {
      this.#pause();
      this.#goTo(page.AXES.map((axis) => this.part(`at-${axis}`).value - 1));
    }

    #wirePointer(canvas) {
      canvas.addEventListener("pointermove", (event) => {
        if (this.#player === null) this.#point(event, canvas);
      });
      canvas.addEventListener("pointerdown", (event) => {
        this.#pause();
        this.part("stage").focus({ preventScroll: true });
        this.#point(event, canvas);
      });
    }

    #point(event, canvas) {
      if (!this.#fits()) return;
      const place = this.#underPointer(event, canvas);
      if (String(place) !== String(this.#at)) this.#goTo(place);
    }

    /** The place of the feature map whose window has its middle under the pointer. */
    #underPointer(event, canvas) {
      const box = canvas.getBoundingClientRect();
      const y = (event.clientY - box.top) / box.height;
      const x = (event.clientX - box.left) / box.width;
      if (canvas === this.part("map")) {
        const [rows, columns] = this.#size();
        return [Math.floor(y * rows), Math.floor(x * columns)];
      }
      const inside = page.correlation.sizeOf(this.input.channels);
      return [y, x].map((share, a) => {
        const { room, reach } = this.sliding.spanOf(inside[a], a);
        return Math.round((share * room - reach / 2) / this.sliding.how.stride[a]);
      });
    }

    #useKey(event) {
      const move = page.arrows[event.key];
      const [row, column] = this.#at;
      if (!this.#fits()) return;
      if (event.key === " ") this.#togglePlay();
      else if (move || event.key === "Home" || event.key === "End") {
        this.#pause();
        const end = event.key === "Home" ? 0 : this.#size()[1] - 1;
        this.#goTo(move ? [row + move[0], column + move[1]] : [row, end]);
      } else return;
      event.preventDefault();
    }
  }

  for (const root of document.querySelectorAll("[data-demo]")) new Demo(root);
})((globalThis.convspec ??= {}));
