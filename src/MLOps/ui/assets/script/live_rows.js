const EVERY_MS = 3_000;
/** A server that does not answer by then is asked again. */
const PATIENCE_MS = 10_000;

/**
 * Brings the rows of a table up to date while one of its runs is under way and somebody looks. Rows stay where they are,
 * so nothing jumps from under the pointer, and focus, ticks, selected text and scroll are kept: what would move rows is
 * told beside a link that shows it.
 */
export function keepRowsLive(body) {
  const status = document.querySelector("[data-live-status]");
  const more = document.querySelector("[data-live-more]");
  const state = status.closest(".live");
  let timer, isAsking = false;

  const say = (text) => {
    if (status.textContent !== text) status.textContent = text;
  };
  const offer = (text) => {
    state.classList.toggle("stale", text !== "");
    if (text !== "") say(text);
  };
  const round = async () => {
    clearTimeout(timer);
    if (document.hidden || isAsking) return; // the way back to the page goes on
    isAsking = true;
    try {
      const answer = await fetch(body.dataset.live, { signal: AbortSignal.timeout(PATIENCE_MS) });
      if (!answer.ok) throw new Error(String(answer.status));
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("tbody");
      takeOver(body, next);
      const isOver = next.dataset.live === undefined;
      say(isOver ? "No run is under way" : "Live");
      offer(whatMoved(body, next));
      if (isOver) {
        state.classList.replace("on", "over");
        delete body.dataset.live;
        document.removeEventListener("visibilitychange", round);
        return;
      }
    } catch {
      say("The server does not answer");
    } finally {
      isAsking = false;
    }
    timer = setTimeout(round, EVERY_MS);
  };

  more.href = location.href;
  state.classList.add("on");
  document.addEventListener("visibilitychange", round);
  timer = setTimeout(round, EVERY_MS);
}

/** Cells of rows that are in both; a cell that somebody is at work in waits. */
function takeOver(body, next) {
  const rows = new Map([...next.rows].map((row) => [row.dataset.run, row]));
  for (const row of body.rows) {
    const fresh = rows.get(row.dataset.run);
    if (fresh === undefined || fresh.cells.length !== row.cells.length) continue;
    [...row.cells].forEach((cell, i) => {
      const update = fresh.cells[i];
      if (cell.classList.contains("pick") || cell.outerHTML === update.outerHTML || isBusy(cell)) return;
      freeze(body.closest("table"));
      cell.replaceWith(document.adoptNode(update.cloneNode(true)));
    });
  }
}

/** Columns keep their widths from the first change on, as any text would shift all of them; a new width of the page frees them. */
function freeze(table) {
  if (table.style.tableLayout === "fixed") return;
  const headings = [...table.tHead.rows[0].cells];
  const widths = headings.map((heading) => heading.getBoundingClientRect().width);
  headings.forEach((heading, i) => heading.style.width = `${widths[i]}px`);
  table.style.tableLayout = "fixed";
  addEventListener("resize", () => {
    for (const heading of headings) heading.style.width = "";
    table.style.tableLayout = "";
  }, { once: true });
}

function isBusy(cell) {
  const selection = getSelection();
  return cell.contains(document.activeElement) ||
    selection.isCollapsed === false && selection.rangeCount > 0 && selection.getRangeAt(0).intersectsNode(cell);
}

/** What the page does not show in its rows; nothing where it shows all. */
function whatMoved(body, next) {
  const here = [...body.rows].map((row) => row.dataset.run);
  const there = [...next.rows].map((row) => row.dataset.run);
  const fresh = there.filter((id) => !here.includes(id)).length;
  if (fresh > 0) return fresh === 1 ? "1 new run" : `${fresh} new runs`;
  if (next.dataset.stale !== undefined) return "New columns";
  return here.join() === there.join() ? "" : "The order has changed";
}
