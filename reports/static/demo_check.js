"use strict";
// Whether this browser computes what the reference does: every case, when the page is opened.
(function (page) {
  /** The largest error of one case as a fraction of its bound; 0 is exact, Infinity is wrong. */
  function errorOf({ x, filters, sliding, result, bound }) {
    const { correlate, SizeError } = page.correlation;
    let maps;
    try {
      maps = correlate(x, filters, sliding);
    } catch (error) {
      return result === null && error instanceof SizeError ? 0 : Infinity;
    }
    if (result === null || JSON.stringify(shape(maps)) !== JSON.stringify(shape(result))) {
      return Infinity;
    }
    const [got, expected, allowed] = [maps, result, bound ?? result].map((a) => a.flat(2));
    const errors = got.map((value, at) => {
      const error = Math.abs(value - expected[at]);
      if (error === 0) return 0;
      return bound && error <= allowed[at] ? error / allowed[at] : Infinity;
    });
    return Math.max(0, ...errors);
  }

  function shape(maps) {
    return [maps.length, ...page.correlation.sizeOf(maps)];
  }

  /** The cases by what they are about: how many there are and agree, and the worst error. */
  function check(cases, digit) {
    const families = new Map();
    for (const one of cases) {
      const family = families.get(one.about) ?? { cases: 0, agree: 0, worst: 0, real: false };
      const error = errorOf({ x: [digit], ...one });
      family.cases += 1;
      family.agree += Number.isFinite(error);
      family.worst = Math.max(family.worst, error);
      family.real ||= "bound" in one;
      families.set(one.about, family);
    }
    return families;
  }

  function worstOf({ worst, real }) {
    if (worst === Infinity) return "beyond what is allowed";
    if (worst === 0) return "exact";
    return real ? `${worst.toPrecision(2)} of its bound` : "exact";
  }

  function rowOf([about, family]) {
    const row = page.make("tr", {});
    const agrees = family.agree === family.cases;
    const head = page.make("th", { scope: "row", textContent: about });
    const verdict = page.make("span", { className: agrees ? "pass" : "badge fail" });
    verdict.textContent = `${agrees ? "✓" : "✗"} ${family.agree} of ${family.cases} agree`;
    const cell = page.make("td", {});
    cell.append(verdict);
    row.append(head, cell, page.make("td", { textContent: worstOf(family) }));
    return row;
  }

  /** Compute every case, and say what came of it. */
  function showCheck(part, cases, digit) {
    const families = check(cases, digit);
    const agree = [...families.values()].reduce((total, family) => total + family.agree, 0);
    const isRight = agree === cases.length;
    const verdict = part("verdict");
    verdict.textContent = isRight
      ? `✓ ${agree} of ${cases.length} cases agree with the reference.`
      : `✗ Only ${agree} of ${cases.length} cases agree with the reference.`;
    verdict.className = isRight ? "pass" : "fail";
    part("families").replaceChildren(...[...families].map(rowOf));
    part("browser").textContent = navigator.userAgent;
    if (isRight) return;
    part("alarm").hidden = false;
    part("alarm").textContent =
      `✗ This browser computes wrong results: ${cases.length - agree} of ${cases.length} cases ` +
      "disagree with the reference. Do not believe the numbers on this page.";
  }

  page.showCheck = showCheck;
})((globalThis.convspec ??= {}));
