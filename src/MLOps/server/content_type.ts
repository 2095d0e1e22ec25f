const TEXT = "text/plain; charset=utf-8";

/** By extension. What a browser could run (HTML, SVG) has its true type: how it is served keeps it harmless. */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  txt: TEXT,
  log: TEXT,
  yaml: TEXT,
  yml: TEXT,
  json: TEXT,
  jsonl: TEXT,
  md: TEXT,
  py: TEXT,
  ts: TEXT,
  js: TEXT,
  toml: TEXT,
  ini: TEXT,
  cfg: TEXT,
  xml: TEXT,
  csv: "text/csv; charset=utf-8",
  tsv: "text/tab-separated-values; charset=utf-8",
  html: "text/html; charset=utf-8",
  htm: "text/html; charset=utf-8",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  svg: "image/svg+xml",
  pdf: "application/pdf",
  parquet: "application/vnd.apache.parquet",
  zip: "application/zip",
  gz: "application/gzip",
};

/** Files that are text and have no extension. */
const TEXT_NAMES = new Set(["MLmodel", "MLproject", "Dockerfile", "requirements.txt"]);

/** Media type of a file by its name, as MLflow guesses it: readable formats are text. */
export function contentTypeOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (TEXT_NAMES.has(name)) return TEXT;
  const dot = name.lastIndexOf(".");
  return BY_EXTENSION[name.slice(dot + 1).toLowerCase()] ?? "application/octet-stream";
}

/** `Content-Disposition` for a file name in any script (RFC 6266). */
export function contentDisposition(kind: "attachment" | "inline", path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return ascii === name ? `${kind}; filename="${ascii}"` : `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
