/** What a call answered, for a reader. */

import { element } from "./elements.mjs";

const MOST_ITEMS = 64;

/** @param {unknown} value plain data of an answer @returns {Node} */
export function shown(value) {
  if (value === null || value === undefined) return text("nothing");
  if (ArrayBuffer.isView(value) || (Array.isArray(value) && value.every(isPlain))) return items(value);
  if (Array.isArray(value)) return entries(value.slice(0, MOST_ITEMS).map((each, index) => [`[${index}]`, each]));
  if (typeof value === "object") return entries(Object.entries(value));
  return text(typeof value === "string" ? JSON.stringify(value) : number(value));
}

const isPlain = (value) => value === null || typeof value !== "object";

const text = (words) => element("dd", {}, words);

const number = (value) => (Object.is(value, -0) ? "-0" : String(value));

function items(values) {
  const first = Array.from(values.slice(0, MOST_ITEMS), (each) =>
    typeof each === "string" ? JSON.stringify(each) : number(each),
  );
  const rest = values.length > MOST_ITEMS ? ` … ${values.length} in all` : "";
  return text(`[${first.join(", ")}]${rest}`);
}

function entries(pairs) {
  if (pairs.length === 0) return text("{}");
  const list = element("dl");
  for (const [name, value] of pairs) {
    const inside = shown(value);
    list.append(element("dt", {}, name), inside.tagName === "DD" ? inside : element("dd", {}, inside));
  }
  return list;
}

/** @param {Node} node what `shown` gave @returns {HTMLElement} it, standing for itself */
export const whole = (node) => (node.tagName === "DD" ? element("dl", {}, element("dt", {}, "answer"), node) : node);
