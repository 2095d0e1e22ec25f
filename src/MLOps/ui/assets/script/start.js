// Makes the pages handier; every page can be read and used without it.
import { wireChart } from "./chart.js";
import { wireAutosubmit, wireChooser, wireCompare, wireCopy, wireFind, wireOnce } from "./forms.js";
import { keepLive } from "./live_page.js";
import { keepRowsLive } from "./live_rows.js";
import { followHash } from "./mlflow_addresses.js";

/** Brings a part of a page to life. */
function wire(root) {
  wireCopy(root);
  wireFind(root);
  wireCompare(root);
  wireAutosubmit(root);
  wireChooser(root);
  wireOnce(root);
  for (const chart of root.querySelectorAll("svg[data-chart]")) wireChart(chart);
}

if (location.hash.startsWith("#/")) followHash();
addEventListener("hashchange", () => location.hash.startsWith("#/") && followHash());
wire(document);
for (const head of document.querySelectorAll("[data-run-parts]")) keepLive(head, wire);
for (const body of document.querySelectorAll("tbody[data-live]")) keepRowsLive(body);
