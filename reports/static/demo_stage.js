"use strict";
// The stage: the input with its window, the products of one stop, and the feature maps.
(function (page) {
  const LISTED = 9; // more terms than these are no sum that anyone reads

  /** A number as a person writes it; what is left out is below the fourth decimal place. */
  function show(value) {
    const rounded = Number(value.toFixed(4));
    const text = Math.abs(rounded) >= 1e9 ? rounded.toExponential(3) : String(rounded);
    return text.replaceAll("-", "−");
  }

  function make(tag, properties) {
    return Object.assign(document.createElement(tag), properties);
  }

  /** An element under the name of its channel, if it has one. */
  function underChannel(name, element) {
    if (!name) return element;
    const box = make("div", {});
    box.append(make("p", { className: `channel ${name}`, textContent: name }), element);
    return box;
  }

  function asSum(values) {
    const rest = values.slice(1).map((v) => (v < 0 ? ` − ${show(-v)}` : ` + ${show(v)}`));
    return show(values[0]) + rest.join("");
  }

  /** The input with the window marked; `at` is null when there is none. */
  function showInput(part, input, sliding, kernel, at) {
    const canvas = part("input");
    const [rows, columns] = page.correlation.sizeOf(input.channels);
    page.paint.image(canvas, input.channels, sliding.padding);
    const { stride, dilation, padding } = sliding;
    if (at !== null) {
      const cells = [];
      for (let i = 0; i < kernel[0]; i++) {
        for (let j = 0; j < kernel[1]; j++) {
          cells.push([at[0] * stride[0] + i * dilation[0], at[1] * stride[1] + j * dilation[1]]);
        }
      }
      page.paint.mark(canvas, columns + padding[1][0] + padding[1][1], cells);
    }
    const count = input.channels.length;
    const what = `${rows} × ${columns}, ${count} ${count === 1 ? "channel" : "channels"}`;
    part("input-size").textContent = what;
    part("input-title").textContent = input.title;
    canvas.setAttribute("aria-label", `The input: ${input.title}, ${what}`);
    showPlanes(part, input);
  }

  /** The channels of a colour image, one by one. */
  function showPlanes(part, { channels, names }) {
    part("planes").hidden = channels.length === 1;
    if (channels.length === 1) return;
    names.forEach((name, c) => {
      const black = channels[c].map((row) => row.map(() => 0));
      const hues = names.map((_, other) => (other === c ? channels[c] : black));
      page.paint.image(part(`plane-${c}`), hues, undefined, 112);
    });
  }

  /** The products of one stop as tables, one for each channel, and their sum. */
  function showProducts(part, terms, names, largest) {
    const tables = terms.map((rows, channel) => productTable(rows, names[channel], largest));
    part("products").replaceChildren(...tables);
    const [all, total] = [terms.flat(2), page.correlation.sum(terms)];
    const perChannel = terms.map((channel) => page.correlation.sum([channel]));
    if (terms.length > 1) {
      part("terms").textContent = perChannel.map((s, c) => `${names[c]} ${show(s)}`).join(", ");
    } else if (all.length <= LISTED) {
      part("terms").textContent = asSum(all.map(({ product }) => product));
    } else {
      part("terms").textContent = `${all.length} products`;
    }
    part("sum").textContent = `= ${show(total)}`;
    return total;
  }

  function productTable(rows, name, largest) {
    const table = make("table", { className: rows[0].length > 4 ? "product many" : "product" });
    const caption = name ? `Products of the ${name} channel` : "Products of this stop";
    table.append(make("caption", { textContent: caption }));
    for (const row of rows) {
      const line = table.insertRow();
      for (const term of row) fillProduct(line.insertCell(), term, largest);
    }
    return underChannel(name, table);
  }

  function fillProduct(cell, { value, weight, product, padding }, largest) {
    const colour = page.paint.diverging(product, largest);
    cell.style.background = page.paint.css(colour);
    cell.style.color = page.paint.inkOn(colour);
    cell.className = padding ? "padded" : "";
    const from = padding ? "pad 0" : show(value);
    cell.append(
      make("small", { textContent: `${from} × ${show(weight)}` }),
      make("b", { textContent: show(product) }),
    );
  }

  /** A radio button for each feature map, with pictures of itself and of its filter, whose channels
   * lie one below the other.
   */
  function buildMaps(part, names, shown, group, chosen) {
    const cards = names.map((name, k) => {
      const card = make("label", { className: "map-choice" });
      const radio = make("input", { type: "radio", name: group, value: k, checked: k === shown });
      radio.addEventListener("input", () => chosen(k));
      const pictures = ["of-filter", "of-map"].map((of) => make("canvas", { className: of }));
      for (const picture of pictures) picture.setAttribute("aria-hidden", "true");
      card.append(radio, ...pictures, make("span", { textContent: name }));
      return card;
    });
    part("maps").replaceChildren(...cards);
  }

  function showMaps(part, { maps, filters, shown, isSeen, at, largest, weight }) {
    const cards = part("maps").children;
    maps.forEach((map, k) => {
      const [ofFilter, ofMap] = cards[k].querySelectorAll("canvas");
      page.paint.signed(ofFilter, filters[k].flat(), weight, undefined, 48);
      page.paint.signed(ofMap, map, largest, isSeen, 112);
    });
    page.paint.signed(part("map"), maps[shown], largest, isSeen);
    page.paint.mark(part("map"), maps[shown][0].length, [at]);
    part("least").textContent = show(-largest);
    part("most").textContent = show(largest);
  }

  /** The formula of the output size with its numbers, for one axis. */
  function formulaOf(size, [before, after], kernel, stride, dilation, out) {
    return `⌊(${size} + ${before} + ${after} − ${dilation} × (${kernel} − 1) − 1) / ${stride}⌋ + 1 = ${out}`;
  }

  /** The feature map as a table of numbers; a dot where nothing has been computed. */
  function tabulate(table, map, isSeen) {
    const lines = map.map((row, y) => {
      const line = make("tr", {});
      const cells = row.map((value, x) =>
        make("td", { textContent: isSeen(y, x) ? show(value) : "·" }),
      );
      line.append(make("th", { scope: "row", textContent: y + 1 }), ...cells);
      return line;
    });
    const head = make("tr", {});
    head.append(make("td", {}));
    map[0].forEach((_, x) => head.append(make("th", { scope: "col", textContent: x + 1 })));
    table.tHead.replaceChildren(head);
    table.tBodies[0].replaceChildren(...lines);
  }

  page.show = show;
  page.make = make;
  page.underChannel = underChannel;
  page.stage = { showInput, showProducts, buildMaps, showMaps, formulaOf, tabulate };
})((globalThis.convspec ??= {}));
