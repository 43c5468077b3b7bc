"use strict";
const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
const one = (selector) => document.querySelector(selector);
const store = { // a page opened from a file may have no storage
  get(key) { try { return localStorage.getItem(key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, value); } catch { /* nothing is remembered */ } },
};

// Light or dark: the system's choice until the button is used.
{
  const root = document.documentElement;
  const known = store.get("kplan-theme");
  if (known) root.dataset.theme = known;
  one("#theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    store.set("kplan-theme", root.dataset.theme);
  });
}

// Lists: a search field and buttons hide the entries that do not match.
const lists = new Map();
const listOf = (id) => {
  if (!lists.has(id)) lists.set(id, { words: [], chosen: new Map() });
  return lists.get(id);
};
const show = (id) => {
  const list = document.getElementById(id), state = listOf(id);
  for (const entry of all("[data-text]", list)) {
    const text = entry.dataset.text;
    let shown = state.words.every((word) => text.includes(word));
    for (const [key, values] of state.chosen) shown = shown && (!values.size || values.has(entry.dataset[key]));
    entry.hidden = !shown;
  }
  const seeking = state.words.length || [...state.chosen.values()].some((values) => values.size);
  for (const group of all(".group", list)) {
    group.hidden = !group.querySelector("[data-text]:not([hidden])");
    if (seeking) group.open = true;
  }
};
for (const field of all("[data-filter]")) {
  field.addEventListener("input", () => {
    listOf(field.dataset.filter).words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    show(field.dataset.filter);
  });
}
for (const button of all("[data-list]")) {
  button.addEventListener("click", () => {
    const { list, key, value } = button.dataset;
    const chosen = listOf(list).chosen;
    if (!chosen.has(key)) chosen.set(key, new Set());
    const values = chosen.get(key), on = !values.has(value);
    if (on) values.add(value); else values.delete(value);
    button.setAttribute("aria-pressed", String(on));
    show(list);
  });
}
for (const button of all("[data-open]")) {
  button.addEventListener("click", () => {
    const entries = all(".group, .object", document.getElementById(button.dataset.open));
    const open = entries.some((entry) => !entry.open);
    for (const entry of entries) entry.open = open;
    button.textContent = open ? "Close all" : "Open all";
  });
}

// Several plans: one at a time.
const plans = all(".plan");
const turnTo = (plan) => {
  for (const other of plans) other.hidden = other !== plan;
  for (const tab of all(".tab")) tab.setAttribute("aria-current", String(tab.hash === `#${plan.id}`));
};
for (const tab of all(".tab")) {
  tab.addEventListener("click", (event) => {
    event.preventDefault();
    turnTo(document.getElementById(tab.hash.slice(1)));
    scrollTo(0, 0);
  });
}

// A link to an object opens its entry, also when a filter hides it.
const reveal = () => {
  const entry = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!entry) return;
  const plan = entry.closest(".plan");
  if (plan) turnTo(plan);
  if (!entry.classList.contains("object")) return;
  entry.hidden = false;
  const group = entry.closest(".group");
  group.hidden = false;
  group.open = true;
  entry.open = true;
  entry.scrollIntoView({ block: "start" });
};
addEventListener("hashchange", reveal);
if (plans.length) turnTo(plans[0]);
reveal();

// The section that is being read.
{
  const links = new Map(all("nav a:not(.tab)").map((link) => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) for (const [name, link] of links) link.classList.toggle("here", name === target.id);
    }
  }, { rootMargin: "-20% 0px -70% 0px" });
  for (const section of all("main section")) seen.observe(section);
}

// The graph.
const graph = (section) => {
  const svg = section.querySelector(".drawing"), canvas = section.querySelector(".canvas");
  if (!svg) return;
  const panel = section.querySelector("aside"), found = section.querySelector(".found"), finder = section.querySelector(".find");
  const boxes = all(".box", svg), edges = all(".edge", svg).map((line) => ({ line, ...line.dataset, source: +line.dataset.s, target: +line.dataset.t }));
  const touching = boxes.map(() => []);
  for (const edge of edges) {
    touching[edge.source].push(edge);
    if (edge.target !== edge.source) touching[edge.target].push(edge);
  }
  const width = +svg.dataset.width, height = +svg.dataset.height;
  let view = { x: 0, y: 0, scale: 1 };
  const place = (box) => box.transform.baseVal[0].matrix;
  const draw = () => {
    const { clientWidth: w, clientHeight: h } = canvas;
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${w / view.scale} ${h / view.scale}`);
    svg.classList.toggle("tiny", view.scale < 0.3);
    svg.style.setProperty("--title", `${Math.round(Math.max(14, Math.min(120, 13 / view.scale)))}px`);
  };
  const fit = (x, y, w, h, most) => {
    const { clientWidth: cw, clientHeight: ch } = canvas;
    const scale = Math.max(0.03, Math.min(most, cw / (w + 40), ch / (h + 40)));
    view = { scale, x: x + w / 2 - cw / scale / 2, y: y + h / 2 - ch / scale / 2 };
    draw();
  };
  const whole = () => fit(0, 0, width, height, 1.1);
  const zoom = (factor, px, py) => {
    const scale = Math.max(0.03, Math.min(4, view.scale * factor));
    view.x += px / view.scale - px / scale;
    view.y += py / view.scale - py / scale;
    view.scale = scale;
    draw();
  };
  const at = (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const name = (box) => box.querySelector("title").textContent;

  const light = (index) => {
    svg.classList.toggle("focus", index !== null);
    for (const marked of all(".near", svg)) marked.classList.remove("near");
    if (index === null) return;
    boxes[index].classList.add("near");
    for (const edge of touching[index]) {
      edge.line.classList.add("near");
      boxes[edge.source].classList.add("near");
      boxes[edge.target].classList.add("near");
    }
  };
  let chosen = null;
  const choose = (index, move) => {
    if (chosen !== null) boxes[chosen].classList.remove("chosen");
    chosen = index;
    light(index);
    panel.hidden = index === null;
    if (index === null) return;
    boxes[index].classList.add("chosen");
    if (move) {
      const m = place(boxes[index]);
      fit(m.e - 330, m.f - 150, 1180, 340, Math.max(view.scale, 0.8));
    }
    tell(index);
  };
  const make = (tag, text, parent, attributes) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    Object.assign(made, attributes);
    parent.append(made);
    return made;
  };
  const tell = (index) => {
    panel.replaceChildren();
    make("h3", name(boxes[index]), panel);
    make("button", "×", panel, { className: "close", type: "button", ariaLabel: "Close", onclick: () => choose(null) });
    if (boxes[index].classList.contains("absent")) make("p", "It is not there.", panel);
    const entry = boxes[index].dataset.entry;
    if (entry) {
      const link = make("a", "Show its changes", make("p", "", panel), { href: `#${entry}` });
      link.addEventListener("click", () => { expand(false); setTimeout(reveal); });
    }
    const parts = [["Points at", (e) => e.source === index], ["Pointed at by", (e) => e.source !== index]];
    for (const [title, wanted] of parts) {
      const those = touching[index].filter(wanted);
      if (!those.length) continue;
      make("h4", `${title} (${those.length})`, panel);
      const list = make("ul", "", panel);
      for (const edge of those.slice(0, 80)) {
        const other = edge.source === index ? edge.target : edge.source, item = make("li", "", list);
        make("button", name(boxes[other]), item, { type: "button", onclick: () => choose(other, true) });
        make("code", `${edge.kind} · ${edge.path}`, item);
      }
    }
  };

  const expand = (on) => {
    const now = section.classList.toggle("whole-window", on);
    document.body.classList.toggle("expanded", now);
    section.querySelector('[data-zoom="expand"]').textContent = now ? "Close" : "Expand";
    requestAnimationFrame(whole);
  };
  const actions = {
    in: () => zoom(1.35, canvas.clientWidth / 2, canvas.clientHeight / 2),
    out: () => zoom(1 / 1.35, canvas.clientWidth / 2, canvas.clientHeight / 2),
    fit: whole,
    expand: () => expand(),
  };
  for (const button of all("[data-zoom]", section)) button.addEventListener("click", () => actions[button.dataset.zoom]());

  canvas.classList.add("live");
  const pointers = new Map();
  let moved = 0, span = 0;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    pointers.set(event.pointerId, at(event));
    if (pointers.size === 1) moved = 0;
    span = 0;
  });
  addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    pointers.set(event.pointerId, now);
    if (pointers.size === 2) {
      const [[ax, ay], [bx, by]] = [...pointers.values()], size = Math.hypot(ax - bx, ay - by);
      if (span) zoom(size / span, (ax + bx) / 2, (ay + by) / 2);
      span = size;
      moved = 99;
    } else {
      moved += Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1]);
      if (moved > 4) {
        canvas.classList.add("moving");
        view.x -= (now[0] - before[0]) / view.scale;
        view.y -= (now[1] - before[1]) / view.scale;
        draw();
      }
    }
  });
  const lift = (event) => {
    pointers.delete(event.pointerId);
    canvas.classList.remove("moving");
  };
  addEventListener("pointerup", lift);
  addEventListener("pointercancel", lift);
  svg.addEventListener("click", (event) => {
    if (moved > 4) return;
    const box = event.target.closest(".box");
    choose(box ? +box.dataset.i : null);
  });
  svg.addEventListener("keydown", (event) => {
    const box = event.target.closest(".box");
    if (box && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      choose(+box.dataset.i, true);
    }
  });
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && !section.classList.contains("whole-window")) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0025)), ...at(event));
  }, { passive: false });
  svg.addEventListener("pointerover", (event) => {
    const box = event.target.closest(".box");
    if (chosen === null && box && event.pointerType === "mouse" && !canvas.classList.contains("moving")) light(+box.dataset.i);
  });
  svg.addEventListener("pointerout", () => { if (chosen === null) light(null); });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (chosen !== null) choose(null); else if (section.classList.contains("whole-window")) expand(false);
  });

  let hits = [], turn = -1;
  finder.addEventListener("input", () => {
    const words = finder.value.toLowerCase().split(/\s+/).filter(Boolean);
    hits = words.length ? boxes.filter((box) => words.every((word) => box.dataset.text.includes(word))) : [];
    turn = -1;
    svg.classList.toggle("sought", words.length > 0);
    for (const box of boxes) box.classList.toggle("hit", hits.includes(box));
    found.textContent = words.length ? `${hits.length} found` : "";
  });
  finder.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !hits.length) return;
    turn = (turn + (event.shiftKey ? hits.length - 1 : 1)) % hits.length;
    found.textContent = `${turn + 1} of ${hits.length}`;
    svg.classList.remove("sought");
    choose(+hits[turn].dataset.i, true);
  });

  let placed = false;
  new ResizeObserver(() => {
    if (placed) draw(); else if (canvas.clientWidth) whole();
    placed = placed || canvas.clientWidth > 0;
  }).observe(canvas);
  if (canvas.clientWidth) whole();
};
for (const section of all("section.graph")) graph(section);
document.documentElement.dataset.ready = "yes";
