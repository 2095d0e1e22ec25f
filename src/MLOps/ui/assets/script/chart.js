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
export function wireChart(chart) {
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
