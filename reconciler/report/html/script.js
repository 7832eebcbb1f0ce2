"use strict";
(() => {
  const rows = JSON.parse(document.getElementById("rows").textContent);
  const body = document.querySelector("#list tbody");
  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
  const pages = document.getElementById("pages");
  const [back, on] = [document.getElementById("back"), document.getElementById("on")];
  const SIZE = 200;
  let found = rows;
  let page = 0;

  for (const row of rows) {
    row.text = [row.who, row.what, row.place, row.store, row.kind, row.rules.join(" "),
      row.evidence].join(" ").toLowerCase();
  }

  // Names in backticks are code, where each has its pair.
  function fill(made, text) {
    const parts = text.split("`");
    if (parts.length % 2 === 0) {
      made.textContent = text;
      return made;
    }
    parts.forEach((part, place) => {
      const code = place % 2 ? document.createElement("code") : null;
      if (code) code.textContent = part;
      made.append(code || part);
    });
    return made;
  }

  function cell(text, name) {
    const made = document.createElement("td");
    if (name) made.className = name;
    return fill(made, text);
  }

  function place(row) {
    const made = cell("", "place");
    if (!row.place) return made;
    if (row.link) {
      const link = document.createElement("a");
      link.href = row.link;
      link.rel = "noreferrer";
      link.textContent = row.place;
      made.append(link);
    } else {
      made.textContent = row.place;
    }
    return made;
  }

  function line(row) {
    const made = document.createElement("tr");
    made.className = row.kind;
    const what = cell(row.what, "what");
    if (row.evidence) {
      const more = document.createElement("div");
      more.className = "soft";
      what.append(fill(more, row.evidence));
    }
    const kind = cell(`${row.sign} ${row.title}`, `sign ${row.tone}`);
    made.append(kind, cell(row.who, "alias"), what, cell(row.store, "name"), place(row));
    return made;
  }

  function show(every) {
    const part = every ? found : found.slice(page * SIZE, (page + 1) * SIZE);
    body.replaceChildren(...part.map(line));
    const last = Math.max(0, Math.ceil(found.length / SIZE) - 1);
    shown.textContent = `${found.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} shown`;
    pages.textContent = `page ${page + 1} of ${last + 1}`;
    back.disabled = page === 0;
    on.disabled = page === last;
  }

  function filter() {
    const asked = new FormData(form);
    const words = asked.get("search").toLowerCase().split(/\s+/).filter(Boolean);
    const is = (name, values) => !asked.get(name) || values.includes(asked.get(name));
    found = rows.filter((row) => is("store", [row.store]) && is("class", [row.kind])
      && is("cause", [row.cause]) && is("rule", row.rules) && is("field", row.fields)
      && words.every((word) => row.text.includes(word)));
    page = 0;
    show(false);
  }

  function choices(name, values) {
    const select = form.elements[name];
    for (const value of [...new Set(values)].filter(Boolean).sort()) {
      const option = document.createElement("option");
      option.value = option.textContent = value;
      select.append(option);
    }
    select.closest("label").hidden = select.options.length < 2;
  }

  choices("store", rows.map((row) => row.store));
  choices("class", rows.map((row) => row.kind));
  choices("cause", rows.map((row) => row.cause));
  choices("rule", rows.flatMap((row) => row.rules));
  choices("field", rows.flatMap((row) => row.fields));
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  back.addEventListener("click", () => { page -= 1; show(false); });
  on.addEventListener("click", () => { page += 1; show(false); });
  addEventListener("beforeprint", () => show(true));
  addEventListener("afterprint", () => show(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      form.elements.search.focus();
    }
  });
  show(false);
})();
