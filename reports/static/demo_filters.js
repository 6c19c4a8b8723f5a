"use strict";
// The filters: a bank to choose, and a grid of numbers to type another.
(function (page) {
  const MOST = 8;
  const LARGEST = 1000;

  /** The number that a text says, or null. */
  function parse(text) {
    const plain = text.trim().replace("−", "-").replace(",", ".");
    const value = Number(plain);
    return plain === "" || !(Math.abs(value) <= LARGEST) ? null : value;
  }

  function copy(filter) {
    return filter.map((channel) => channel.map((row) => [...row]));
  }

  function largestOf(filters) {
    return Math.max(...filters.flat(3).map(Math.abs));
  }

  /** The controls of the filters, which are `all` (K filters of the input's channels). */
  class FilterEditor {
    all = [];
    names = [];
    shown = 0;
    #depth = 1; // input channels

    /** `changed` is called with what has changed: "bank", or only its "weights". */
    constructor(part, banks, changed) {
      this.part = part;
      this.banks = banks;
      this.changed = changed;
      part("banks").addEventListener("input", ({ target }) => this.#choose(target.value));
      part("add").addEventListener("click", () => this.#add());
      part("remove").addEventListener("click", () => this.#remove());
      part("only").addEventListener("click", () => this.#keepOnlyShown());
      this.#take(banks[0]);
    }

    largest() {
      return largestOf(this.all);
    }

    /** Give every filter as many channels as the input has. */
    fitTo(depth) {
      if (depth === this.#depth) return;
      this.#depth = depth;
      this.all = this.all.map((filter) =>
        Array.from({ length: depth }, (_, c) => copy([filter[c] ?? filter[0]])[0]),
      );
    }

    resize([rows, columns]) {
      this.#own();
      this.all = this.all.map((filter) =>
        filter.map((channel) =>
          Array.from({ length: rows }, (_, i) =>
            Array.from({ length: columns }, (_, j) => channel[i]?.[j] ?? 0),
          ),
        ),
      );
    }

    /** One input for each weight of the shown filter, and what is said of it. */
    build(channelNames) {
      const name = this.names[this.shown];
      const grids = this.all[this.shown].map((rows, c) => this.#grid(rows, c, channelNames[c]));
      this.part("grids").replaceChildren(...grids);
      this.part("filter-problem").textContent = "";
      this.part("note").textContent = this.#note();
      this.part("shown-name").textContent = `“${name}”`;
      const count = this.all.length;
      this.part("filter-count").textContent =
        count === 1 ? "the only one" : `number ${this.shown + 1} of ${count}`;
      this.part("add").disabled = count >= MOST;
      this.part("remove").disabled = this.part("only").disabled = count === 1;
      this.tint();
    }

    /** Colour the weights by their values. */
    tint() {
      const largest = this.largest();
      const weights = this.all[this.shown].flat(2);
      this.#inputs().forEach((input, at) => {
        const colour = page.paint.diverging(weights[at], largest);
        input.style.background = page.paint.css(colour);
        input.style.color = page.paint.inkOn(colour);
      });
    }

    paintBanks() {
      this.banks.forEach(({ filters }, b) => {
        const largest = largestOf([filters]);
        filters.forEach((rows, k) =>
          page.paint.signed(this.part(`bank-${b}-${k}`), rows, largest, undefined, 36),
        );
      });
    }

    #take({ filters, names }) {
      this.all = filters.map((rows) => Array.from({ length: this.#depth }, () => copy([rows])[0]));
      this.names = [...names];
      this.shown = 0;
    }

    /** From now on the filters are the reader's own. */
    #own() {
      this.part("own").checked = true;
      this.names = this.all.map((_, k) => `filter ${k + 1}`);
    }

    #choose(bank) {
      if (bank in this.banks) this.#take(this.banks[bank]);
      else this.#own();
      this.changed("bank");
    }

    #add() {
      this.all.push(copy(this.all[this.shown]));
      this.shown = this.all.length - 1;
      this.#own();
      this.changed("bank");
    }

    #remove() {
      this.all.splice(this.shown, 1);
      this.shown = Math.min(this.shown, this.all.length - 1);
      this.#own();
      this.changed("bank");
    }

    #keepOnlyShown() {
      this.part("own").checked = true;
      [this.all, this.names] = [[this.all[this.shown]], [this.names[this.shown]]];
      this.shown = 0;
      this.changed("bank");
    }

    #note() {
      const bank = this.banks[this.part("banks").querySelector(":checked").value];
      if (!bank) return "Your own: type numbers into the grid below the stage.";
      return bank.note + (this.#depth > 1 ? " Here with the same weights for each channel." : "");
    }

    #grid(rows, channel, channelName) {
      const grid = page.make("div", { className: "weights" });
      grid.style.setProperty("--columns", rows[0].length);
      grid.setAttribute("role", "group");
      const name = `Weights of “${this.names[this.shown]}”`;
      grid.setAttribute("aria-label", channelName ? `${name}, ${channelName}` : name);
      rows.forEach((row, i) =>
        row.forEach((weight, j) => grid.append(this.#weight(weight, channel, i, j))),
      );
      return page.underChannel(channelName, grid);
    }

    #weight(weight, channel, i, j) {
      const input = page.make("input", { type: "text", autocomplete: "off", spellcheck: false });
      input.value = page.show(weight);
      input.setAttribute("aria-label", `row ${i + 1}, column ${j + 1}`);
      input.addEventListener("input", () => {
        const value = parse(input.value);
        input.setAttribute("aria-invalid", value === null);
        this.part("filter-problem").textContent = this.#problem();
        if (value !== null) this.#setWeight(value, channel, i, j);
      });
      return input;
    }

    #setWeight(value, channel, i, j) {
      if (!this.part("own").checked) this.#own();
      this.all[this.shown][channel][i][j] = value;
      this.tint();
      this.changed("weights");
    }

    #problem() {
      const wrong = this.#inputs().find((input) => input.getAttribute("aria-invalid") === "true");
      if (!wrong) return "";
      const said = wrong.value.trim() === "" ? "Nothing" : `“${wrong.value}”`;
      return (
        `${said} is no number from −${LARGEST} to ${LARGEST}: type one such as −1 or 0.5. ` +
        "Until then the last one is used."
      );
    }

    #inputs() {
      return [...this.part("grids").querySelectorAll("input")];
    }
  }

  page.FilterEditor = FilterEditor;
})((globalThis.convspec ??= {}));
