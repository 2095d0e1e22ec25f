import { parser } from "@prometheus-io/lezer-promql";

/** What a PromQL expression asks for. */
export interface PromqlUse {
  /** Series by name, with the labels that they are chosen by. */
  readonly selectors: readonly { readonly metric: string; readonly labels: ReadonlyMap<string, string> }[];
  /** Labels of `by`, `without`, `on`, `ignoring`. */
  readonly grouping: readonly string[];
}

/** Parses an expression with Prometheus' own grammar. @throws {SyntaxError} at the place that is none. */
export function parsePromql(expression: string): PromqlUse {
  const tree = parser.parse(expression),
    text = (node: { from: number; to: number }) => expression.slice(node.from, node.to);
  const selectors: PromqlUse["selectors"][number][] = [], grouping: string[] = [];
  tree.iterate({
    enter({ type, node }) {
      if (type.isError) throw new SyntaxError(`Not PromQL at '${expression.slice(node.from)}' of '${expression}'`);
      if (type.name === "GroupingLabels") grouping.push(...node.getChildren("LabelName").map(text));
      if (type.name !== "VectorSelector") return;
      const name = node.getChild("Identifier");
      if (name === null) throw new SyntaxError(`A selector without a metric in '${expression}'`);
      const matchers = node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? [];
      const labels = new Map(
        matchers.map((matcher) => [
          text(matcher.getChild("LabelName")!),
          `${text(matcher.getChild("MatchOp")!)}${text(matcher.getChild("StringLiteral")!)}`,
        ]),
      );
      selectors.push({ metric: text(name), labels });
    },
  });
  return { selectors, grouping };
}

/** Labels of each series in Prometheus' text format, with the values seen. */
export function seriesIn(metrics: string): Map<string, Map<string, Set<string>>> {
  const series = new Map<string, Map<string, Set<string>>>();
  for (const line of metrics.split("\n")) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/.exec(line);
    if (match === null) continue;
    const labels = series.get(match[1]!) ?? new Map<string, Set<string>>();
    for (const [, name, value] of (match[2] ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      labels.set(name!, (labels.get(name!) ?? new Set()).add(value!));
    }
    series.set(match[1]!, labels);
  }
  return series;
}
