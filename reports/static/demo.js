"use strict";
// The demo: what is chosen, where the window stands, and the buttons that move it.
(function (page) {
  const AXES = ["rows", "columns"];
  const START = [7, 10]; // in the stroke of the first digit
  const QUIET = 400; // ms without a change before a step is read out

  /** The whole number in a control, or null with the reason written beside it. */
  function whole(input, problem) {
    const [least, most, value] = [Number(input.min), Number(input.max), Number(input.value)];
    const isRight = /^\d+$/.test(input.value) && value >= least && value <= most;
    input.setAttribute("aria-invalid", !isRight);
    if (isRight) return value;
    const name = input.getAttribute("aria-label");
    problem.textContent = `${name}: a whole number from ${least} to ${most}, please. Until then the last one is used.`;
    return null;
  }

  /** How the filter slides, from its controls; of a wrong one the last right value stays. */
  function readSliding(part, changed) {
    const sliding = {
      stride: [1, 1], padding: [[0, 0], [0, 0]], dilation: [1, 1], groups: 1, flip: false,
    };
    const kernel = [3, 3];
    const places = {
      stride: (axis, value) => (sliding.stride[axis] = value),
      before: (axis, value) => (sliding.padding[axis][0] = value),
      after: (axis, value) => (sliding.padding[axis][1] = value),
      dilation: (axis, value) => (sliding.dilation[axis] = value),
      kernel: (axis, value) => (kernel[axis] = value),
    };

    function read() {
      part("sliding-problem").textContent = "";
      for (const [name, put] of Object.entries(places)) {
        for (const axis of AXES.keys()) {
          const value = whole(part(`${name}-${axis}`), part("sliding-problem"));
          if (value !== null) put(axis, value);
        }
      }
      sliding.flip = part("flip").checked;
    }

    function alike(event) {
      const found = /^(\w+)-([01])$/.exec(event.target.dataset.part);
      if (!found || !part("alike").checked) return;
      part(`${found[1]}-${1 - found[2]}`).value = event.target.value;
    }

    part("sliding").addEventListener("input", (event) => {
      alike(event);
      read();
      changed(event.target.dataset.part.startsWith("kernel") ? "kernel" : "sliding");
    });
    part("flip").addEventListener("input", () => {
      read();
      changed("sliding");
    });
    function setKernel(sizes) {
      sizes.forEach((size, axis) => (part(`kernel-${axis}`).value = size));
      read();
    }
    return { sliding, kernel, setKernel };
  }

  /** Says a step aloud once nothing has moved for a while. */
  function announcer(element) {
    let waiting = 0;
    return (text) => {
      clearTimeout(waiting);
      waiting = setTimeout(() => (element.textContent = text), QUIET);
    };
  }

  function start(root) {
    const part = (name) => root.querySelector(`[data-part="${name}"]`);
    const data = JSON.parse(part("data").textContent);
    const say = announcer(part("said"));
    page.paint.takeColours(root);
    part("app").hidden = false;
    // First, because a browser that cannot compute these may not get any further.
    page.showCheck(part, data.cases, page.decode(data.digits[0]));

    const filters = page.editFilters(part, data.banks, changed);
    const choice = readSliding(part, changed);
    const source = page.chooseInput(part, data.digits, say, () => changed("input"));
    const { sliding, kernel } = choice;
    let input = source.current();
    let maps = []; // whole, whatever of them has been seen
    let largest = 0; // of their values
    let seen = []; // of each place, whether it has been computed
    let at = START;
    let player = null;

    const fits = () => maps.length > 0;
    const size = () => [maps[0].length, maps[0][0].length];
    const isSeen = (row, column) => seen[row][column];
    const isWhole = () => seen.every((line) => line.every(Boolean));

    /** Something that was chosen is another now. */
    function changed(what) {
      if (what === "kernel") filters.resize(kernel);
      input = source.current();
      filters.fitTo(input.channels.length);
      if (what === "bank") choice.setKernel(page.correlation.sizeOf(filters.all()[0]));
      compute();
      if (what !== "weights" && what !== "sliding") filters.build(input.names);
      page.stage.buildMaps(part, filters.names(), filters.shown(), `${root.id}.map`, choose);
      render();
    }

    function compute() {
      const before = fits() ? { size: size(), whole: isWhole() } : null;
      part("problem").textContent = "";
      try {
        maps = page.correlation.correlate(input.channels, filters.all(), sliding);
      } catch (error) {
        if (!(error instanceof page.correlation.SizeError)) throw error;
        maps = [];
        pause();
        part("problem").textContent = `${error.message} Make the filter or the dilation smaller, or add padding.`;
      }
      largest = Math.max(0, ...maps.flat(2).map(Math.abs));
      showFit();
      showFormula();
      if (fits() && String(before?.size) !== String(size())) begin(before);
    }

    /** Without a map there is nowhere to go. */
    function showFit() {
      part("fitting").hidden = part("values").hidden = !fits();
      for (const control of root.querySelectorAll(".player button, .player input")) {
        control.disabled = !fits();
      }
    }

    /** A map of another size: the window stays about where it was. */
    function begin(before) {
      at = at.map((place, axis) => {
        const share = before ? place / before.size[axis] : place / 26;
        return Math.min(Math.floor(share * size()[axis]), size()[axis] - 1);
      });
      const isAll = before?.whole ?? false;
      const isPast = (y, x) => y < at[0] || (y === at[0] && x <= at[1]);
      seen = maps[0].map((row, y) => row.map((_, x) => isAll || isPast(y, x)));
      AXES.forEach((axis, a) => (part(`at-${axis}`).max = size()[a]));
    }

    function showFormula() {
      const inside = page.correlation.sizeOf(input.channels);
      AXES.forEach((axis, a) => {
        const room = inside[a] + sliding.padding[a][0] + sliding.padding[a][1];
        const reach = page.correlation.extent(kernel[a], sliding.dilation[a]);
        const out = fits() ? size()[a] : "none: the filter does not fit";
        const numbers = [kernel[a], sliding.stride[a], sliding.dilation[a], out];
        part(`formula-${axis}`).textContent = page.stage.formulaOf(
          inside[a], sliding.padding[a], ...numbers,
        );
        const rest = fits() ? (room - reach) % sliding.stride[a] : 0;
        part(`rest-${axis}`).textContent =
          rest === 0 ? "" : `The stride leaves the last ${rest} of ${room} ${axis} out.`;
      });
    }

    function choose(k) {
      filters.show(k);
      filters.build(input.names);
      render();
    }

    function render() {
      page.stage.showInput(part, input, sliding, kernel, fits() ? at : null);
      if (!fits()) return;
      const [all, shown] = [filters.all(), filters.shown()];
      const filter = sliding.flip ? page.correlation.turned(all[shown]) : all[shown];
      const terms = page.correlation.products(input.channels, filter, at, sliding);
      const weight = filters.largest();
      const total = page.stage.showProducts(part, terms, input.names, 255 * weight);
      page.stage.showMaps(part, { maps, filters: all, shown, isSeen, at, largest, weight });
      part("turned").hidden = !sliding.flip;
      page.paint.signed(part("turned-filter"), filter.flat(), weight, undefined, 48);
      if (part("values").open) page.stage.tabulate(part("table"), maps[shown], isSeen);
      describe(total);
    }

    function describe(total) {
      const name = filters.names()[filters.shown()];
      const [rows, columns] = size();
      part("map-title").textContent = `“${name}”`;
      part("map-size").textContent = `${rows} × ${columns}`;
      part("products-title").textContent = `“${name}”`;
      const [row, column] = at.map((place) => place + 1);
      const count = kernel[0] * kernel[1] * input.channels.length;
      const products = count === 1 ? "1 product adds" : `${count} products add`;
      part("map").setAttribute("aria-label", `The feature map of “${name}”, ${rows} × ${columns}`);
      part("place").textContent = `row ${row}, column ${column}`;
      AXES.forEach((axis, a) => (part(`at-${axis}`).value = at[a] + 1));
      if (player === null) {
        say(`Row ${row}, column ${column} of “${name}”: ${products} up to ${page.show(total)}.`);
      }
    }

    /** Put the window somewhere, and compute what is there. */
    function goTo(row, column) {
      if (!fits()) return;
      const [rows, columns] = size();
      at = [Math.min(Math.max(row, 0), rows - 1), Math.min(Math.max(column, 0), columns - 1)];
      seen[at[0]][at[1]] = true;
      render();
    }

    /** So many stops on, row by row; says whether there were as many. */
    function step(by) {
      if (!fits()) return false;
      const [rows, columns] = size();
      const last = rows * columns - 1;
      const from = at[0] * columns + at[1];
      const to = Math.min(Math.max(from + by, 0), last);
      for (let place = from; place < to; place++) {
        seen[Math.floor(place / columns)][place % columns] = true;
      }
      goTo(Math.floor(to / columns), to % columns);
      return to === from + by && to < last;
    }

    function toStart() {
      pause();
      for (const line of seen) line.fill(false);
      goTo(0, 0);
    }

    function fillAll() {
      pause();
      for (const line of seen) line.fill(true);
      render();
    }

    function pause() {
      if (player === null) return;
      cancelAnimationFrame(player);
      player = null;
      part("play").textContent = "▶ Play";
    }

    function play() {
      const [rows, columns] = size();
      if (at[0] === rows - 1 && at[1] === columns - 1) toStart();
      part("play").textContent = "⏸ Pause";
      let [time, due] = [performance.now(), 0];
      const frame = (now) => {
        due += ((now - time) / 1000) * Number(part("speed").value);
        time = now;
        player = requestAnimationFrame(frame);
        const steps = Math.floor(due);
        due -= steps;
        const isOver = root.offsetParent === null || (steps > 0 && !step(steps));
        if (!isOver) return;
        pause();
        render();
      };
      player = requestAnimationFrame(frame);
    }

    function togglePlay() {
      if (player === null) play();
      else {
        pause();
        render();
      }
    }

    /** The place of the feature map whose window has its middle under the pointer. */
    function underPointer(event, canvas) {
      const box = canvas.getBoundingClientRect();
      const part_ = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
      if (canvas === part("map")) return part_.map((p, a) => Math.floor(p * size()[a]));
      const inside = page.correlation.sizeOf(input.channels);
      return part_.map((p, a) => {
        const cells = inside[a] + sliding.padding[a][0] + sliding.padding[a][1];
        const reach = page.correlation.extent(kernel[a], sliding.dilation[a]);
        return Math.round((p * cells - reach / 2) / sliding.stride[a]);
      });
    }

    function wirePointer(canvas) {
      for (const kind of ["pointermove", "pointerdown"]) {
        canvas.addEventListener(kind, (event) => {
          if (!fits()) return;
          if (kind === "pointerdown") {
            pause();
            part("stage").focus({ preventScroll: true });
          } else if (player !== null) return;
          const place = underPointer(event, canvas);
          if (String(place) !== String(at)) goTo(...place);
        });
      }
    }

    function onKey(event) {
      if (!fits()) return;
      const move = page.arrows[event.key];
      if (move) goTo(at[0] + move[0], at[1] + move[1]);
      else if (event.key === "Home") goTo(at[0], 0);
      else if (event.key === "End") goTo(at[0], size()[1] - 1);
      else if (event.key === " ") togglePlay();
      else return;
      if (move) pause();
      event.preventDefault();
    }

    function repaint() {
      page.paint.takeColours(root);
      source.paint();
      filters.paintBanks();
      filters.tint();
      render();
    }

    wirePointer(part("input"));
    wirePointer(part("map"));
    part("stage").addEventListener("keydown", onKey);
    part("first").addEventListener("click", toStart);
    part("previous").addEventListener("click", () => (pause(), step(-1)));
    part("next").addEventListener("click", () => (pause(), step(1)));
    part("play").addEventListener("click", togglePlay);
    part("all").addEventListener("click", fillAll);
    AXES.forEach((axis) =>
      part(`at-${axis}`).addEventListener("input", () => {
        pause();
        goTo(part("at-rows").value - 1, part("at-columns").value - 1);
      }),
    );
    part("values").addEventListener("toggle", render);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) part("speed").value = "1";

    source.show();
    changed("bank");
    repaint();
  }

  for (const root of document.querySelectorAll("[data-demo]")) start(root);
})((globalThis.convspec ??= {}));
