"use strict";
// Shows one view of a page that holds them all, and copies programs. Without it all can be read.
(() => {
  const root = document.documentElement;
  const router = () => document.querySelector(".router");
  root.classList.add("routed");

  /** What the hash names: the part of it before the state of a page, which a "~" begins. */
  const named = () => {
    const hash = location.hash.slice(1).split("~")[0];
    try {
      return document.getElementById(decodeURIComponent(hash));
    } catch {
      return null;
    }
  };

  const show = (view) => {
    for (const shown of document.querySelectorAll(".view.shown")) shown.classList.remove("shown");
    view.classList.add("shown");
    document.title = `${view.dataset.title} – convspec`;
    for (const link of document.querySelectorAll(".site nav a")) {
      if (link.getAttribute("href") === `#${view.id}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  };

  const focus = (element) => {
    if (!element.hasAttribute("tabindex")) element.tabIndex = -1;
    element.focus({ preventScroll: true });
  };

  const route = (moved) => {
    const target = named();
    const first = document.querySelector(".view");
    const view = target ? target.closest(".view") : first;
    if (!view) return;
    if (!view.classList.contains("shown") || !moved) show(view);
    if (target && target !== view) {
      reveal(target);
    } else if (moved) {
      scrollTo(0, 0);
      focus(view.querySelector("h1") || view);
    }
  };

  /** Bring a place of a view into sight, out of whatever is closed around it. */
  const reveal = (place) => {
    for (let at = place.closest("details"); at; at = at.parentElement.closest("details")) at.open = true;
    place.scrollIntoView();
    place.dataset.place = "";
    focus(place);
  };

  const copy = async (button) => {
    const program = document.getElementById(button.dataset.copies);
    const said = button.parentElement.querySelector("[role=status]");
    try {
      await navigator.clipboard.writeText(program.textContent);
      said.textContent = "Copied";
    } catch {
      said.textContent = copied(program) ? "Copied" : "Selected: press Ctrl+C or ⌘C";
    }
    setTimeout(() => { said.textContent = ""; }, 4000);
  };

  /** The way of copying that needs no permission: it leaves the program selected. */
  const copied = (program) => {
    getSelection().selectAllChildren(program);
    return document.execCommand("copy");
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("button[data-copies]")) {
      button.hidden = false;
      button.addEventListener("click", () => copy(button));
    }
    document.querySelector(".skip").addEventListener("click", (event) => {
      event.preventDefault();
      const heading = document.querySelector(router() ? ".view.shown h1" : "h1");
      heading.scrollIntoView();
      focus(heading);
    });
    const place = named();
    if (router()) {
      route(false);
      addEventListener("hashchange", () => route(true));
    } else if (place && place.closest(".view")) {
      reveal(place);
    }
  });
})();
