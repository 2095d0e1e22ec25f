/** How two values are compared in a filter. */
export type Comparator =
  | "="
  | "!="
  | ">"
  | ">="
  | "<"
  | "<="
  | "LIKE"
  | "ILIKE"
  | "IN"
  | "NOT IN"
  | "IS NULL"
  | "IS NOT NULL";

/** What a clause looks at. */
export type SearchEntity = "attribute" | "metric" | "param" | "tag" | "dataset";

/** One clause of a filter, checked against what its {@linkcode SearchDomain} allows. */
export interface Clause {
  /** What it looks at. */
  readonly entity: SearchEntity;
  /** Key of the metric, parameter or tag; canonical name of the attribute. */
  readonly key: string;
  /** How it compares. */
  readonly comparator: Comparator;
  /** Undefined for IS NULL and IS NOT NULL. */
  readonly value: string | number | readonly string[] | undefined;
}

/** One field to order by. */
export interface OrderBy {
  /** What it is of. */
  readonly entity: SearchEntity;
  /** Key of the metric, parameter or tag; canonical name of the attribute. */
  readonly key: string;
  /** Smallest first. */
  readonly ascending: boolean;
}

/** An attribute that filters or orders may name. */
export interface SearchAttribute {
  /** Type of its values. */
  readonly kind: "string" | "number";
  /** Comparators allowed. */
  readonly comparators: readonly Comparator[];
}

/** What may be searched of one sort of thing; one for each of MLflow's five searches. */
export interface SearchDomain {
  /** Whose search it is; each has words of its own for what is wrong. */
  readonly dialect: "run" | "experiment" | "registered model" | "model version" | "logged model";
  /** Prefixes by what they mean; no prefix is an attribute. */
  readonly prefixes: Readonly<Record<string, SearchEntity>>;
  /** Attributes in filters, by canonical name. */
  readonly attributes: Readonly<Record<string, SearchAttribute>>;
  /** Other names of attributes. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Comparators of metrics, parameters, tags and datasets. */
  readonly comparators: Readonly<Partial<Record<SearchEntity, readonly Comparator[]>>>;
  /** Attributes to order by. */
  readonly orderAttributes: readonly string[];
  /** Entities to order by besides attributes. */
  readonly orderEntities: readonly SearchEntity[];
  /** Whether a field may be named twice in an order; only the first counts. @default false */
  readonly mayOrderTwice?: boolean;
}
