import { PALETTE } from "../charts/theme.ts";
import { TONE_COLORS } from "../charts/tone.ts";
import { FONT_BASE64, FONT_FAMILY } from "../fonts/inter.ts";

/** The style sheet of a report, fonts included. */
export function styleSheet(): string {
  const tones = Object.entries(TONE_COLORS).map(([tone, { strong, pale }]) =>
    `.${tone}{--strong:${strong};--pale:${pale}}`
  ).join("");
  return `
${fontFace("regular", 400)}${fontFace("bold", 700)}
:root{--ink:${PALETTE.ink};--text:${PALETTE.text};--muted:${PALETTE.muted};--rule:${PALETTE.rule};--rule-light:${PALETTE.ruleLight};--accent:${PALETTE.accent};--orange:${PALETTE.orange}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:#fff;color:var(--text);font:15px/1.55 ${FONT_FAMILY},system-ui,sans-serif}
main{max-width:860px;margin:0 auto;padding:40px 24px 64px}
.brand{color:var(--muted);font-size:13px;border-top:4px solid var(--orange);padding-top:10px;display:inline-block}
h1{font-size:34px;line-height:1.2;margin:6px 0 2px;color:var(--ink)}
.subtitle{color:var(--muted);margin:0 0 24px}
h2{font-size:22px;line-height:1.3;color:var(--ink);margin:56px 0 6px}
h2 .number{color:var(--orange);margin-right:10px}
h3{font-size:12px;margin:0 0 4px;color:var(--ink);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.lead{color:var(--muted);margin:0 0 20px}
${tones}
.callout{border-left:4px solid var(--strong);background:var(--pale);padding:12px 18px;margin:0 0 20px}
.verdict{padding:18px 22px}
.verdict strong{display:block;font-size:17px;line-height:1.45;color:var(--strong)}
.verdict p{margin:8px 0 0}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(180px,1fr));gap:20px 16px;margin:0 0 28px}
.figures div{border-top:1.5px solid var(--rule);padding-top:8px}
.figures div.good,.figures div.warning,.figures div.bad{border-color:var(--strong)}
.figures dt,.figures .note{color:var(--muted);font-size:13px}
.figures dd{margin:0;font-size:22px;font-weight:700;color:var(--ink)}
.figures div.good dd,.figures div.warning dd,.figures div.bad dd{color:var(--strong)}
.figures .note{display:block;font-weight:400;margin:0}
nav{border-top:1px solid var(--muted);padding-top:8px}
nav h2{font-size:15px;margin:0 0 6px}
nav ol{margin:0;padding-left:22px;columns:2}
a{color:var(--accent);text-decoration:none}a:hover,a:focus-visible{text-decoration:underline}
figure{margin:0 0 32px}
figcaption,caption{text-align:left;font-size:13.5px;margin-bottom:8px;padding-bottom:6px}
figcaption b,caption b{color:var(--ink);margin-right:8px}
figure svg{display:block;width:100%;height:auto}
.grid{display:grid;gap:20px}
@media(min-width:700px){.grid{grid-template-columns:repeat(var(--columns),minmax(0,1fr))}}
@media(max-width:699px){.grid{grid-template-columns:repeat(2,minmax(0,1fr))}nav ol{columns:1}}
.note{color:var(--muted);font-size:12.5px;margin:8px 0 0}
.table{overflow-x:auto;margin:0 0 32px}
table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th{color:var(--ink);text-align:left;vertical-align:bottom;border-bottom:1.2px solid var(--muted);white-space:nowrap}
th,td{padding:6px 10px}
.many{font-size:12px}.many th,.many td{padding:5px 5px}
td{border-bottom:1px solid var(--rule-light);vertical-align:top;white-space:nowrap}
td.wrap{white-space:normal;min-width:200px;overflow-wrap:anywhere}
.right{text-align:right}
.facts{display:grid;grid-template-columns:minmax(120px,max-content) minmax(0,1fr);margin:0 0 28px;font-size:14px}
.facts dt,.facts dd{margin:0;padding:6px 0;border-bottom:1px solid var(--rule-light)}
.facts dt{color:var(--muted);padding-right:28px}
.facts dd{overflow-wrap:anywhere}
footer{border-top:1px solid var(--rule);margin-top:56px;padding-top:12px;color:var(--muted);font-size:13px;display:flex;justify-content:space-between;gap:16px;flex-wrap:wrap}
@media print{main{max-width:none;padding:0}figure,tr,.callout,.figures div{break-inside:avoid}h2,caption,figcaption{break-after:avoid}}
`.trim();
}

function fontFace(weight: "regular" | "bold", cssWeight: number): string {
  return `@font-face{font-family:${FONT_FAMILY};font-weight:${cssWeight};src:url(data:font/ttf;base64,${
    FONT_BASE64[weight]
  }) format("truetype")}`;
}
