/**
 * One guest on this page's own WebAssembly: the Arora guest protocol (ABI §3, §4) over its linear memory.
 *
 * Standard JavaScript without dependencies, for Chromium, Firefox, Safari and Node. Every pointer and size that comes
 * from the guest is held against the size of its memory before use.
 */

import { brokeTheAbi, GuestFailure, isStackOverflow, trapOf } from "./failures.mjs";
import { sleepAside, wasiImports } from "./wasi.mjs";

export { GuestFailure };

/**
 * What a guest may ask of its host. Buffers are as in ABI §1, and are copies: keep them as long as you like.
 * With `suspending` each may return a promise of its result. What they throw comes out of the call that entered the
 * guest as the same value; failures a guest may handle are for them to answer as error buffers.
 * @typedef {object} Host
 * @property {(moduleId: Uint8Array, functionId: Uint8Array, argument: Uint8Array) => Uint8Array | Promise<Uint8Array>}
 *   dispatch calls a function of another module
 * @property {(callableId: bigint) => Uint8Array | Promise<Uint8Array>} dispatchIndirect calls a registered callable
 * @property {(fd: number, data: Uint8Array) => void | Promise<void>} writeOutput takes what it wrote to 1 or 2
 */

/**
 * @typedef {object} Options
 * @property {boolean} [suspending] let imports return promises (JSPI); every call then returns a promise
 * @property {(milliseconds: number) => Promise<void>} [sleep] how a guest that suspends waits; may reject, as a host
 * @property {boolean} [console] show what the guest writes on the console too; true unless told otherwise
 */

const PREFIX = 4; // bytes of a buffer's size prefix
const SMALLEST = 5; // bytes of the smallest buffer
const SLACK = 8; // bytes asked for behind an argument: guests may read a few bytes past its end
const LARGEST = 0xffff_ffff;

/** @returns {boolean} whether this engine can suspend a guest while a promise is pending (`options.suspending`) */
export const canSuspend = () =>
  typeof WebAssembly === "object" &&
  typeof WebAssembly.Suspending === "function" &&
  typeof WebAssembly.promising === "function";

/**
 * @param {Uint8Array} bytes @returns {Promise<WebAssembly.Module>}
 * @throws {GuestFailure} `malformed`
 */
export async function compile(bytes) {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw notCompiled(error);
  }
}

/**
 * @param {Uint8Array} bytes @returns {WebAssembly.Module}
 * @throws {GuestFailure} `malformed`; `too-large` where the engine wants it compiled asynchronously
 */
export function compileSync(bytes) {
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    throw notCompiled(error);
  }
}

function notCompiled(error) {
  if (error instanceof WebAssembly.CompileError) {
    return new GuestFailure("malformed", error.message.replace(/^WebAssembly\.\w+\(\): /, ""));
  }
  // Chromium compiles no more than 8 MB synchronously on a page's main thread.
  if (error instanceof RangeError) return new GuestFailure("too-large", error.message);
  return error;
}

/**
 * Names and kinds. Types of functions are not to be had from JavaScript: read them from the binary.
 * @param {WebAssembly.Module} module
 * @returns {{exports: {name: string, kind: string}[], imports: {module: string, name: string, kind: string}[]}}
 */
export function describe(module) {
  return {
    exports: WebAssembly.Module.exports(module).map(({ name, kind }) => ({ name, kind })),
    imports: WebAssembly.Module.imports(module).map(({ module: from, name, kind }) => ({ module: from, name, kind })),
  };
}

// A trap passes through a guest's own exception handlers where any exception of JavaScript's would be caught: by
// the language's rules no `catch` of WebAssembly sees it. The smallest module that traps:
// (module (func (export "") unreachable))
const TRAPPING = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 7, 4, 1, 0, 0, 0, 10, 5, 1, 3, 0, 0, 0x0b,
]);
let trapping;

function freshTrap() {
  trapping ??= new WebAssembly.Instance(new WebAssembly.Module(TRAPPING)).exports[""];
  try {
    trapping();
  } catch (error) {
    return error;
  }
}

/** What hosts and imports threw, by the trap that carries it across the guest. */
const carried = new WeakMap();

function carrier(thrown) {
  // The stack may have been the guest's to fill: then that is the guest's trap, not its host's exception.
  const value = isStackOverflow(thrown) ? trapOf(thrown) : thrown;
  const trap = freshTrap();
  carried.set(trap, value);
  return trap;
}

const isPromise = (value) => value instanceof Promise;

/** `next` of `value`, now or once the promise it is has come true. */
const after = (value, next) => (isPromise(value) ? value.then(next) : next(value));

/** An import: whatever it throws crosses the guest unseen. */
const guarded = (answer) =>
  function (...values) {
    try {
      const answered = answer(...values);
      return isPromise(answered)
        ? answered.catch((thrown) => {
            throw carrier(thrown);
          })
        : answered;
    } catch (thrown) {
      throw carrier(thrown);
    }
  };

/** What came out of an export, as what it was before it crossed the guest. */
const uncarried = (thrown) =>
  typeof thrown === "object" && thrown !== null && carried.has(thrown) ? carried.get(thrown) : trapOf(thrown);

/** One instance of a module. Make it with `Guest.instantiate` or `Guest.instantiateSync`. */
export class Guest {
  #host;
  #suspending;
  #memory = null;
  #bytes = new Uint8Array();
  #exports = new Map();
  #alloc = null;
  #free = null;
  #callsOut = 0;
  #closed = false;

  /** @private */
  constructor(host, suspending) {
    this.#host = host;
    this.#suspending = suspending;
  }

  /**
   * Instantiates on the spot, and calls `_initialize`.
   * @param {WebAssembly.Module} module @param {Host} host @param {Options} [options] without `suspending`
   * @returns {Guest}
   * @throws {GuestFailure} `link`, `missing`, `trap`, `too-large`
   */
  static instantiateSync(module, host, options = {}) {
    if (options.suspending) throw new TypeError("a guest that suspends has to be instantiated asynchronously");
    const guest = new Guest(host, false);
    const imports = guest.#imports(module, options);
    let instance;
    try {
      instance = new WebAssembly.Instance(module, imports);
    } catch (error) {
      if (error instanceof RangeError && /main thread/.test(error.message)) {
        throw new GuestFailure("too-large", error.message);
      }
      throw uncarried(error);
    }
    guest.#attach(instance);
    guest.#exports.get("_initialize")?.();
    return guest;
  }

  /**
   * Instantiates without blocking the thread, and calls `_initialize`.
   * @param {WebAssembly.Module} module @param {Host} host @param {Options} [options]
   * @returns {Promise<Guest>}
   * @throws {GuestFailure} `link`, `missing`, `trap`
   */
  static async instantiate(module, host, options = {}) {
    if (options.suspending && !canSuspend()) throw new TypeError("this engine has no WebAssembly.Suspending (JSPI)");
    const guest = new Guest(host, options.suspending === true);
    const imports = guest.#imports(module, options);
    let instance;
    try {
      instance = await WebAssembly.instantiate(module, imports);
    } catch (error) {
      throw uncarried(error);
    }
    guest.#attach(instance);
    await guest.#exports.get("_initialize")?.();
    return guest;
  }

  /**
   * Runs one exported function.
   * @param {string} symbol its exported name @param {Uint8Array} argument the argument buffer
   * @returns {Uint8Array | Promise<Uint8Array>} a copy of the result buffer, error buffers included; a promise
   *   exactly when the guest was made with `suspending`
   * @throws {GuestFailure} `trap`, `missing`, `closed`; and whatever the host threw, the same value
   */
  call(symbol, argument) {
    if (this.#suspending) return this.#callSuspending(symbol, argument);
    const run = this.#function(symbol);
    // When the guest traps, or breaks the ABI, it is not entered again to free the argument or the result: a crash
    // may have left its allocator's own data half written, and calling that would turn one failure into another.
    const argumentAt = this.#write(this.#alloc(this.#reserved(argument)), argument);
    const resultAt = run(argumentAt) >>> 0;
    const result = this.#result(resultAt, argumentAt, argument.length);
    this.#free(resultAt);
    this.#free(argumentAt);
    return result;
  }

  async #callSuspending(symbol, argument) {
    const run = this.#function(symbol);
    const argumentAt = this.#write(await this.#alloc(this.#reserved(argument)), argument);
    const resultAt = (await run(argumentAt)) >>> 0;
    const result = this.#result(resultAt, argumentAt, argument.length);
    await this.#free(resultAt);
    await this.#free(argumentAt);
    return result;
  }

  /** Bytes of linear memory the guest has now; 0 once it is closed. */
  get memoryBytes() {
    return this.#memory === null ? 0 : this.#memory.buffer.byteLength;
  }

  /**
   * Refuses every later call, and lets go of the guest. Idempotent.
   * @throws {GuestFailure} `busy` from inside one of its calls
   */
  close() {
    if (this.#callsOut > 0) throw new GuestFailure("busy", "cannot be closed from inside one of its own calls");
    this.#closed = true;
    this.#memory = null;
    this.#bytes = new Uint8Array();
    this.#exports.clear();
    this.#alloc = this.#free = null;
  }

  // The guest's exports.

  #attach(instance) {
    const memory = instance.exports.memory;
    if (!(memory instanceof WebAssembly.Memory)) {
      throw new GuestFailure("missing", "does not export memory", { symbol: "memory" });
    }
    this.#memory = memory;
    for (const [name, exported] of Object.entries(instance.exports)) {
      if (typeof exported === "function") this.#exports.set(name, this.#entrance(exported));
    }
    this.#alloc = this.#function("arora_buffer_alloc");
    this.#free = this.#function("arora_buffer_free");
  }

  /** An export that throws what this module says it throws, and not what crossed the guest. */
  #entrance(exported) {
    if (this.#suspending) {
      const promising = WebAssembly.promising(exported);
      return async (value) => {
        try {
          return await promising(value);
        } catch (thrown) {
          throw uncarried(thrown);
        }
      };
    }
    return (value) => {
      try {
        return exported(value);
      } catch (thrown) {
        throw uncarried(thrown);
      }
    };
  }

  #function(symbol) {
    const found = this.#exports.get(symbol);
    if (found !== undefined) return found;
    if (this.#closed) throw new GuestFailure("closed", "is closed");
    throw new GuestFailure("missing", `does not export ${symbol}`, { symbol });
  }

  // Buffers, in and out of its memory.

  #reserved(data) {
    const reserved = data.length + SLACK;
    if (reserved > LARGEST) {
      throw brokeTheAbi(`cannot take a buffer of ${data.length} bytes, its memory has 32-bit addresses`);
    }
    return reserved;
  }

  /** Writes `data` to what the guest's allocator answered for it. */
  #write(answered, data) {
    const offset = answered >>> 0;
    const reserved = data.length + SLACK;
    if (offset === 0) throw brokeTheAbi(`arora_buffer_alloc(${reserved}) returned null: the guest is out of memory`);
    const bytes = this.#view();
    if (offset + reserved > bytes.length) {
      throw this.#outside(`arora_buffer_alloc(${reserved}) returned ${hex(offset)}`);
    }
    bytes.set(data, offset);
    return offset;
  }

  #result(offset, argumentAt, argumentSize) {
    const bytes = this.#view();
    if (offset + PREFIX > bytes.length) throw this.#outside(`returned a buffer at ${hex(offset)}`);
    if (offset === 0) throw brokeTheAbi("returned a null pointer");
    const size = word(bytes, offset);
    if (size < SMALLEST) {
      throw brokeTheAbi(`returned a buffer of ${size} bytes at ${hex(offset)}; the minimum is ${SMALLEST}`);
    }
    if (offset + size > bytes.length) {
      throw this.#outside(`returned a buffer of ${size} bytes at ${hex(offset)}`);
    }
    // Both buffers are freed, so this would be a double free.
    if (argumentAt <= offset && offset < argumentAt + argumentSize + SLACK) {
      throw brokeTheAbi(`returned its own argument buffer, at ${hex(offset)}`);
    }
    return bytes.slice(offset, offset + size);
  }

  /** All of its memory as it is now: the buffer behind a view is another one once memory has grown. */
  #view() {
    const buffer = this.#memory.buffer;
    if (this.#bytes.buffer !== buffer) this.#bytes = new Uint8Array(buffer);
    return this.#bytes;
  }

  #outside(message) {
    return brokeTheAbi(`${message}, outside its ${this.memoryBytes} bytes of memory`);
  }

  // The guest's imports.

  #imports(module, options) {
    const env = {
      arora_dispatch: (moduleAt, functionAt, argumentAt) =>
        this.#answerDispatch(moduleAt >>> 0, functionAt >>> 0, argumentAt >>> 0),
      arora_dispatch_indirect: (callableId) =>
        this.#placed(() => this.#host.dispatchIndirect(BigInt.asUintN(64, callableId))),
    };
    const wasi = wasiImports({
      // While it is still being instantiated a guest has no memory to point into.
      view: () => (this.#memory === null ? this.#bytes : this.#view()),
      writeOutput: (fd, data) => this.#out(() => this.#host.writeOutput(fd, data)),
      sleep: this.#suspending ? (options.sleep ?? sleepAside) : null,
      console: options.console ?? true,
    });
    const offered = { env, wasi_snapshot_preview1: wasi };
    const imports = {};
    for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
      const answer = kind === "function" && Object.hasOwn(offered, from) && Object.hasOwn(offered[from], name);
      if (!answer) {
        throw new GuestFailure("link", `imports ${from}.${name}, which no host offers`, { symbol: `${from}.${name}` });
      }
      (imports[from] ??= {})[name] = this.#exit(offered[from][name]);
    }
    return imports;
  }

  #exit(answer) {
    const way = guarded(answer);
    return this.#suspending ? new WebAssembly.Suspending(way) : way;
  }

  #answerDispatch(moduleAt, functionAt, argumentAt) {
    if (this.#memory === null) notReady();
    const moduleId = this.#taken(moduleAt, 16, "a module id");
    const functionId = this.#taken(functionAt, 16, "a function id");
    const size = word(this.#taken(argumentAt, PREFIX, "an argument buffer"), 0);
    if (size < SMALLEST) {
      const what = `a buffer of ${size} bytes at ${hex(argumentAt)}; the minimum is ${SMALLEST}`;
      throw brokeTheAbi(`called arora_dispatch with ${what}`);
    }
    const argument = this.#taken(argumentAt, size, `an argument buffer of ${size} bytes`);
    return this.#placed(() => this.#host.dispatch(moduleId, functionId, argument));
  }

  /** Has the host answer with a buffer, and gives it to the guest. */
  #placed(answer) {
    if (this.#memory === null) notReady();
    return after(this.#out(answer), (result) => {
      if (!(result instanceof Uint8Array)) throw new TypeError("a host's dispatch must answer with a Uint8Array");
      return after(this.#alloc(this.#reserved(result)), (offset) => this.#write(offset, result));
    });
  }

  /** Does what the host does for a call of this guest's: until that is over, the guest cannot be closed. */
  #out(action) {
    this.#callsOut += 1;
    let answered;
    try {
      answered = action();
    } catch (thrown) {
      this.#callsOut -= 1;
      throw thrown;
    }
    if (typeof answered?.then === "function") {
      return Promise.resolve(answered).finally(() => {
        this.#callsOut -= 1;
      });
    }
    this.#callsOut -= 1;
    return answered;
  }

  #taken(offset, size, what) {
    const bytes = this.#view();
    if (offset + size > bytes.length) throw this.#outside(`called arora_dispatch with ${what} at ${hex(offset)}`);
    return bytes.slice(offset, offset + size);
  }
}

/** The little-endian u32 at `offset`. */
const word = (bytes, offset) =>
  (bytes[offset] | (bytes[offset + 1] << 8) | (bytes[offset + 2] << 16) | (bytes[offset + 3] << 24)) >>> 0;

const hex = (offset) => `0x${offset.toString(16)}`;

function notReady() {
  throw brokeTheAbi("called its host while it was still being instantiated");
}
