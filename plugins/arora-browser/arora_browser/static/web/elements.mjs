/** Creates elements of the page. */

/**
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] an attribute starting with "on" is a listener; false and null are omitted
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for an element of a drawing. */
export function svgElement(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(created, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) created.addEventListener(name.slice(2), value);
    else created.setAttribute(name, value === true ? "" : String(value));
  }
  created.append(...children);
  return created;
}

let last = 0;

/** Return an id that no other element has. */
export const uniqueId = () => `field-${(last += 1)}`;
