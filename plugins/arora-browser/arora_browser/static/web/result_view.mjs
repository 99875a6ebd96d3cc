/** Shows what a call returned. */

import { element } from "./elements.mjs";

const MAX_ITEMS = 64;

/** @param {unknown} value plain data @returns {HTMLElement} */
export function resultView(value) {
  const view = viewOf(value);
  return view.tagName === "DD" ? element("dl", {}, element("dt", {}, "result"), view) : view;
}

function viewOf(value) {
  if (value === null || value === undefined) return text("nothing");
  if (ArrayBuffer.isView(value) || (Array.isArray(value) && value.every(isScalar))) return scalars(value);
  if (Array.isArray(value)) return entries(value.slice(0, MAX_ITEMS).map((each, index) => [`[${index}]`, each]));
  if (typeof value === "object") return entries(Object.entries(value));
  return text(scalar(value));
}

const isScalar = (value) => value === null || typeof value !== "object";

const text = (content) => element("dd", {}, content);

function scalar(value) {
  if (typeof value === "string") return JSON.stringify(value);
  return Object.is(value, -0) ? "-0" : String(value);
}

function scalars(values) {
  const first = Array.from(values.slice(0, MAX_ITEMS), scalar);
  const rest = values.length > MAX_ITEMS ? ` … ${values.length} in all` : "";
  return text(`[${first.join(", ")}]${rest}`);
}

function entries(pairs) {
  if (pairs.length === 0) return text("{}");
  const list = element("dl");
  for (const [name, value] of pairs) {
    const view = viewOf(value);
    list.append(element("dt", {}, name), view.tagName === "DD" ? view : element("dd", {}, view));
  }
  return list;
}
