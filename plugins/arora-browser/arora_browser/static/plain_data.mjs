/**
 * Plain data as the JSON that Python reads: also with numbers that JSON.stringify loses (-0, 64 bits, those that are
 * not finite), and with typed arrays beside it, which cross as they are.
 */

/** The key under which the index of a typed array stands. Nobody else's data has it. */
export const MARK = `typed array ${crypto.randomUUID()}`;

const isArrayOfNumbers = (value) => ArrayBuffer.isView(value) && !(value instanceof DataView);

/**
 * @param {unknown} value
 * @param {ArrayBufferView[] | null} [buffers] takes the typed arrays; without it they are written as lists
 * @returns {string}
 */
export function toJson(value, buffers = null) {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "boolean":
      return String(value);
    case "bigint":
      return value.toString();
    case "number":
      // Python's json reads NaN, Infinity and -0.0 as what they are.
      return Object.is(value, -0) ? "-0.0" : String(value);
    case "undefined":
      return "null";
    case "object":
      return value === null ? "null" : objectToJson(value, buffers);
    default:
      throw new TypeError(`a ${typeof value} is no plain data`);
  }
}

function objectToJson(value, buffers) {
  if (value instanceof ArrayBuffer) return objectToJson(new Uint8Array(value), buffers);
  if (isArrayOfNumbers(value)) {
    if (buffers === null) return listToJson(Array.from(value), buffers);
    return `{${JSON.stringify(MARK)}:${buffers.push(value) - 1}}`;
  }
  if (Array.isArray(value)) return listToJson(value, buffers);
  if (typeof value.then === "function") throw new TypeError("a promise is no plain data: await it first");
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const written = entries
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => `${JSON.stringify(String(key))}:${toJson(item, buffers)}`);
  return `{${written.join(",")}}`;
}

const listToJson = (items, buffers) => `[${Array.from(items, (item) => toJson(item, buffers)).join(",")}]`;
