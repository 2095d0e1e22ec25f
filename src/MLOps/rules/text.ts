/**
 * Length of a text in characters as MLflow counts them: code points, not UTF-16 units. O(1) for texts whose units
 * are already within `limit`.
 */
export function isLongerThan(text: string, limit: number): boolean {
  if (text.length <= limit) return false;
  if (text.length > limit * 2) return true;
  let count = 0;
  for (const _ of text) if (++count > limit) return true;
  return false;
}

/** The first `limit` characters (code points) of a text. */
export function cutTo(text: string, limit: number): string {
  if (!isLongerThan(text, limit)) return text;
  let end = 0;
  for (let count = 0; count < limit; count++) end += text.codePointAt(end)! > 0xffff ? 2 : 1;
  return text.slice(0, end);
}

/** What Python's `posixpath.normpath` makes of a path: keys must equal it. */
export function normalizePath(path: string): string {
  if (path === "") return ".";
  // POSIX lets two leading slashes mean something else; three or more are one.
  const root = path.startsWith("//") && !path.startsWith("///") ? "//" : path.startsWith("/") ? "/" : "";
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== ".." || (root === "" && parts.length === 0) || parts.at(-1) === "..") parts.push(part);
    else if (parts.length > 0) parts.pop();
  }
  return root + parts.join("/") || ".";
}

/** Python's `repr` of a text without odd characters, for messages that equal MLflow's. */
export function pythonRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t").replaceAll("\r", "\\r");
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

/** JSON as Python's `json.dumps` writes it, which clients of MLflow compare as text: spaced, and ASCII alone. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value).map(([key, item]) => `${pythonJson(key)}: ${pythonJson(item)}`).join(", ")}}`;
  }
  return (JSON.stringify(value) ?? "null").replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Whether a text stands in a pair of `quote`. */
export function isQuoted(text: string, quote: string): boolean {
  return text.length >= 2 && text.startsWith(quote) && text.endsWith(quote);
}

/** Python's `repr` of a parsed JSON value, for messages that equal MLflow's. */
export function pythonValue(value: unknown): string {
  if (typeof value === "string") return pythonRepr(value);
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(", ")}]`;
  if (typeof value !== "object") return String(value);
  return `{${Object.entries(value).map(([key, item]) => `${pythonRepr(key)}: ${pythonValue(item)}`).join(", ")}}`;
}
