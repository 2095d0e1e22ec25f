/** How a statement should be taken; decides its colour and its mark. */
export type Tone = "good" | "warning" | "bad" | "neutral";

/** One number that a reader should not miss. */
export interface KeyFigure {
  /** What it is, in two or three words. */
  readonly label: string;
  /** The figure as shown, unit included. */
  readonly value: string;
  /** A short remark under it. */
  readonly note?: string;
  /** How the figure should be taken. @default "neutral" */
  readonly tone?: Tone;
}

/** A Vega-Lite specification without size and theme, which the renderers add; its data are inline. */
export type ChartSpec = Readonly<Record<string, unknown>>;

/** A column of a {@linkcode TableBlock}. */
export interface TableColumn {
  /** Heading. */
  readonly title: string;
  /** Numbers go to the right. @default "left" */
  readonly align?: "left" | "right";
  /** Whether long text is broken into lines; such a column gets the width that is left. @default false */
  readonly wrap?: boolean;
}

/** Running text. */
export interface ParagraphBlock {
  /** Discriminates. */
  readonly kind: "paragraph";
  /** Plain text; line feeds are kept. */
  readonly text: string;
}

/** A row of tiles, at most four beside each other. */
export interface FiguresBlock {
  /** Discriminates. */
  readonly kind: "figures";
  /** In reading order. */
  readonly items: readonly KeyFigure[];
}

/** Names and values, one a line. */
export interface FactsBlock {
  /** Discriminates. */
  readonly kind: "facts";
  /** In reading order. */
  readonly items: readonly { readonly label: string; readonly value: string }[];
}

/** A sentence that must be seen. */
export interface CalloutBlock {
  /** Discriminates. */
  readonly kind: "callout";
  /** Colour of the ground and the edge. */
  readonly tone: Tone;
  /** Plain text. */
  readonly text: string;
}

/** A table; a row is never cut by a page break. */
export interface TableBlock {
  /** Discriminates. */
  readonly kind: "table";
  /** What the table shows, without a number. */
  readonly caption: string;
  /** From left to right. */
  readonly columns: readonly TableColumn[];
  /** Cells as shown, one text a column. */
  readonly rows: readonly (readonly string[])[];
  /** How to read it, under the table. */
  readonly note?: string;
}

/** A chart over the full width. */
export interface ChartBlock {
  /** Discriminates. */
  readonly kind: "chart";
  /** What the chart shows, without a number. */
  readonly caption: string;
  /** What is drawn. */
  readonly spec: ChartSpec;
  /** Height in points. */
  readonly height: number;
  /** How to read it, under the chart. */
  readonly note?: string;
}

/** Small charts in columns; a row of them is never cut by a page break. */
export interface ChartGridBlock {
  /** Discriminates. */
  readonly kind: "charts";
  /** What the charts show together, without a number. */
  readonly caption: string;
  /** Charts beside each other. */
  readonly columns: number;
  /** Height of each in points. */
  readonly height: number;
  /** From left to right, then down. */
  readonly charts: readonly { readonly title: string; readonly spec: ChartSpec }[];
  /** How to read them, under the charts. */
  readonly note?: string;
}

/** Anything that a section may hold. */
export type Block =
  | ParagraphBlock
  | FiguresBlock
  | FactsBlock
  | CalloutBlock
  | TableBlock
  | ChartBlock
  | ChartGridBlock;

/** A chapter. */
export interface Section {
  /** Anchor: lower case, hyphens. */
  readonly id: string;
  /** Heading, without a number. */
  readonly title: string;
  /** One or two sentences that say what the section shows. */
  readonly lead?: string;
  /** In reading order. */
  readonly blocks: readonly Block[];
}

/** A whole report as plain data; the renderers turn it into PDF or HTML, and it is itself the JSON form. */
export interface Report {
  /** Also the folder's name below the reports. */
  readonly kind: "ingestion" | "model" | "monitoring";
  /** `Ingestion report`, `Model report`. */
  readonly title: string;
  /** What it is about: series and range. */
  readonly subtitle: string;
  /** Time of writing, epoch milliseconds; the only date in the files. */
  readonly generatedAtMs: number;
  /** Short text that identifies the data or run, for the foot of each page. */
  readonly reference: string;
  /** One sentence that answers the reader's first question, with what it rests on. */
  readonly verdict: { readonly tone: Tone; readonly text: string; readonly detail?: string };
  /** The figures under the verdict. */
  readonly figures: readonly KeyFigure[];
  /** The picture of the first page, which has no number. */
  readonly overview?: ChartBlock;
  /** In reading order. */
  readonly sections: readonly Section[];
  /** The numbers behind the text, for machines. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** A block with its number among figures or tables; blocks without a caption have none. */
export interface NumberedBlock {
  /** The block itself. */
  readonly block: Block;
  /** `Figure 3` or `Table 2`. */
  readonly label?: string;
}

/** A section with its number and its blocks numbered through the whole report, for both renderers alike. */
export interface NumberedSection {
  /** Counts from 1. */
  readonly number: number;
  /** The section itself. */
  readonly section: Section;
  /** Its blocks in order. */
  readonly blocks: readonly NumberedBlock[];
}

/** Numbers sections, figures and tables in the order of reading. */
export function numberSections(sections: readonly Section[]): NumberedSection[] {
  let figures = 0, tables = 0;
  return sections.map((section, i) => ({
    number: i + 1,
    section,
    blocks: section.blocks.map((block) => {
      if (block.kind === "table") return { block, label: `Table ${++tables}` };
      if (block.kind === "chart" || block.kind === "charts") return { block, label: `Figure ${++figures}` };
      return { block };
    }),
  }));
}
