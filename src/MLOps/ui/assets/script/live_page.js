import { bringUp } from "./bring_up.js";

const PAGE_EVERY_MS = 5_000;
const PAGE_LONGEST_MS = 60_000;
/** A server that does not answer by then is asked again, later. */
const PAGE_PATIENCE_MS = 20_000;
/** Share of the time that a server may be at work for one page. */
const PAGE_EASE = 4;

/**
 * Brings the page of a run under way up to date while somebody looks: only the parts that change are fetched, one request
 * at a time and less often where the server is slow. What the reader has typed, opened, selected or focused stays; what
 * the parts do not hold is told beside a link that shows it.
 */
export function keepLive(head, wire) {
  const status = document.querySelector("[data-live-status]");
  const state = status.closest(".live");
  let delay = PAGE_EVERY_MS;
  let timer, isAsking = false;

  const say = (text) => {
    if (status.textContent !== text) status.textContent = text;
  };
  const round = async () => {
    clearTimeout(timer);
    if (document.hidden || isAsking) return; // the way back to the page goes on
    isAsking = true;
    const start = performance.now();
    try {
      const answer = await fetch(head.dataset.runParts, { signal: AbortSignal.timeout(PAGE_PATIENCE_MS) });
      if (!answer.ok) throw new Error(String(answer.status));
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-rest]");
      let isWhole = true;
      for (const part of next.querySelectorAll("[data-part]")) {
        isWhole = bringUp(document.querySelector(`[data-part="${part.dataset.part}"]`), part, wire) && isWhole;
      }
      const isOver = next.dataset.runParts === undefined;
      const isStale = next.dataset.rest !== head.dataset.rest;
      say(isOver ? "The run has ended" : isStale ? "More was logged" : "Live");
      state.classList.toggle("stale", isOver || isStale);
      if (isOver && isWhole) {
        state.classList.replace("on", "over");
        document.removeEventListener("visibilitychange", round);
        return;
      }
      // A part that waits for the reader is asked for again: the mark stays the old one.
      if (isWhole) head.dataset.runParts = next.dataset.runParts;
      delay = Math.min(PAGE_LONGEST_MS, Math.max(PAGE_EVERY_MS, PAGE_EASE * (performance.now() - start)));
    } catch {
      say("The server does not answer");
      delay = Math.min(PAGE_LONGEST_MS, 2 * delay);
    } finally {
      isAsking = false;
    }
    timer = setTimeout(round, delay);
  };

  document.querySelector("[data-live-more]").href = location.href;
  state.classList.add("on");
  document.addEventListener("visibilitychange", round);
  timer = setTimeout(round, delay);
}
