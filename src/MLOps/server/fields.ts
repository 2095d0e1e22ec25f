import { TrackingError } from "../../core/mod.ts";
import { isWrittenFloat } from "./written_json.ts";

/** How MLflow ends a message about a parameter. */
export const SEE_DOCS = "See the API docs for more information about request parameters.";
const MAX_SHOWN = 500;

/**
 * The fields of a request message, read one by one with MLflow's rules and words: unknown fields are ignored, `null`
 * counts as unset, 64-bit integers may be text, doubles may be `"NaN"` or `"Infinity"`, and the text of an error is
 * that of MLflow's server, as clients match on it.
 */
export class Fields {
  readonly #raw: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #isQuery: boolean;
  readonly #written: () => unknown;

  /**
   * Reads `raw`; `path` is where it stands in the request, for messages (`metrics[0]`), and `written` gives it as
   * `parseAsWritten` reads it.
   */
  constructor(
    raw: Readonly<Record<string, unknown>>,
    path = "",
    isQuery = false,
    written: () => unknown = () => raw,
  ) {
    this.#raw = raw;
    this.#path = path;
    this.#isQuery = isQuery;
    this.#written = written;
  }

  /** Reads a query string: a repeated parameter is a list. */
  static fromQuery(query: URLSearchParams): Fields {
    const raw: Record<string, unknown> = Object.create(null);
    for (const name of new Set(query.keys())) {
      const values = query.getAll(name);
      raw[name] = values.length === 1 ? values[0] : values;
    }
    return new Fields(raw, "", true);
  }

  /** Whether the field is given, be it empty. */
  has(name: string): boolean {
    return this.#value(name) !== undefined;
  }

  /** Text, or undefined where it is not given. @throws {TrackingError} where it is no text. */
  string(name: string): string | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (typeof value !== "string") throw this.invalid(name, value);
    return value;
  }

  /** Text that must be there and not be empty. @throws {TrackingError} where it is missing or no text. */
  requiredString(name: string): string {
    const value = this.string(name);
    if (value === undefined || value === "") throw this.missing(name);
    return value;
  }

  /** `run_id`, or its old name `run_uuid`, which clients still send beside it. */
  requiredRunId(): string {
    return this.string("run_id") || this.string("run_uuid") || this.requiredString("run_id");
  }

  /** A 64-bit integer, as number or as text. @throws {TrackingError} where it is no integer that a double holds. */
  integer(name: string): number | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    const number = typeof value === "string" && /^[+-]?\d+(\.0+)?$/.test(value) ? Number(value) : value;
    if (typeof number !== "number" || !Number.isSafeInteger(number)) throw this.invalid(name, value);
    return number;
  }

  /** An integer that must be there. @throws {TrackingError} as {@linkcode integer}, and where it is missing. */
  requiredInteger(name: string): number {
    const value = this.integer(name);
    if (value === undefined) throw this.missing(name);
    return value;
  }

  /** A double that must be there; may be NaN or infinite. @throws {TrackingError} where it is missing or no number. */
  requiredDouble(name: string): number {
    const value = this.#value(name);
    if (value === undefined || value === "") throw this.missing(name);
    const number = toDouble(value);
    if (number === undefined) throw this.invalid(name, value);
    return number;
  }

  /** A boolean, `true` or `false` as text in a query. @throws {TrackingError} where it is neither. */
  boolean(name: string): boolean | undefined {
    const value = this.#value(name);
    if (value === undefined || typeof value === "boolean") return value;
    if (value === "true" || value === "True") return true;
    if (value === "false" || value === "False") return false;
    throw this.invalid(name, value);
  }

  /** A list of texts; in a query one text is a list of one. @throws {TrackingError} otherwise. */
  strings(name: string): readonly string[] {
    const value = this.#value(name);
    if (value === undefined) return [];
    if (this.#isQuery && typeof value === "string") return [value];
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw this.invalid(name, value);
    return value;
  }

  /** A list of messages. @throws {TrackingError} where it is no list of objects. */
  messages(name: string): readonly Fields[] {
    const value = this.#value(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw this.invalid(name, value);
    return value.map((item, i) => {
      if (!isRecord(item)) throw this.invalid(`${name}[${i}]`, item);
      const written = () => (this.#asWritten(name, value) as readonly unknown[])[i];
      return new Fields(item, `${this.#path === "" ? "" : `${this.#path}.`}${name}[${i}]`, false, written);
    });
  }

  /** A nested message that must be there. @throws {TrackingError} where it is missing or no object. */
  requiredMessage(name: string): Fields {
    const value = this.#value(name);
    if (value === undefined) throw this.missing(name);
    if (!isRecord(value)) throw this.invalid(name, value);
    return new Fields(value, this.#name(name), false, () => this.#asWritten(name, value));
  }

  /** One of a few words, or its number, counted from 1 as MLflow does. @throws {TrackingError} where it is another. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.#value(name);
    if (value === undefined || value === "") return undefined;
    const found = typeof value === "object"
      ? undefined
      : choices.find((choice, i) => choice === value || String(i + 1) === String(value));
    if (found === undefined) {
      throw this.invalid(name, value, `must be one of ${choices.join(", ")}`);
    }
    return found;
  }

  /** The error for a field that is not there. */
  missing(name: string): TrackingError {
    return invalidParameter(`Missing value for required parameter '${this.#name(name)}'. ${SEE_DOCS}`);
  }

  /** The error for a field whose value does not fit; without a reason it tells the type seen. */
  invalid(name: string, value: unknown, reason?: string): TrackingError {
    const shown = this.#asWritten(name, value);
    const why = reason ?? ` Hint: Value was of type '${pythonType(shown)}'`;
    return invalidParameter(
      `Invalid value ${showValue(shown)} for parameter '${this.#name(name)}' supplied: ${why}. ${SEE_DOCS}`,
    );
  }

  /** By its name, or as protobuf's JSON also has it, in camel case. */
  #value(name: string): unknown {
    const camel = camelOf(name);
    const isNamed = Object.hasOwn(this.#raw, name);
    if (!isNamed && (this.#isQuery || !Object.hasOwn(this.#raw, camel))) return undefined;
    if (isNamed && camel !== name && !this.#isQuery && Object.hasOwn(this.#raw, camel)) {
      throw invalidParameter(`Request specifies both '${name}' and '${camel}'; provide only one of them.`);
    }
    return this.#raw[isNamed ? name : camel] ?? undefined;
  }

  /** The value of a field as the client wrote it. */
  #asWritten(name: string, value: unknown): unknown {
    const written = this.#written();
    return isRecord(written) ? written[name] ?? written[camelOf(name)] ?? value : value;
  }

  #name(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }
}

/** A 400 with MLflow's code for a bad value. */
export function invalidParameter(message: string): TrackingError {
  return new TrackingError("INVALID_PARAMETER_VALUE", message);
}

/** Whether a parsed JSON value is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const CAMEL = new Map<string, string>();

/** Kept for each name of the API: a batch reads the same few of a thousand metrics. */
function camelOf(name: string): string {
  const known = CAMEL.get(name);
  if (known !== undefined) return known;
  const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  CAMEL.set(name, camel);
  return camel;
}

/** A number, or a text that Python's `float()` takes for one: blanks around it, `1_000`, `inf`, `-Infinity`, `nan`. */
function toDouble(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  const named = /^([+-]?)(?:(inf|infinity)|nan)$/i.exec(text);
  if (named !== null) return named[2] === undefined ? NaN : named[1] === "-" ? -Infinity : Infinity;
  if (!/^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?$/.test(text)) {
    return undefined;
  }
  return Number(text.replaceAll("_", ""));
}

/** Compact JSON with sorted keys, cut where a hostile value would fill the answer. */
function showValue(value: unknown): string {
  const text = JSON.stringify(
    value,
    (_key, item) =>
      isRecord(item) && !isWrittenFloat(item)
        ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => a < b ? -1 : 1))
        : item,
  ) ?? "null";
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}

function pythonType(value: unknown): string {
  if (value === null || value === undefined) return "NoneType";
  if (Array.isArray(value)) return "list";
  if (isWrittenFloat(value)) return "float";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  if (typeof value === "string") return "str";
  return typeof value === "boolean" ? "bool" : "dict";
}
