import { PALETTE } from "../charts/theme.ts";
import { fontMetrics } from "../fonts/metrics.ts";
import { wrapText } from "../fonts/wrap.ts";
import type { TableBlock } from "../model.ts";
import type { PdfCanvas } from "./canvas.ts";
import type { Piece } from "./flow.ts";
import { CONTENT_WIDTH, PAGE, TYPE } from "./page_format.ts";

const PADDING = 5;
const ROW_PADDING = 3.6;
const LINE = TYPE.table * 1.3;
const MIN_WRAP_WIDTH = 90;
/** Rows up to which a table stays on one page. */
const WHOLE_ROWS = 12;

/** The head and the rows of a table as pieces; rows after a page break stand under the head again. */
export function layoutTable(table: TableBlock): Piece[] {
  const widths = columnWidths(table);
  const head: Piece = rowPiece(table, widths, table.columns.map(({ title }) => title), "head");
  const rows = table.rows.map((cells) => rowPiece(table, widths, cells, "body"));
  return [
    { ...head, keepWithNext: rows.length > 0 },
    ...rows.map((row, i) => ({
      ...row,
      repeat: head,
      // A short table stays whole; a long one leaves no single row at the top or the foot of a page.
      keepWithNext: i < rows.length - 1 && (rows.length <= WHOLE_ROWS || i === 0 || i === rows.length - 2),
    })),
  ];
}

function rowPiece(
  table: TableBlock,
  widths: readonly number[],
  cells: readonly string[],
  kind: "head" | "body",
): Piece {
  const weight = kind === "head" ? "bold" : "regular";
  const metrics = fontMetrics(weight);
  const lines = widths.map((width, j) =>
    wrapText(metrics.printable(cells[j] ?? ""), metrics, TYPE.table, width - 2 * PADDING + 0.01)
  );
  const height = Math.max(...lines.map((cell) => cell.length)) * LINE + 2 * ROW_PADDING;
  return {
    height,
    draw(canvas: PdfCanvas, y: number) {
      let x: number = PAGE.left;
      lines.forEach((cell, j) => {
        const right = table.columns[j]!.align === "right";
        // A head of fewer lines than its neighbours stands on the rule.
        const offset = kind === "head" ? height - 2 * ROW_PADDING - cell.length * LINE : 0;
        cell.forEach((line, k) =>
          canvas.text(line, right ? x + widths[j]! - PADDING : x + PADDING, y + ROW_PADDING + offset + k * LINE + 7.6, {
            size: TYPE.table,
            weight,
            color: kind === "head" ? PALETTE.ink : PALETTE.text,
            align: right ? "right" : "left",
          })
        );
        x += widths[j]!;
      });
      canvas.rule(PAGE.left, y + height, CONTENT_WIDTH, {
        color: kind === "head" ? PALETTE.muted : PALETTE.ruleLight,
        thickness: kind === "head" ? 0.7 : 0.5,
      });
    },
  };
}

/** Natural widths spread over the page; where they are too wide, columns that may wrap give way, the widest first. */
export function columnWidths(table: TableBlock): number[] {
  const bold = fontMetrics("bold"), regular = fontMetrics("regular");
  const natural = table.columns.map(({ title }, j) =>
    2 * PADDING +
    Math.max(
      bold.width(title, TYPE.table),
      ...table.rows.map((row) =>
        Math.max(...(row[j] ?? "").split("\n").map((line) => regular.width(regular.printable(line), TYPE.table)))
      ),
    )
  );
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) - CONTENT_WIDTH;
  if (excess <= 0) {
    const flexible = table.columns.map(({ wrap }, j) => wrap ? j : -1).filter((j) => j >= 0);
    const takers = flexible.length > 0 ? flexible : widths.map((_, j) => j);
    const sum = takers.reduce((total, j) => total + natural[j]!, 0);
    for (const j of takers) widths[j]! -= excess * natural[j]! / sum;
    return widths;
  }
  const givers = table.columns.some(({ wrap }) => wrap)
    ? widths.map((_, j) => j).filter((j) => table.columns[j]!.wrap)
    : widths.map((_, j) => j).filter((j) => table.columns[j]!.align !== "right");
  while (excess > 0.01 && givers.length > 0) {
    givers.sort((a, b) => widths[b]! - widths[a]!);
    const widest = givers[0]!;
    const target = Math.max(MIN_WRAP_WIDTH, widths[givers[1] ?? -1] ?? 0, widths[widest]! - excess);
    const cut = widths[widest]! - Math.min(widths[widest]!, target);
    if (cut < 0.01) {
      // All givers are as narrow as the next: take from each alike, or stop at the least width.
      const share = Math.min(excess / givers.length, widths[widest]! - MIN_WRAP_WIDTH);
      if (share <= 0) break;
      for (const j of givers) widths[j]! -= share;
      excess -= share * givers.length;
    } else {
      widths[widest]! -= cut;
      excess -= cut;
    }
  }
  if (excess > 0.01) {
    const scale = CONTENT_WIDTH / widths.reduce((sum, width) => sum + width, 0);
    return widths.map((width) => width * scale);
  }
  return widths;
}
