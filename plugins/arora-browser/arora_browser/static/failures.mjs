/**
 * What goes wrong with a guest, as one class of error, and how an engine's own errors become it.
 */

/**
 * @typedef {"malformed" | "too-large" | "link" | "missing" | "trap" | "closed" | "busy"} FailureCode
 * - `malformed`: the bytes are no WebAssembly module this engine takes
 * - `too-large`: the engine refuses to compile or start it synchronously on this thread
 * - `link`: an import nobody offers, named by `symbol`
 * - `missing`: an export that is not there, named by `symbol`
 * - `trap`: the guest crashed, exited or broke the ABI; see `kind`
 * - `closed`: it was closed before
 * - `busy`: it cannot be closed from inside one of its own calls
 */

/** Everything that is the guest's fault, or comes of using it wrongly. Whatever else is thrown is the host's own. */
export class GuestFailure extends Error {
  /**
   * @param {FailureCode} code
   * @param {string} message
   * @param {{kind?: string, exitCode?: number, symbol?: string}} [facts]
   */
  constructor(code, message, { kind, exitCode, symbol } = {}) {
    super(message);
    this.name = "GuestFailure";
    /** @type {FailureCode} */
    this.code = code;
    /** @type {string | undefined} for a trap, the name of a member of arora_core's TrapKind */
    this.kind = code === "trap" ? (kind ?? "OTHER") : undefined;
    /** @type {number | undefined} for the kind EXIT */
    this.exitCode = exitCode;
    /** @type {string | undefined} the name at fault, for `link` and `missing` */
    this.symbol = symbol;
  }
}

/** @param {string} message @returns {GuestFailure} for a guest that does not keep to the ABI */
export const brokeTheAbi = (message) => new GuestFailure("trap", message, { kind: "ABI" });

/** @param {number} exitCode @returns {GuestFailure} for a guest that ended itself */
export const exited = (exitCode) =>
  new GuestFailure("trap", `exited with code ${exitCode}`, { kind: "EXIT", exitCode });

// What V8, SpiderMonkey and JavaScriptCore say, in that order where they differ. The first that fits decides.
const KINDS = [
  ["UNREACHABLE", "unreachable", /^unreachable/i],
  ["INTEGER_DIVISION_BY_ZERO", "integer division by zero", /(divi\w+|remainder) by zero/i],
  ["INTEGER_OVERFLOW", "integer overflow", /divide result unrepresentable|integer overflow/i],
  [
    "BAD_CONVERSION",
    "invalid conversion to integer",
    /float unrepresentable|invalid conversion to integer|out of bounds trunc/i,
  ],
  [
    "INDIRECT_CALL",
    "indirect call to null or to another signature",
    /function signature mismatch|null function|indirect call (to null|signature)|call_indirect to a (null|signature)/i,
  ],
  ["TABLE_OUT_OF_BOUNDS", "table access out of bounds", /table.*out of bounds|out of bounds (table|call_indirect)/i],
  [
    "MEMORY_OUT_OF_BOUNDS",
    "memory access out of bounds",
    /memory access out of bounds|^index out of bounds|out of bounds memory|data segment.*out of bounds/i,
  ],
  ["STACK_OVERFLOW", "call stack exhausted", /stack overflow|call stack|too much recursion/i],
];

/**
 * @param {unknown} thrown what came out of an export, and no import put there
 * @returns {GuestFailure} the trap it was
 */
export function trapOf(thrown) {
  if (thrown instanceof GuestFailure) return thrown;
  if (typeof WebAssembly.Exception === "function" && thrown instanceof WebAssembly.Exception) {
    return new GuestFailure("trap", "threw an exception that it did not catch");
  }
  if (!(thrown instanceof Error)) return new GuestFailure("trap", `threw ${String(thrown)}`);
  const where = innermost(thrown);
  for (const [kind, words, said] of KINDS) {
    if (said.test(thrown.message)) return new GuestFailure("trap", words + where, { kind });
  }
  return new GuestFailure("trap", thrown.message + where);
}

/** @param {unknown} thrown @returns {boolean} whether this thread ran out of stack, wherever on it that was */
export const isStackOverflow = (thrown) =>
  thrown instanceof Error && /^(RangeError|InternalError)$/.test(thrown.name) && /call stack|recursion/.test(thrown.message);

const FRAMES = 3;
const LONGEST_NAME = 80;
// V8: "at name (wasm://wasm/0123:wasm-function[7]:0x1f)"; the others: "name@...:wasm-function[7]:0x1f".
const FRAME = /^\s*(?:at )?(?:(.*?)(?: \(|@))?(?:wasm:|https?:|blob:|file:|<)?[^()@]*wasm-function\[(\d+)\]/;

/** Where it happened, innermost function first, as far as the engine says. */
function innermost(error) {
  const frames = String(error.stack ?? "")
    .split("\n")
    .map((line) => FRAME.exec(line))
    .filter((found) => found !== null);
  const names = frames.slice(0, FRAMES).map(([, name, index]) => readable(name) || `function ${index}`);
  if (frames.length > FRAMES) names.push("...");
  return names.length > 0 ? ` in ${names.join(" <- ")}` : "";
}

// The executable chooses these names: they must not be able to fill a screen, or write lines of their own.
function readable(name) {
  if (!name || /^wasm-function\[/.test(name)) return "";
  const short = name.startsWith("arora_function_") ? name : name.slice(0, LONGEST_NAME);
  return short.replace(/[^\x20-\x7e]/g, "?");
}
