/**
 * Plain data as the JSON that Python reads. Unlike JSON.stringify it keeps -0, 64-bit integers and numbers that are not
 * finite. Typed arrays are passed beside the JSON, without conversion.
 */

/** The only key of the object that stands for a typed array; its value is the array's index. No other data has it. */
export const BUFFER_KEY = `typed array ${crypto.randomUUID()}`;

const isNumberArray = (value) => ArrayBuffer.isView(value) && !(value instanceof DataView);

/**
 * @param {unknown} value
 * @param {ArrayBufferView[] | null} [buffers] receives the typed arrays; without it they are written as lists
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
      throw new TypeError(`a ${typeof value} is not plain data`);
  }
}

function objectToJson(value, buffers) {
  if (value instanceof ArrayBuffer) return objectToJson(new Uint8Array(value), buffers);
  if (isNumberArray(value)) {
    if (buffers === null) return listToJson(Array.from(value), buffers);
    return `{${JSON.stringify(BUFFER_KEY)}:${buffers.push(value) - 1}}`;
  }
  if (Array.isArray(value)) return listToJson(value, buffers);
  if (typeof value.then === "function") throw new TypeError("a promise is not plain data: await it first");
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const members = entries
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => `${JSON.stringify(String(key))}:${toJson(item, buffers)}`);
  return `{${members.join(",")}}`;
}

const listToJson = (items, buffers) => `[${Array.from(items, (item) => toJson(item, buffers)).join(",")}]`;
