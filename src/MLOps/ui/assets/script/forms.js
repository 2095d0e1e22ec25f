/** Copy buttons. */
export function wireCopy(root) {
  for (const button of root.querySelectorAll("button.copy")) {
    button.addEventListener("click", async () => {
      const label = button.firstChild;
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
        label.textContent = "Copied";
      } catch {
        label.textContent = "Not allowed";
      }
      setTimeout(() => label.textContent = "Copy", 1500);
    });
  }
}

/** Boxes that hide the rows or options without the text typed. */
export function wireFind(root) {
  const wire = (input, itemsOf) => {
    input.addEventListener("input", () => {
      const text = input.value.trim().toLowerCase();
      for (const item of itemsOf()) item.hidden = text !== "" && !item.textContent.toLowerCase().includes(text);
    });
    // Enter would send the form around the box.
    input.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  };
  for (const input of root.querySelectorAll("[data-find]")) {
    wire(input, () => input.closest(".findable").querySelectorAll("tbody tr"));
  }
  for (const input of root.querySelectorAll("[data-find-option]")) {
    wire(input, () => input.closest(".panel").querySelectorAll(".option"));
  }
}

/** Counts the runs picked, and picks all. */
export function wireCompare(root) {
  for (const form of root.querySelectorAll("[data-compare]")) {
    const boxes = [...form.querySelectorAll('input[name="run"]')];
    const all = form.querySelector("[data-pick-all]");
    const button = form.querySelector("[data-compare-button]");
    const hint = form.querySelector("[data-compare-hint]");
    const most = Number(form.dataset.compare);
    let last = -1;
    const update = () => {
      const count = boxes.filter((box) => box.checked).length;
      button.disabled = count < 2;
      button.textContent = count < 2 ? "Compare selected" : `Compare ${Math.min(count, most)} runs`;
      hint.hidden = count >= 2 && count <= most;
      hint.textContent = count > most
        ? `A page compares ${most} runs: the last ${count - most} of the ${count} picked are left out.`
        : count === 1
        ? "Pick one more run."
        : "Pick two or more runs.";
      all.checked = count > 0 && count === boxes.length;
      all.indeterminate = count > 0 && count < boxes.length;
    };
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
      update();
    });
    boxes.forEach((box, i) =>
      box.addEventListener("click", (event) => {
        if (event.shiftKey && last >= 0) {
          for (let j = Math.min(i, last); j <= Math.max(i, last); j++) boxes[j].checked = box.checked;
        }
        last = i;
        update();
      })
    );
    addEventListener("pageshow", update); // the way back keeps the ticks
    update();
  }
}

/** Choices that take effect at once. */
export function wireAutosubmit(root) {
  for (const form of root.querySelectorAll("[data-autosubmit]")) {
    form.addEventListener("change", () => form.requestSubmit());
  }
}

/** Menus close by Escape and by a click elsewhere. */
export function wireChooser(root) {
  for (const chooser of root.querySelectorAll("details.chooser")) {
    document.addEventListener("click", (event) => {
      if (!chooser.contains(event.target)) chooser.open = false;
    });
    chooser.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !chooser.open) return;
      chooser.open = false;
      chooser.querySelector("summary").focus();
    });
  }
}

/** A form that asks for work of seconds says so, and is not sent twice. */
export function wireOnce(root) {
  for (const form of root.querySelectorAll("form[data-once]")) {
    const button = form.querySelector("button[type=submit]");
    const label = button.textContent;
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) return event.preventDefault();
      form.dataset.sent = "1";
      button.setAttribute("aria-disabled", "true");
      button.textContent = "Asking…";
    });
    // The way back shows the page as it was left.
    addEventListener("pageshow", () => {
      delete form.dataset.sent;
      button.removeAttribute("aria-disabled");
      button.textContent = label;
    });
  }
}
