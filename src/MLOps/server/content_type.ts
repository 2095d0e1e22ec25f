const TEXT = "text/plain";

/** Extensions of what people read: all are told as plain text. */
const TEXT_EXTENSIONS = new Set(
  ("txt log err cfg conf cnf cf ini properties prop hocon toml yaml yml xml json jsonl js ts py py3 md rst ipynb")
    .split(" "),
);

/** By extension. What a browser could run (HTML, SVG) has its true type: how it is served keeps it harmless. */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  csv: "text/csv",
  tsv: "text/tab-separated-values",
  html: "text/html",
  htm: "text/html",
  css: "text/css",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  bmp: "image/bmp",
  svg: "image/svg+xml",
  pdf: "application/pdf",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  wasm: "application/wasm",
  tar: "application/x-tar",
  zip: "application/zip",
};

/** Files that are text and have no extension. */
const TEXT_NAMES = new Set(["MLmodel", "MLproject", "mlproject", "Dockerfile"]);

/** Media type of a file by its name: readable formats are text, and no character set is told. */
export function contentTypeOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (TEXT_NAMES.has(name)) return TEXT;
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  if (TEXT_EXTENSIONS.has(extension)) return TEXT;
  return BY_EXTENSION[extension] ?? "application/octet-stream";
}

/** As {@linkcode contentTypeOf}, but as MLflow guesses it: tables are text like any other. */
export function plainTypeOf(path: string): string {
  const type = contentTypeOf(path);
  return type === "text/csv" || type === "text/tab-separated-values" ? TEXT : type;
}

/** `Content-Disposition` for a file name in any script (RFC 6266); a name that is a token stands without quotes. */
export function contentDisposition(kind: "attachment" | "inline", path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (/^[\w!#$&'*+.^`|~-]+$/.test(name)) return `${kind}; filename=${name}`;
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return ascii === name ? `${kind}; filename="${ascii}"` : `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
