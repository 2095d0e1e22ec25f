// Makes the pages handier; every page can be read and used without it.
"use strict";

/** Addresses of MLflow's own pages (`/#/experiments/1/runs/abc`) lead to ours. */
function followHash() {
  const [path, search = ""] = location.hash.slice(1).split("?");
  if (!path.startsWith("/") || path === "/") return;
  const parts = path.slice(1).split("/");
  const query = new URLSearchParams(search);
  let to = path;
  if (parts[0] === "compare-runs") {
    let runs = [];
    try {
      runs = JSON.parse(query.get("runs") ?? "[]");
    } catch {
      // a damaged address leads to an empty comparison
    }
    to = `/compare?${new URLSearchParams(runs.map((id) => ["run", String(id)]))}`;
  } else if (parts[0] === "experiments" && parts[2] === "runs") {
    const rest = parts[4] === "artifacts" || parts[4] === "artifactPath"
      ? `/artifacts?path=${encodeURIComponent(parts.slice(5).join("/"))}`
      : "";
    to = `/${parts.slice(0, 4).join("/")}${rest}`;
  } else if (parts[0] === "experiments" && parts[2] === "models" && parts[3]) {
    to = `/logged-models/${parts[3]}`;
  } else if (parts[0] === "experiments" && parts.length > 2) {
    to = `/${parts.slice(0, 2).join("/")}`;
  }
  location.replace(to);
}

/** Copy buttons. */
function wireCopy(root) {
  for (const button of root.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const label = button.firstChild;
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
        label.textContent = "Copied";
      } catch {
        label.textContent = "Not allowed";
      }
      setTimeout(() => label.textContent = "Copy", 1500);
    });
  }
}

/** Boxes that hide the rows or options without the text typed. */
function wireFind(root) {
  const wire = (input, itemsOf) => {
    input.closest(".find").hidden = false;
    input.addEventListener("input", () => {
      const text = input.value.trim().toLowerCase();
      for (const item of itemsOf()) item.hidden = text !== "" && !item.textContent.toLowerCase().includes(text);
    });
    // Enter would send the form around the box.
    input.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  };
  for (const input of root.querySelectorAll("[data-find]")) {
    wire(input, () => input.closest(".findable").querySelectorAll("tbody tr"));
  }
  for (const input of root.querySelectorAll("[data-find-option]")) {
    wire(input, () => input.closest(".panel").querySelectorAll(".option"));
  }
}

/** Counts the runs picked, and picks all. */
function wireCompare(root) {
  for (const form of root.querySelectorAll("[data-compare]")) {
    const boxes = [...form.querySelectorAll('input[name="run"]')];
    const all = form.querySelector("[data-pick-all]");
    const button = form.querySelector("[data-compare-button]");
    const hint = form.querySelector("[data-compare-hint]");
    let last = -1;
    const update = () => {
      const count = boxes.filter((box) => box.checked).length;
      button.disabled = count < 2;
      button.textContent = count < 2 ? "Compare selected" : `Compare ${count} runs`;
      hint.hidden = count >= 2;
      hint.textContent = count === 1 ? "Pick one more run." : "Pick two or more runs.";
      all.checked = count > 0 && count === boxes.length;
      all.indeterminate = count > 0 && count < boxes.length;
    };
    all.hidden = boxes.length < 2;
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
      update();
    });
    boxes.forEach((box, i) =>
      box.addEventListener("click", (event) => {
        if (event.shiftKey && last >= 0) {
          for (let j = Math.min(i, last); j <= Math.max(i, last); j++) boxes[j].checked = box.checked;
        }
        last = i;
        update();
      })
    );
    addEventListener("pageshow", update); // the way back keeps the ticks
    update();
  }
}

/** Choices that take effect at once. */
function wireAutosubmit(root) {
  for (const form of root.querySelectorAll("[data-autosubmit]")) {
    for (const button of form.querySelectorAll("[data-autosubmit-button]")) button.hidden = true;
    form.addEventListener("change", () => form.requestSubmit());
  }
}

/** Menus close by Escape and by a click elsewhere. */
function wireChooser(root) {
  for (const chooser of root.querySelectorAll("details.chooser")) {
    document.addEventListener("click", (event) => {
      if (!chooser.contains(event.target)) chooser.open = false;
    });
    chooser.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !chooser.open) return;
      chooser.open = false;
      chooser.querySelector("summary").focus();
    });
  }
}

/** A form that asks for work of seconds says so, and is not sent twice. */
function wireOnce(root) {
  for (const form of root.querySelectorAll("form[data-once]")) {
    const button = form.querySelector("button[type=submit]");
    const label = button.textContent;
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) return event.preventDefault();
      form.dataset.sent = "1";
      button.setAttribute("aria-disabled", "true");
      button.textContent = "Asking…";
    });
    // The way back shows the page as it was left.
    addEventListener("pageshow", () => {
      delete form.dataset.sent;
      button.removeAttribute("aria-disabled");
      button.textContent = label;
    });
  }
}

/** Whether somebody has typed what would be lost. */
function isEdited(root) {
  return [...root.querySelectorAll("form[data-edit] :is(input, textarea)")].some((field) =>
    field.value !== field.defaultValue
  );
}

const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/** Short text of a number. */
function short(value) {
  if (value === null) return "not finite";
  return String(Number(value.toPrecision(6))).replace("-", "−");
}

/** Values under the pointer, or under the arrow keys. */
function wireChart(chart) {
  const { x, y, xLabel, margin, lines } = JSON.parse(chart.dataset.chart);
  const { width, height } = chart.viewBox.baseVal;
  const [xMin, xMax, left] = x;
  const [yMin, yMax, isLog] = y;
  const atX = (value) => left + (value - xMin) / (xMax - xMin) * (width - margin.right - left);
  const atY = (value) =>
    height - margin.bottom -
    ((isLog ? Math.log10(value) : value) - yMin) / (yMax - yMin) * (height - margin.bottom - margin.top);
  const steps = [...new Set(lines.flatMap(({ points }) => points.map(([step]) => step)))].sort((a, b) => a - b);
  let tip, cursor, at = -1;

  const hide = () => {
    tip?.remove();
    cursor?.remove();
    tip = cursor = undefined;
  };
  const show = (index) => {
    hide();
    at = Math.max(0, Math.min(steps.length - 1, index));
    const step = steps[at];
    cursor = svg("g", { class: "cursor" });
    cursor.append(svg("line", { x1: atX(step), x2: atX(step), y1: margin.top, y2: height - margin.bottom }));
    tip = document.createElement("div");
    tip.className = "tip";
    tip.setAttribute("role", "status");
    const head = document.createElement("div");
    head.textContent = `${xLabel.split(" ")[0]} ${short(step)}`;
    tip.append(head);
    for (const { label, color, points } of lines) {
      const point = points.find(([pointX]) => pointX === step);
      if (point === undefined) continue;
      const row = document.createElement("div");
      const swatch = document.createElement("span");
      swatch.className = `swatch c${color}`;
      const value = document.createElement("b");
      value.textContent = short(point[1]);
      row.append(swatch, label, value);
      tip.append(row);
      if (point[1] !== null && (!isLog || point[1] > 0)) {
        cursor.append(svg("circle", { class: `c${color}`, cx: atX(step), cy: atY(point[1]), r: 4 }));
      }
    }
    chart.append(cursor);
    document.body.append(tip);
    const box = chart.getBoundingClientRect();
    const pixel = box.left + atX(step) * box.width / width;
    const isRight = pixel + tip.offsetWidth + 24 < document.documentElement.clientWidth;
    const leftEdge = isRight ? pixel + 12 : Math.max(4, pixel - tip.offsetWidth - 12);
    tip.style.left = `${leftEdge + scrollX}px`;
    tip.style.top = `${box.top + scrollY + 12}px`;
  };

  chart.addEventListener("pointermove", (event) => {
    const box = chart.getBoundingClientRect();
    const value = xMin +
      ((event.clientX - box.left) * width / box.width - left) / (width - margin.right - left) * (xMax - xMin);
    let nearest = 0;
    steps.forEach((step, i) => {
      if (Math.abs(step - value) < Math.abs(steps[nearest] - value)) nearest = i;
    });
    show(nearest);
  });
  chart.addEventListener("pointerleave", hide);
  chart.addEventListener("blur", hide);
  chart.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (move !== undefined) show(at < 0 ? (move < 0 ? steps.length - 1 : 0) : at + move);
    else if (event.key === "Home") show(0);
    else if (event.key === "End") show(steps.length - 1);
    else if (event.key === "Escape") return hide();
    else return;
    event.preventDefault();
  });
}

/** Fetches a page of work under way again and again, while somebody looks at it and is not at work in it. */
function keepLive(main) {
  const every = Number(main.dataset.live);
  if (!(every > 0)) return;
  const timer = setInterval(async () => {
    if (document.hidden || main.contains(document.activeElement) && document.activeElement !== main) return;
    if (isEdited(main) || getSelection()?.isCollapsed === false || document.querySelector(".tip")) return;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (!answer.ok) return;
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
      if (next === null) return;
      const open = new Set([...main.querySelectorAll("details[open]")].map((details) => details.textContent));
      main.replaceChildren(...next.childNodes);
      for (const details of main.querySelectorAll("details")) details.open = open.has(details.textContent);
      wire(main);
      if (next.dataset.live === undefined) {
        clearInterval(timer);
        delete main.dataset.live;
      }
    } catch {
      // the server is away for a moment: the next round tries again
    }
  }, every);
}

function wire(root) {
  wireCopy(root);
  wireFind(root);
  wireCompare(root);
  wireAutosubmit(root);
  wireChooser(root);
  wireOnce(root);
  for (const chart of root.querySelectorAll("svg[data-chart]")) wireChart(chart);
}

if (location.hash.startsWith("#/")) followHash();
addEventListener("hashchange", () => location.hash.startsWith("#/") && followHash());
wire(document);
keepLive(document.querySelector("main"));
