/** Whether somebody has typed what would be lost. */
export function isEdited(root) {
  return [...root.querySelectorAll("form[data-edit] :is(input, textarea)")].some((field) =>
    field.value !== field.defaultValue
  );
}

/** Fetches a page of work under way again and again, while somebody looks at it and is not at work in it. */
export function keepLive(main, wire) {
  const every = Number(main.dataset.live);
  if (!(every > 0)) return;
  const timer = setInterval(async () => {
    if (document.hidden || main.contains(document.activeElement) && document.activeElement !== main) return;
    if (isEdited(main) || getSelection()?.isCollapsed === false || document.querySelector(".tip")) return;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (!answer.ok) return;
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
      if (next === null) return;
      const open = new Set([...main.querySelectorAll("details[open]")].map((details) => details.textContent));
      main.replaceChildren(...next.childNodes);
      for (const details of main.querySelectorAll("details")) details.open = open.has(details.textContent);
      wire(main);
      if (next.dataset.live === undefined) {
        clearInterval(timer);
        delete main.dataset.live;
      }
    } catch {
      // the server is away for a moment: the next round tries again
    }
  }, every);
}
