import type { ChartDrawings } from "../charts/draw.ts";
import { type Block, type KeyFigure, type NumberedBlock, numberSections, type Report } from "../model.ts";
import { formatSecond } from "../numbers.ts";
import { styleSheet } from "./style.ts";

/** A table of more columns is set closer, so that it is seen whole on a common screen. */
const MANY_COLUMNS = 7;

/** A report as one HTML page: fonts and charts are inside, nothing is fetched, no script runs. */
export function renderHtml(report: Report, drawings: ChartDrawings): string {
  const sections = numberSections(report.sections);
  const generated = formatSecond(report.generatedAtMs);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; font-src data:">
<title>${escapeHtml(`${report.title}: ${report.subtitle}`)}</title>
<style>${styleSheet()}</style>
</head>
<body>
<main>
<header>
<span class="brand">Bitcoin ML Lifecycle Sandbox</span>
<h1>${escapeHtml(report.title)}</h1>
<p class="subtitle">${escapeHtml(report.subtitle)}</p>
<div class="callout verdict ${report.verdict.tone}"><strong>${escapeHtml(report.verdict.text)}</strong>${
    report.verdict.detail === undefined ? "" : `<p>${escapeHtml(report.verdict.detail)}</p>`
  }</div>
${figures(report.figures)}
${report.overview === undefined ? "" : renderBlock({ block: report.overview }, drawings)}
</header>
<nav aria-label="Contents"><h2>Contents</h2><ol>${
    sections.map(({ section }) => `<li><a href="#${section.id}">${escapeHtml(section.title)}</a></li>`).join("")
  }</ol></nav>
${
    sections.map(({ number, section, blocks }) =>
      `<section id="${section.id}">
<h2><span class="number">${number}</span>${escapeHtml(section.title)}</h2>
${section.lead === undefined ? "" : `<p class="lead">${escapeHtml(section.lead)}</p>`}
${blocks.map((block) => renderBlock(block, drawings)).join("\n")}
</section>`
    ).join("\n")
  }
<footer><span>Generated <time datetime="${generated}">${generated}</time></span><span>${
    escapeHtml(report.reference)
  }</span></footer>
</main>
</body>
</html>
`;
}

function renderBlock({ block, label }: NumberedBlock, drawings: ChartDrawings): string {
  switch (block.kind) {
    case "paragraph":
      return `<p>${escapeHtml(block.text)}</p>`;
    case "callout":
      return `<div class="callout ${block.tone}">${escapeHtml(block.text)}</div>`;
    case "figures":
      return figures(block.items);
    case "facts":
      return `<dl class="facts">${
        block.items.map(({ label, value }) => `<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd>`).join("")
      }</dl>`;
    case "table":
      return table(block, label);
    case "chart":
      return `<figure>${caption("figcaption", label, block.caption)}${drawing(drawings, block, 0, block.caption)}${
        note(block.note)
      }</figure>`;
    case "charts":
      return `<figure>${
        caption("figcaption", label, block.caption)
      }<div class="grid" style="--columns:${block.columns}">${
        block.charts.map(({ title }, i) =>
          `<div><h3 title="${escapeHtml(title)}">${escapeHtml(title)}</h3>${drawing(drawings, block, i, title)}</div>`
        ).join("")
      }</div>${note(block.note)}</figure>`;
  }
}

function table(block: Extract<Block, { kind: "table" }>, label: string | undefined): string {
  const attributes = block.columns.map(({ align, wrap }) => {
    const names = [...(align === "right" ? ["right"] : []), ...(wrap ? ["wrap"] : [])];
    return names.length === 0 ? "" : ` class="${names.join(" ")}"`;
  });
  const cells = (tag: string, texts: readonly string[], scope = "") =>
    texts.map((text, j) => `<${tag}${scope}${attributes[j]}>${escapeHtml(text)}</${tag}>`).join("");
  const many = block.columns.length > MANY_COLUMNS ? ' class="many"' : "";
  return `<div class="table" tabindex="0"><table${many}>${caption("caption", label, block.caption)}<thead><tr>${
    cells("th", block.columns.map(({ title }) => title), ' scope="col"')
  }</tr></thead><tbody>${block.rows.map((row) => `<tr>${cells("td", row)}</tr>`).join("\n")}</tbody></table>${
    note(block.note)
  }</div>`;
}

function figures(items: readonly KeyFigure[]): string {
  return `<dl class="figures">${
    items.map(({ label, value, note, tone }) =>
      `<div class="${tone ?? "neutral"}"><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}${
        note === undefined ? "" : `<span class="note">${escapeHtml(note)}</span>`
      }</dd></div>`
    ).join("")
  }</dl>`;
}

function drawing(drawings: ChartDrawings, block: Block, index: number, label: string): string {
  return drawings.get(block)![index]!.replace("<svg ", `<svg role="img" aria-label="${escapeHtml(label)}" `);
}

function caption(tag: string, label: string | undefined, text: string): string {
  const number = label === undefined ? "" : `<b>${escapeHtml(label)}</b>`;
  return `<${tag}>${number}${escapeHtml(text)}</${tag}>`;
}

function note(text: string | undefined): string {
  return text === undefined ? "" : `<p class="note">${escapeHtml(text)}</p>`;
}

/** Text as HTML text or attribute value. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
