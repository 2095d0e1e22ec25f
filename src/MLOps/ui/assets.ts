import bringUp from "./assets/script/bring_up.js" with { type: "text" };
import chartScript from "./assets/script/chart.js" with { type: "text" };
import formsScript from "./assets/script/forms.js" with { type: "text" };
import livePage from "./assets/script/live_page.js" with { type: "text" };
import liveRows from "./assets/script/live_rows.js" with { type: "text" };
import mlflowAddresses from "./assets/script/mlflow_addresses.js" with { type: "text" };
import start from "./assets/script/start.js" with { type: "text" };
import icon from "./assets/icon.svg" with { type: "text" };
import artifacts from "./assets/style/artifacts.css" with { type: "text" };
import base from "./assets/style/base.css" with { type: "text" };
import charts from "./assets/style/charts.css" with { type: "text" };
import forms from "./assets/style/forms.css" with { type: "text" };
import frame from "./assets/style/frame.css" with { type: "text" };
import pieces from "./assets/style/pieces.css" with { type: "text" };
import smallScreens from "./assets/style/small_screens.css" with { type: "text" };
import tables from "./assets/style/tables.css" with { type: "text" };
import withoutScript from "./assets/style/without_script.css" with { type: "text" };
import theme from "./assets/style/theme.css" with { type: "text" };

/** One sheet; small screens come last, as they override the rest. */
const style = [theme, base, frame, pieces, forms, tables, charts, artifacts, smallScreens].join("\n");

/** One script: its parts import each other as modules do, which their order does here. */
const script = `"use strict";\n${
  [bringUp, chartScript, formsScript, livePage, liveRows, mlflowAddresses, start].map((part) =>
    part.replaceAll(/^import .*;\n/gm, "").replaceAll(/^export /gm, "")
  ).join("\n")
}`;

/** Files that pages load, by their path; all of them come with the program. */
export const ASSETS: Readonly<Record<string, { readonly text: string; readonly type: string }>> = {
  "/assets/style.css": { text: style, type: "text/css; charset=utf-8" },
  "/assets/without-script.css": { text: withoutScript, type: "text/css; charset=utf-8" },
  "/assets/app.js": { text: script, type: "text/javascript; charset=utf-8" },
  "/assets/icon.svg": { text: icon, type: "image/svg+xml" },
};

/** Addresses of the files; they change with the content, so that a browser may keep them for ever. */
export const ASSET_URLS = {
  style: stamped("/assets/style.css"),
  withoutScript: stamped("/assets/without-script.css"),
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
