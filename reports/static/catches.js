"use strict";
if (document.querySelector(".fault-filter")) {
  /* Shows the faults that have all the words, and lack what is chosen; groups without one go away. */
  const form = document.querySelector(".fault-filter");
  const read = (text) => text.toLowerCase().replace(/[_\s]+/g, " ");
  const groups = [...document.querySelectorAll("details.faults")].map((details) => ({
    details,
    wasOpen: details.open,
    rows: [...details.querySelectorAll("tbody tr")].map((row) => ({
      row,
      text: read(row.textContent),
      lacks: (row.dataset.lacks || "").split(" "),
    })),
  }));
  const words = form.querySelector("input");
  const kind = form.querySelector("select");
  const total = groups.reduce((sum, group) => sum + group.rows.length, 0);
  let filtering = false;

  const filter = () => {
    const wanted = read(words.value).trim().split(" ");
    const lacking = kind.value;
    const active = wanted[0] !== "" || lacking !== "";
    let shown = 0;
    for (const group of groups) {
      let here = 0;
      for (const { row, text, lacks } of group.rows) {
        const fits = wanted.every((word) => text.includes(word)) && (!lacking || lacks.includes(lacking));
        row.hidden = !fits;
        here += fits;
      }
      if (!filtering) group.wasOpen = group.details.open;
      group.details.hidden = here === 0;
      group.details.open = active || group.wasOpen;
      shown += here;
    }
    filtering = active;
    form.querySelector("[role=status]").textContent = `${shown} of ${total} faults`;
  };

  words.addEventListener("input", filter);
  kind.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
}
