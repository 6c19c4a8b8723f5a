"use strict";
// The matrix of the summary: chapters that open, filters, and a link in every cell. What is shown
// is told aloud, and kept in the address of the page.
(() => {
  const FAILURES = ["fail", "error", "crash", "timeout"];

  const start = (form) => {
    const table = form.parentElement.querySelector("table");
    const columns = [...table.tHead.rows[0].cells].slice(1);
    const chapters = [...table.tBodies].slice(1).map(chapterOf);
    const fields = form.elements;
    const narrowed = document.head.appendChild(document.createElement("style"));
    const number = chapters.reduce((sum, chapter) => sum + chapter.rows.length, 0);
    let all = number <= 30;

    for (const chapter of chapters) {
      chapter.button.addEventListener("click", () => {
        chapter.open = !chapter.open;
        update();
      });
    }

    const chosen = () => ({
      only: fields.only.checked, chapter: fields.chapter.value, backend: fields.backend.value,
      outcome: fields.outcome.value, words: fields.words.value.trim().toLowerCase(),
    });

    const matches = (row, { only, backend, outcome, words }) => {
      const cells = backend === "" ? row.outcomes : [row.outcomes[backend]];
      return (!only || cells.some((found) => FAILURES.some((name) => found.has(name))))
        && (!outcome || cells.some((found) => found.has(outcome)))
        && words.split(/\s+/).every((word) => row.text.includes(word));
    };

    const update = () => {
      const state = chosen();
      const filtering = state.only || state.outcome || state.words;
      let shown = 0;
      chapters.forEach((chapter, at) => {
        const here = state.chapter === "" || state.chapter === String(at);
        const found = here ? chapter.rows.filter((row) => matches(row, state)) : [];
        const open = chapter.open ?? (all || filtering || state.chapter !== "");
        for (const row of chapter.rows) row.element.hidden = !open || !found.includes(row);
        chapter.body.hidden = !found.length;
        chapter.button.setAttribute("aria-expanded", String(Boolean(open)));
        shown += found.length;
      });
      const column = Number(state.backend) + 2;
      narrowed.textContent = state.backend === "" ? ""
        : `.matrix tr > :not(:first-child, :nth-child(${column})) { display: none; }`;
      fields.open.setAttribute("aria-pressed", String(all));
      const on = state.backend === "" ? `on ${columns.length} backend${columns.length === 1 ? "" : "s"}`
        : `on ${columns[state.backend].textContent}`;
      form.querySelector(".count").textContent = `${shown} of ${number} clauses, ${on}`;
      remember(form.dataset.for, state);
    };

    const changed = () => {
      for (const chapter of chapters) chapter.open = undefined;
      update();
    };

    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", changed);
    form.addEventListener("reset", () => { all = number <= 30; setTimeout(changed); });
    fields.open.addEventListener("click", () => { all = !all; changed(); });
    recall(form);
    linkCells(chapters, columns);
    form.hidden = false;
    update();
  };

  const chapterOf = (body) => {
    const [head, ...rows] = body.rows;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.cells[0].childNodes);
    head.cells[0].append(button);
    const title = button.textContent;
    return { body, button, open: undefined, rows: rows.map((row) => rowOf(row, title)) };
  };

  const rowOf = (element, title) => ({
    element,
    text: `${element.cells[0].textContent} ${title}`.toLowerCase(),
    outcomes: [...element.cells].slice(1).map((cell) => new Set(
      (cell.className === "mixed" ? [...cell.children] : [cell]).map(outcomeOf))),
  });

  /** What has no class is a pass. */
  const outcomeOf = (element) => element.className || "pass";

  /** A link in every cell to the backend's place on the page of the clause. The page of the clause
      is in the tab order already, so that only what is no pass is put there once more. */
  const linkCells = (chapters, columns) => {
    const places = columns.map((column) => column.dataset.place);
    for (const { rows } of chapters) {
      for (const { element, outcomes } of rows) {
        const page = element.cells[0].querySelector("a").getAttribute("href");
        const start = page.startsWith("#") ? page : `${page}#${page.replace(/\.html$/, "")}`;
        [...element.cells].slice(1).forEach((cell, at) => {
          if (outcomes[at].has("nothing")) return;
          const link = document.createElement("a");
          link.href = `${start}.${places[at]}`;
          if (!FAILURES.some((name) => outcomes[at].has(name))) link.tabIndex = -1;
          link.append(...cell.childNodes);
          cell.append(link);
        });
      }
    }
  };

  /** The state stands in the address behind a "~", where the file itself is not asked for anew. */
  const remember = (page, state) => {
    const given = Object.entries(state).filter(([, value]) => value && value !== "");
    const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
    const was = location.hash.slice(1);
    if (was && was.split("~")[0] !== page) return;
    const now = query.size ? `${page}~${query}` : "";
    if (now !== was && (now || was.includes("~"))) history.replaceState(null, "", `#${now}`);
  };

  const recall = (form) => {
    const [page, query] = location.hash.slice(1).split("~");
    if (page !== form.dataset.for || !query) return;
    for (const [name, value] of new URLSearchParams(query)) {
      const field = form.elements[name];
      if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = true;
      else if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) field.value = value;
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const form of document.querySelectorAll("form.filters[data-for]")) start(form);
  });
})();
