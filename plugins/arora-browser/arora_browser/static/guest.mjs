/**
 * One guest on this page's own WebAssembly: the Arora guest protocol (ABI §3, §4).
 *
 * Standard JavaScript without dependencies, for Chromium, Firefox, Safari and Node.
 */

import { abiViolation, GuestFailure } from "./guest_failure.mjs";
import { allocationSize, GuestMemory } from "./guest_memory.mjs";
import { originalException, uncatchable } from "./host_exceptions.mjs";
import { sleep } from "./sleeping.mjs";
import { notImplemented, wasiImports } from "./wasi.mjs";

/**
 * The functions that a guest may call in its host. Buffers are as in ABI §1; those passed to the host are copies, which it
 * may keep. With `suspending` each may return a promise of its result. What they throw comes out of the call that
 * entered the guest as the same value; failures that a guest may handle are returned as error buffers.
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
 * @property {string} [initialize] the export to call before anything else
 * @property {string} [stackPointer] the exported global that holds the guest's stack pointer
 * @property {boolean} [console] show what the guest writes on the console too; true by default
 */

/** @returns {boolean} whether this engine can suspend a guest while a promise is pending (`options.suspending`) */
export const canSuspend = () =>
  typeof WebAssembly === "object" &&
  typeof WebAssembly.Suspending === "function" &&
  typeof WebAssembly.promising === "function";

/** Answers that may be in the guest's allocator at once. */
const MOST_ANSWERS = 2;

/** Return `next(value)`, or a promise of it where `value` is a promise. */
const then = (value, next) => (value instanceof Promise ? value.then(next) : next(value));

/** One instance of a module. Create it with `Guest.instantiate` or `Guest.instantiateSync`. */
export class Guest {
  #host;
  #suspending;
  #memory = new GuestMemory();
  #exports = new Map();
  #alloc = null;
  #free = null;
  #hostCalls = 0;
  /** The answers of the host for which memory is being allocated. */
  #answering = 0;
  #closed = false;
  /** The arguments of the calls that are running or have failed. */
  #arguments = new Set();
  #stackPointer = null;
  /** The value of the stack pointer while the guest is not running. */
  #restingStack = 0;

  /** @private */
  constructor(host, suspending) {
    this.#host = host;
    this.#suspending = suspending;
  }

  /**
   * Instantiate synchronously, and call `options.initialize`.
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
      throw originalException(error);
    }
    guest.#attach(instance);
    guest.#exports.get(options.initialize)?.();
    guest.#keepStack(instance, options);
    return guest;
  }

  /**
   * Instantiate without blocking the thread, and call `options.initialize`.
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
      throw originalException(error);
    }
    guest.#attach(instance);
    await guest.#exports.get(options.initialize)?.();
    guest.#keepStack(instance, options);
    return guest;
  }

  /**
   * Call an exported function.
   * @param {string} symbol its exported name @param {Uint8Array} argument the argument buffer
   * @returns {Uint8Array | Promise<Uint8Array>} a copy of the result buffer, error buffers included; a promise
   *   exactly when the guest was created with `suspending`
   * @throws {GuestFailure} `trap`, `missing`, `closed`; and whatever the host threw, the same value
   */
  call(symbol, argument) {
    if (this.#suspending) return this.#callSuspending(symbol, argument);
    const run = this.#function(symbol);
    const stack = this.#enterStack();
    // When the guest traps or breaks the ABI, its allocator is not called to free the argument or the result: a crash
    // may have left the allocator's own data inconsistent, and calling it would turn one failure into another. The next
    // outermost call frees the argument.
    try {
      for (const leftAt of this.#leftArguments()) this.#freeLeft(leftAt);
      const argumentAt = this.#memory.write(this.#alloc(allocationSize(argument)), argument);
      this.#arguments.add(argumentAt);
      const resultAt = run(argumentAt) >>> 0;
      const result = this.#memory.readResult(resultAt, argumentAt, argument.length);
      this.#free(resultAt);
      this.#arguments.delete(argumentAt);
      this.#free(argumentAt);
      return result;
    } catch (thrown) {
      this.#putStackBack(stack);
      throw thrown;
    }
  }

  async #callSuspending(symbol, argument) {
    const run = this.#function(symbol);
    const stack = this.#enterStack();
    try {
      for (const leftAt of this.#leftArguments()) await this.#freeLeft(leftAt);
      const argumentAt = this.#memory.write(await this.#alloc(allocationSize(argument)), argument);
      this.#arguments.add(argumentAt);
      const resultAt = (await run(argumentAt)) >>> 0;
      const result = this.#memory.readResult(resultAt, argumentAt, argument.length);
      await this.#free(resultAt);
      this.#arguments.delete(argumentAt);
      await this.#free(argumentAt);
      return result;
    } catch (thrown) {
      this.#putStackBack(stack);
      throw thrown;
    }
  }

  /** Remove and return the arguments of failed calls. While a call is running, its own argument is among them. */
  #leftArguments() {
    if (this.#arguments.size === 0 || this.#hostCalls > 0) return [];
    const left = [...this.#arguments];
    this.#arguments.clear();
    return left;
  }

  /** Free an argument. A guest that crashes again keeps it. */
  #freeLeft(leftAt) {
    const crashed = (thrown) => {
      if (!(thrown instanceof GuestFailure)) throw thrown;
      this.#putStackBack(this.#restingStack);
    };
    try {
      const freed = this.#free(leftAt);
      return freed instanceof Promise ? freed.catch(crashed) : freed;
    } catch (thrown) {
      return crashed(thrown);
    }
  }

  // The stack.

  #keepStack(instance, { stackPointer }) {
    if (stackPointer === undefined) return;
    this.#stackPointer = instance.exports[stackPointer];
    this.#restingStack = this.#stackPointer.value;
  }

  /** Return where the stack is when a call begins, to put it back there if the call fails. */
  #enterStack() {
    // A call whose execution was terminated has put nothing back.
    if (this.#hostCalls === 0) this.#answering = 0;
    if (this.#stackPointer === null) return 0;
    if (this.#hostCalls === 0) this.#stackPointer.value = this.#restingStack;
    return this.#stackPointer.value;
  }

  #putStackBack(position) {
    if (this.#stackPointer !== null) this.#stackPointer.value = position;
  }

  /** The current size of linear memory in bytes; 0 once the guest is closed. */
  get memoryBytes() {
    return this.#memory.byteLength;
  }

  /**
   * Release the guest, and refuse every later call. Idempotent.
   * @throws {GuestFailure} `busy` from inside one of its calls
   */
  close() {
    if (this.#hostCalls > 0) throw new GuestFailure("busy", "cannot be closed from inside one of its own calls");
    this.#closed = true;
    this.#memory.detach();
    this.#exports.clear();
    this.#alloc = this.#free = this.#stackPointer = null;
  }

  // Exports.

  #attach(instance) {
    const memory = instance.exports.memory;
    if (!(memory instanceof WebAssembly.Memory)) {
      throw new GuestFailure("missing", "does not export memory", { symbol: "memory" });
    }
    this.#memory.attach(memory);
    for (const [name, exported] of Object.entries(instance.exports)) {
      if (typeof exported === "function") this.#exports.set(name, this.#wrapExport(exported));
    }
    this.#alloc = this.#function("arora_buffer_alloc");
    this.#free = this.#function("arora_buffer_free");
  }

  /** Return an export that throws the original exceptions of imports, and traps as GuestFailures. */
  #wrapExport(exported) {
    if (this.#suspending) {
      const promising = WebAssembly.promising(exported);
      return async (value) => {
        try {
          return await promising(value);
        } catch (thrown) {
          throw originalException(thrown);
        }
      };
    }
    return (value) => {
      try {
        return exported(value);
      } catch (thrown) {
        throw originalException(thrown);
      }
    };
  }

  #function(symbol) {
    const found = this.#exports.get(symbol);
    if (found !== undefined) return found;
    if (this.#closed) throw new GuestFailure("closed", "is closed");
    throw new GuestFailure("missing", `does not export ${symbol}`, { symbol });
  }

  // Imports.

  #imports(module, options) {
    const env = new Map([
      [
        "arora_dispatch",
        (moduleAt, functionAt, argumentAt) => this.#dispatch(moduleAt >>> 0, functionAt >>> 0, argumentAt >>> 0),
      ],
      [
        "arora_dispatch_indirect",
        (callableId) => this.#returnBuffer(() => this.#host.dispatchIndirect(BigInt.asUintN(64, callableId))),
      ],
    ]);
    const wasi = wasiImports({
      view: () => this.#memory.view(),
      writeOutput: (fd, data) => this.#callHost(() => this.#host.writeOutput(fd, data)),
      sleep: this.#suspending ? (options.sleep ?? sleep) : null,
      console: options.console ?? true,
    });
    const offered = new Map([
      ["env", (name) => env.get(name)],
      // Which names and types preview 1 has is checked by arora_core.wasi, before a guest is instantiated.
      ["wasi_snapshot_preview1", (name) => wasi.get(name) ?? notImplemented],
    ]);
    const imports = {};
    for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
      const implementation = kind === "function" ? offered.get(from)?.(name) : undefined;
      if (implementation === undefined) {
        throw new GuestFailure("link", `imports ${from}.${name}, which no host offers`, { symbol: `${from}.${name}` });
      }
      imports[from] ??= Object.create(null);
      imports[from][name] = this.#wrapImport(implementation);
    }
    return imports;
  }

  #wrapImport(implementation) {
    const wrapped = uncatchable(implementation);
    return this.#suspending ? new WebAssembly.Suspending(wrapped) : wrapped;
  }

  #dispatch(moduleAt, functionAt, argumentAt) {
    this.#requireInstantiated();
    const moduleId = this.#memory.readId(moduleAt, "a module id");
    const functionId = this.#memory.readId(functionAt, "a function id");
    const argument = this.#memory.readDispatchArgument(argumentAt);
    return this.#returnBuffer(() => this.#host.dispatch(moduleId, functionId, argument));
  }

  /** Call the host, and write the buffer it returns to memory of the guest's. Returns its offset. */
  #returnBuffer(action) {
    this.#requireInstantiated();
    return then(this.#callHost(action), (result) => {
      if (!(result instanceof Uint8Array)) throw new TypeError("a host's dispatch must return a Uint8Array");
      return this.#placeAnswer(result);
    });
  }

  /**
   * Write an answer to memory of the guest's. Its allocator is called again for the answer to a call that it makes
   * itself; if it then makes one more, it would go on without end.
   */
  #placeAnswer(answer) {
    if (this.#answering === MOST_ANSWERS) {
      throw abiViolation("called its host from arora_buffer_alloc, which was allocating the answer to another call");
    }
    const before = this.#answering;
    const placed = () => {
      this.#answering = before;
    };
    this.#answering = before + 1;
    let offset;
    try {
      offset = this.#alloc(allocationSize(answer));
    } catch (thrown) {
      placed();
      throw thrown;
    }
    if (offset instanceof Promise) offset = offset.finally(placed);
    else placed();
    return then(offset, (at) => this.#memory.write(at, answer));
  }

  /** Call the host on behalf of this guest, which cannot be closed until the host has returned. */
  #callHost(action) {
    this.#hostCalls += 1;
    let returned;
    try {
      returned = action();
    } catch (thrown) {
      this.#hostCalls -= 1;
      throw thrown;
    }
    if (typeof returned?.then === "function") {
      return Promise.resolve(returned).finally(() => {
        this.#hostCalls -= 1;
      });
    }
    this.#hostCalls -= 1;
    return returned;
  }

  #requireInstantiated() {
    if (!this.#memory.isAttached) throw abiViolation("called its host while it was still being instantiated");
  }
}
