/** The error for every failure of a guest, and how a JavaScript engine's own errors are mapped to it. */

/**
 * @typedef {"malformed" | "too-large" | "link" | "missing" | "trap" | "closed" | "busy"} FailureCode
 * - `malformed`: the bytes are not a WebAssembly module that this engine accepts
 * - `too-large`: the engine refuses to compile or instantiate it synchronously on this thread
 * - `link`: an import that no host offers, named by `symbol`
 * - `missing`: an export that the guest lacks, named by `symbol`
 * - `trap`: the guest crashed, exited or broke the ABI; see `kind`
 * - `closed`: the guest has been closed
 * - `busy`: the guest cannot be closed from inside one of its own calls
 */

/** A failure of the guest, or of using it wrongly. Any other exception is the host's own. */
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
    /** @type {string | undefined} for a trap, the name of a member of arora_core.errors.TrapKind */
    this.kind = code === "trap" ? (kind ?? "OTHER") : undefined;
    /** @type {number | undefined} for the kind EXIT */
    this.exitCode = exitCode;
    /** @type {string | undefined} the name of the import or export, for `link` and `missing` */
    this.symbol = symbol;
  }
}

/** @param {string} message @returns {GuestFailure} for a guest that violates the ABI */
export const abiViolation = (message) => new GuestFailure("trap", message, { kind: "ABI" });

/** @param {number} exitCode @returns {GuestFailure} for a guest that called `proc_exit` */
export const exitFailure = (exitCode) =>
  new GuestFailure("trap", `exited with code ${exitCode}`, { kind: "EXIT", exitCode });

// Kind, message, and the messages of V8, SpiderMonkey and JavaScriptCore, in that order where they differ. The first
// that matches decides.
const TRAPS = [
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
 * @param {unknown} thrown what an export threw, unless it is an exception of an import
 * @returns {GuestFailure}
 */
export function trapFrom(thrown) {
  if (thrown instanceof GuestFailure) return thrown;
  if (typeof WebAssembly.Exception === "function" && thrown instanceof WebAssembly.Exception) {
    return new GuestFailure("trap", "threw an exception that it did not catch");
  }
  if (!(thrown instanceof Error)) return new GuestFailure("trap", `threw ${String(thrown)}`);
  const location = innermostFunctions(thrown);
  for (const [kind, message, pattern] of TRAPS) {
    if (pattern.test(thrown.message)) return new GuestFailure("trap", message + location, { kind });
  }
  return new GuestFailure("trap", thrown.message + location);
}

/** @param {unknown} thrown @returns {boolean} whether the thread's stack overflowed, in the guest or in its host */
export const isStackOverflow = (thrown) =>
  thrown instanceof Error && /^(RangeError|InternalError)$/.test(thrown.name) && /call stack|recursion/.test(thrown.message);

const FRAMES = 3;
const LONGEST_NAME = 80;
// V8: "at name (wasm://wasm/0123:wasm-function[7]:0x1f)"; the others: "name@...:wasm-function[7]:0x1f".
const FRAME = /^\s*(?:at )?(?:(.*?)(?: \(|@))?(?:wasm:|https?:|blob:|file:|<)?[^()@]*wasm-function\[(\d+)\]/;

/** Return the innermost functions on the stack, innermost first, as text; empty where the engine has none. */
function innermostFunctions(error) {
  const frames = String(error.stack ?? "")
    .split("\n")
    .map((line) => FRAME.exec(line))
    .filter((found) => found !== null);
  const names = frames.slice(0, FRAMES).map(([, name, index]) => printable(name) || `function ${index}`);
  if (frames.length > FRAMES) names.push("...");
  return names.length > 0 ? ` in ${names.join(" <- ")}` : "";
}

// The executable chooses these names: bound their length, and let them add no lines to a message.
function printable(name) {
  if (!name || /^wasm-function\[/.test(name)) return "";
  const short = name.startsWith("arora_function_") ? name : name.slice(0, LONGEST_NAME);
  return short.replace(/[^\x20-\x7e]/g, "?");
}
