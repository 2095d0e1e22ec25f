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

/** Place of the value nearest to `x` in an ascending list. */
function nearestIndex(length, valueAt, x) {
  let low = 0, high = length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (valueAt(middle) < x) low = middle + 1;
    else high = middle;
  }
  return low > 0 && x - valueAt(low - 1) <= valueAt(low) - x ? low - 1 : low;
}

/** How far a value is on the way between two; their distance may be beyond the largest double. */
function share(value, from, to) {
  const scale = Math.max(Math.abs(from), Math.abs(to)) > 1e300 ? 2 ** -20 : 1;
  return (value * scale - from * scale) / (to * scale - from * scale);
}

/** What a chart shows, as it stands now: a live page changes it. */
function readChart(chart) {
  const { x, y, xLabel, margin, lines } = JSON.parse(chart.dataset.chart);
  const { width, height } = chart.viewBox.baseVal;
  const [xMin, xMax, left] = x;
  const [yMin, yMax, isLog] = y;
  return {
    xLabel,
    margin,
    lines,
    isLog,
    width,
    height,
    steps: [...new Set(lines.flatMap(({ points }) => points.map(([step]) => step)))].sort((a, b) => a - b),
    atX: (value) => left + share(value, xMin, xMax) * (width - margin.right - left),
    atY: (value) =>
      height - margin.bottom -
      share(isLog ? Math.log10(value) : value, yMin, yMax) * (height - margin.bottom - margin.top),
    valueAt: (pixel) => xMin + (pixel - left) / (width - margin.right - left) * (xMax - xMin),
  };
}

/** Values under the pointer, or under the arrow keys. */
export function wireChart(chart) {
  let seen, drawing;
  const read = () => {
    if (chart.dataset.chart !== seen) {
      seen = chart.dataset.chart;
      drawing = readChart(chart);
    }
    return drawing;
  };
  let tip, cursor, at = -1;

  const hide = () => {
    tip?.remove();
    cursor?.remove();
    tip = cursor = undefined;
  };
  const show = (index) => {
    hide();
    const { xLabel, margin, lines, isLog, width, height, steps, atX, atY } = read();
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
      if (points.length === 0) continue;
      // Lines are thinned each on its own, so they seldom have the same steps.
      const point = points[nearestIndex(points.length, (i) => points[i][0], step)];
      const row = document.createElement("div");
      const swatch = document.createElement("span");
      swatch.className = `swatch c${color}`;
      const value = document.createElement("b");
      value.textContent = short(point[1]);
      const name = document.createElement("span");
      name.className = "name";
      name.textContent = label;
      row.append(swatch, name, value);
      if (point[0] !== step) {
        const own = document.createElement("span");
        own.className = "own";
        own.textContent = `at ${short(point[0])}`;
        row.append(own);
      }
      tip.append(row);
      if (point[1] !== null && (!isLog || point[1] > 0)) {
        cursor.append(svg("circle", { class: `c${color}`, cx: atX(point[0]), cy: atY(point[1]), r: 4 }));
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
    const { width, steps, valueAt } = read();
    show(nearestIndex(steps.length, (i) => steps[i], valueAt((event.clientX - box.left) * width / box.width)));
  });
  chart.addEventListener("pointerleave", hide);
  chart.addEventListener("blur", hide);
  chart.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    const last = read().steps.length - 1;
    if (move !== undefined) show(at < 0 ? (move < 0 ? last : 0) : at + move);
    else if (event.key === "Home") show(0);
    else if (event.key === "End") show(last);
    else if (event.key === "Escape") return hide();
    else return;
    event.preventDefault();
  });
}
