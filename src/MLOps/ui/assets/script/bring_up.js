/** What a reader or a script set, not the server. */
const OWN = new Set(["open", "hidden", "tabindex", "style"]);

/**
 * Makes a part of the page like a newer one by changing no more than what differs, so that focus, scroll, folds and what
 * was typed stay. Children with `data-key` are the same ones wherever they stand. What is under the reader's selection,
 * cursor or tooltip waits: then it answers false.
 */
export function bringUp(part, next, wire) {
  const isWhole = changeChildren(part, next, wire);
  // Rows that came or changed are hidden or shown as what is typed says.
  for (const input of part.querySelectorAll("[data-find]")) {
    if (input.value !== "") input.dispatchEvent(new Event("input"));
  }
  return isWhole;
}

function change(node, next, wire) {
  if (node.isEqualNode(next)) return true;
  if (mustWait(node)) return false;
  if (node.nodeType !== Node.ELEMENT_NODE) {
    node.nodeValue = next.nodeValue;
    return true;
  }
  for (const { name, value } of next.attributes) {
    if (!OWN.has(name) && node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
  for (const { name } of [...node.attributes]) {
    if (!OWN.has(name) && !next.hasAttribute(name)) node.removeAttribute(name);
  }
  return changeChildren(node, next, wire);
}

function changeChildren(parent, next, wire) {
  const wanted = [...next.childNodes];
  const keyed = new Map([...parent.children].flatMap((child) => child.dataset.key ? [[child.dataset.key, child]] : []));
  const keys = new Set(wanted.map(keyOf));
  let isWhole = true;
  const drop = (node) => {
    if (isHeld(node)) isWhole = false;
    else node.remove();
  };
  for (const [key, child] of keyed) if (!keys.has(key)) drop(child);
  let at = parent.firstChild;
  for (const fresh of wanted) {
    const key = keyOf(fresh);
    const match = key === undefined
      ? at !== null && keyOf(at) === undefined && isAlike(at, fresh) ? at : undefined
      : keyed.get(key);
    if (match === undefined) parent.insertBefore(adopted(fresh, wire), at);
    else {
      if (match === at) at = at.nextSibling;
      else if (isHeld(match)) isWhole = false; // a move would take the focus
      else parent.insertBefore(match, at);
      isWhole = change(match, fresh, wire) && isWhole;
    }
  }
  while (at !== null) {
    const rest = at;
    at = at.nextSibling;
    drop(rest);
  }
  return isWhole;
}

function adopted(fresh, wire) {
  const fragment = document.createDocumentFragment();
  fragment.append(document.importNode(fresh, true));
  wire(fragment);
  return fragment;
}

function keyOf(node) {
  return node.dataset?.key;
}

function isAlike(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && a.id === b.id;
}

/** A text that is selected, or a picture that is pointed at. */
function mustWait(node) {
  if (node.nodeType === Node.ELEMENT_NODE) return node.matches("svg") && node.querySelector(".cursor") !== null;
  return isSelected(node);
}

function isHeld(node) {
  return node.contains(document.activeElement) || isSelected(node) ||
    node.nodeType === Node.ELEMENT_NODE && node.querySelector(".cursor") !== null;
}

function isSelected(node) {
  const selection = getSelection();
  return selection.isCollapsed === false && selection.rangeCount > 0 && selection.getRangeAt(0).intersectsNode(node);
}
