import { CHART_GAP, type ChartDrawings, gridChartWidth } from "../charts/draw.ts";
import { PALETTE } from "../charts/theme.ts";
import { TONE_COLORS } from "../charts/tone.ts";
import { fontMetrics } from "../fonts/metrics.ts";
import { clipText, wrapText } from "../fonts/wrap.ts";
import type { FactsBlock, FiguresBlock, KeyFigure, NumberedBlock, Tone } from "../model.ts";
import { gap, type Piece } from "./flow.ts";
import { CONTENT_WIDTH, LEADING, PAGE, TYPE } from "./page_format.ts";
import { layoutTable } from "./table.ts";

const TILE_HEIGHT = 50;
const GRID_TITLE = 12;

/** A block as pieces, space below included. */
export function layoutBlock({ block, label }: NumberedBlock, drawings: ChartDrawings): Piece[] {
  switch (block.kind) {
    case "paragraph":
      return [...textLines(block.text, { size: TYPE.body, color: PALETTE.text }), gap(7)];
    case "callout":
      return [calloutPiece(block.text, block.tone), gap(10)];
    case "figures":
      return [...layoutFigures(block), gap(4)];
    case "facts":
      return [...layoutFacts(block), gap(10)];
    case "table":
      return [...caption(label, block.caption), ...withNote(layoutTable(block), block.note), gap(16)];
    case "chart": {
      const [svg] = drawings.get(block)!;
      const chart: Piece = { height: block.height, draw: (canvas, y) => canvas.svg(svg!, PAGE.left, y) };
      return [...caption(label, block.caption), ...withNote([chart], block.note), gap(16)];
    }
    case "charts": {
      const svgs = drawings.get(block)!;
      const width = gridChartWidth(block.columns);
      const rows: Piece[] = [];
      for (let start = 0; start < svgs.length; start += block.columns) {
        rows.push({
          // A small grid stays whole, as its caption speaks of all of it.
          keepWithNext: svgs.length <= 2 * block.columns && start + block.columns < svgs.length,
          height: GRID_TITLE + block.height + (start + block.columns < svgs.length ? 10 : 0),
          draw(canvas, y) {
            svgs.slice(start, start + block.columns).forEach((svg, j) => {
              const x = PAGE.left + j * (width + CHART_GAP);
              const title = clipText(block.charts[start + j]!.title, fontMetrics("bold"), TYPE.label, width);
              canvas.text(title, x, y + 8, { size: TYPE.label, weight: "bold", color: PALETTE.ink });
              canvas.svg(svg, x, y + GRID_TITLE);
            });
          },
        });
      }
      return [...caption(label, block.caption), ...withNote(rows, block.note), gap(12)];
    }
  }
}

/** Lines of text as one piece. */
export function textLines(
  text: string,
  style: {
    readonly size: number;
    readonly color: string;
    readonly weight?: "regular" | "bold";
    readonly width?: number;
  },
): Piece[] {
  const weight = style.weight ?? "regular";
  const metrics = fontMetrics(weight);
  const lines = wrapText(metrics.printable(text), metrics, style.size, style.width ?? CONTENT_WIDTH);
  const lineHeight = style.size * LEADING;
  return [{
    height: lines.length * lineHeight,
    draw(canvas, y) {
      lines.forEach((line, i) =>
        canvas.text(line, PAGE.left, y + (i + 0.76) * lineHeight, { size: style.size, weight, color: style.color })
      );
    },
  }];
}

/** A statement on a pale ground with a coloured edge; the verdict is a large one. */
export function calloutPiece(
  text: string,
  tone: Tone,
  options: { readonly size?: number; readonly detail?: string } = {},
): Piece {
  const { size = TYPE.body, detail } = options;
  const colors = TONE_COLORS[tone];
  const inset = 14, padding = size > TYPE.body ? 11 : 7.5;
  const width = CONTENT_WIDTH - 2 * inset;
  const weight = detail === undefined && size === TYPE.body ? "regular" : "bold";
  const metrics = fontMetrics(weight);
  const lines = wrapText(metrics.printable(text), metrics, size, width);
  const small = fontMetrics("regular");
  const detailLines = detail === undefined ? [] : wrapText(small.printable(detail), small, TYPE.body, width);
  const textHeight = lines.length * size * LEADING;
  const detailHeight = detailLines.length === 0 ? 0 : 4 + detailLines.length * TYPE.body * LEADING;
  const height = textHeight + detailHeight + 2 * padding;
  return {
    height,
    draw(canvas, y) {
      canvas.fill(PAGE.left, y, CONTENT_WIDTH, height, colors.pale);
      canvas.fill(PAGE.left, y, 3, height, colors.strong);
      lines.forEach((line, i) =>
        canvas.text(line, PAGE.left + inset, y + padding + (i + 0.75) * size * LEADING, {
          size,
          weight,
          color: weight === "bold" ? colors.strong : PALETTE.text,
        })
      );
      detailLines.forEach((line, i) =>
        canvas.text(line, PAGE.left + inset, y + padding + textHeight + 4 + (i + 0.75) * TYPE.body * LEADING, {
          size: TYPE.body,
        })
      );
    },
  };
}

function layoutFigures({ items }: FiguresBlock): Piece[] {
  const columns = Math.min(4, items.length);
  const width = (CONTENT_WIDTH - (columns - 1) * 10) / columns;
  const rows: Piece[] = [];
  for (let start = 0; start < items.length; start += columns) {
    rows.push({
      height: TILE_HEIGHT + 8,
      draw(canvas, y) {
        items.slice(start, start + columns).forEach((item, j) => {
          drawTile(canvas, item, PAGE.left + j * (width + 10), y, width);
        });
      },
    });
  }
  return rows;
}

function drawTile(canvas: Parameters<Piece["draw"]>[0], item: KeyFigure, x: number, y: number, width: number): void {
  const tone = item.tone ?? "neutral";
  const inner = width - 4;
  canvas.rule(x, y + 2, width, {
    color: tone === "neutral" ? PALETTE.rule : TONE_COLORS[tone].strong,
    thickness: tone === "neutral" ? 0.8 : 1.4,
  });
  const regular = fontMetrics("regular"), bold = fontMetrics("bold");
  canvas.text(clipText(item.label, regular, TYPE.label, inner), x, y + 14, { size: TYPE.label, color: PALETTE.muted });
  // A long figure is set smaller rather than cut.
  const size = Math.min(TYPE.figure, (TYPE.figure * inner) / Math.max(1, bold.width(item.value, TYPE.figure)));
  canvas.text(item.value, x, y + 31, {
    size,
    weight: "bold",
    color: tone === "neutral" ? PALETTE.ink : TONE_COLORS[tone].strong,
  });
  if (item.note !== undefined) {
    canvas.text(clipText(item.note, regular, TYPE.label, inner), x, y + 43, {
      size: TYPE.label,
      color: PALETTE.muted,
    });
  }
}

function layoutFacts({ items }: FactsBlock): Piece[] {
  const metrics = fontMetrics("regular");
  const size = TYPE.body - 0.6, lineHeight = size * 1.4;
  const labelWidth = Math.min(170, Math.max(...items.map(({ label }) => metrics.width(label, size))) + 18);
  return items.map(({ label, value }) => {
    const lines = wrapText(metrics.printable(value), metrics, size, CONTENT_WIDTH - labelWidth);
    const height = lines.length * lineHeight + 5;
    return {
      height,
      draw(canvas, y) {
        canvas.text(clipText(label, metrics, size, labelWidth - 8), PAGE.left, y + 10.5, {
          size,
          color: PALETTE.muted,
        });
        lines.forEach((line, i) => canvas.text(line, PAGE.left + labelWidth, y + 10.5 + i * lineHeight, { size }));
        canvas.rule(PAGE.left, y + height, CONTENT_WIDTH, { color: PALETTE.ruleLight, thickness: 0.5 });
      },
    };
  });
}

function caption(label: string | undefined, text: string): Piece[] {
  const bold = fontMetrics("bold"), regular = fontMetrics("regular");
  const head = label === undefined ? "" : `${label}  `;
  const indent = bold.width(head, TYPE.caption);
  const lines = wrapText(regular.printable(text), regular, TYPE.caption, CONTENT_WIDTH - indent);
  const lineHeight = TYPE.caption * 1.35;
  return [{
    height: lines.length * lineHeight + 5,
    keepWithNext: true,
    draw(canvas, y) {
      canvas.text(head.trimEnd(), PAGE.left, y + 8.5, { size: TYPE.caption, weight: "bold", color: PALETTE.ink });
      lines.forEach((line, i) =>
        canvas.text(line, PAGE.left + indent, y + 8.5 + i * lineHeight, { size: TYPE.caption, color: PALETTE.text })
      );
    },
  }];
}

function withNote(pieces: readonly Piece[], note: string | undefined): Piece[] {
  if (note === undefined || pieces.length === 0) return [...pieces];
  return [
    ...pieces.slice(0, -1),
    { ...pieces.at(-1)!, keepWithNext: true },
    { ...gap(4), keepWithNext: true },
    ...textLines(note, { size: TYPE.note, color: PALETTE.muted }),
  ];
}
