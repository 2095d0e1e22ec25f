import script from "./assets/app.js" with { type: "text" };
import icon from "./assets/icon.svg" with { type: "text" };
import style from "./assets/style.css" with { type: "text" };

/** Files that pages load, by their path; all of them come with the program. */
export const ASSETS: Readonly<Record<string, { readonly text: string; readonly type: string }>> = {
  "/assets/style.css": { text: style, type: "text/css; charset=utf-8" },
  "/assets/app.js": { text: script, type: "text/javascript; charset=utf-8" },
  "/assets/icon.svg": { text: icon, type: "image/svg+xml" },
};

/** Addresses of the files; they change with the content, so that a browser may keep them for ever. */
export const ASSET_URLS = {
  style: stamped("/assets/style.css"),
  script: stamped("/assets/app.js"),
  icon: stamped("/assets/icon.svg"),
} as const;

function stamped(path: string): string {
  return `${path}?v=${fingerprint(ASSETS[path]!.text)}`;
}

/** FNV-1a: tells two releases of a file apart, nothing more. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16);
}
