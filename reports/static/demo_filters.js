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

  /** The controls of the filters; `changed` is called when there are other ones. */
  function editFilters(part, banks, changed) {
    let depth = 1; // input channels
    let shown = 0;
    let filters = [];
    let names = [];

    function choose(bank) {
      filters = bank.filters.map((rows) => Array.from({ length: depth }, () => copy([rows])[0]));
      names = [...bank.names];
      shown = 0;
    }

    /** From now on the filters are the reader's own. */
    function own() {
      part("own").checked = true;
      names = filters.map((_, k) => `filter ${k + 1}`);
    }

    function fitTo(channels) {
      if (channels === depth) return;
      depth = channels;
      filters = filters.map((filter) =>
        Array.from({ length: depth }, (_, c) => copy([filter[c] ?? filter[0]])[0]),
      );
    }

    function resize([rows, columns]) {
      own();
      filters = filters.map((filter) =>
        filter.map((channel) =>
          Array.from({ length: rows }, (_, i) =>
            Array.from({ length: columns }, (_, j) => channel[i]?.[j] ?? 0),
          ),
        ),
      );
    }

    function problemOf(inputs) {
      const wrong = inputs.find((input) => input.getAttribute("aria-invalid") === "true");
      if (!wrong) return "";
      const said = wrong.value.trim() === "" ? "Nothing" : `“${wrong.value}”`;
      return `${said} is no number from −${LARGEST} to ${LARGEST}: type one such as −1 or 0.5. Until then the last one is used.`;
    }

    /** One input for each weight of the shown filter. */
    function build(channelNames) {
      const grids = filters[shown].map((rows, channel) => {
        const grid = page.make("div", { className: "weights" });
        grid.style.setProperty("--columns", rows[0].length);
        grid.setAttribute("role", "group");
        const name = channelNames[channel];
        grid.setAttribute("aria-label", `Weights of “${names[shown]}”${name && `, ${name}`}`);
        rows.forEach((row, i) =>
          row.forEach((weight, j) => grid.append(weightInput(channel, i, j, weight))),
        );
        if (!name) return grid;
        const box = page.make("div", {});
        box.append(page.make("p", { className: `channel ${name}`, textContent: name }), grid);
        return box;
      });
      part("grids").replaceChildren(...grids);
      part("filter-problem").textContent = "";
      const bank = banks[part("banks").querySelector(":checked").value];
      part("note").textContent = bank?.note ?? "Your own: type numbers into the grid below the stage.";
      part("shown-name").textContent = `“${names[shown]}”`;
      part("filter-count").textContent =
        filters.length === 1 ? "the only one" : `number ${shown + 1} of ${filters.length}`;
      part("add").disabled = filters.length >= MOST;
      part("remove").disabled = part("only").disabled = filters.length === 1;
      tint();
    }

    function weightInput(channel, i, j, weight) {
      const input = page.make("input", { type: "text", autocomplete: "off", spellcheck: false });
      input.value = page.show(weight);
      input.setAttribute("aria-label", `row ${i + 1}, column ${j + 1}`);
      input.addEventListener("input", () => {
        const value = parse(input.value);
        input.setAttribute("aria-invalid", value === null);
        part("filter-problem").textContent = problemOf([...part("grids").querySelectorAll("input")]);
        if (value === null) return;
        if (!part("own").checked) own();
        filters[shown][channel][i][j] = value;
        tint();
        changed("weights");
      });
      return input;
    }

    function largest() {
      return Math.max(...filters.flat(3).map(Math.abs));
    }

    function tint() {
      const most = largest();
      const weights = filters[shown].flat(2);
      [...part("grids").querySelectorAll("input")].forEach((input, at) => {
        const colour = page.paint.diverging(weights[at], most);
        input.style.background = page.paint.css(colour);
        input.style.color = page.paint.inkOn(colour);
      });
    }

    function paintBanks() {
      banks.forEach((bank, b) => {
        const most = Math.max(...bank.filters.flat(2).map(Math.abs));
        bank.filters.forEach((rows, k) =>
          page.paint.signed(part(`bank-${b}-${k}`), rows, most, undefined, 36),
        );
      });
    }

    part("banks").addEventListener("input", (event) => {
      if (event.target.value in banks) choose(banks[event.target.value]);
      else own();
      changed("bank");
    });
    part("add").addEventListener("click", () => {
      filters.push(copy(filters[shown]));
      own();
      shown = filters.length - 1;
      changed("bank");
    });
    part("remove").addEventListener("click", () => {
      filters.splice(shown, 1);
      own();
      shown = Math.min(shown, filters.length - 1);
      changed("bank");
    });
    part("only").addEventListener("click", () => {
      part("own").checked = true;
      [filters, names, shown] = [[filters[shown]], [names[shown]], 0];
      changed("bank");
    });
    choose(banks[0]);

    return {
      build, fitTo, largest, paintBanks, resize, tint,
      all: () => filters,
      names: () => names,
      shown: () => shown,
      show: (k) => (shown = k),
    };
  }

  page.editFilters = editFilters;
})((globalThis.convspec ??= {}));
