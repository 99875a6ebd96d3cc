/**
 * Arora for JavaScript: typed, sandboxed modules on this page's own WebAssembly.
 *
 *     const { Engine } = await loadArora({ indexURL: "/pyodide/", wheels: ["/arora.zip"] });
 *     const engine = new Engine();
 *     engine.loadModule(headerText, wasmBytes);
 *     const pose = engine.call("ur5", "forward", { joints: [0, -1.57, 1.57, 0, 1.57, 0] });
 *
 * Python runs inside, under Pyodide. None of its objects are exposed: only the engine has to be closed.
 * `arora.d.mts` declares the types of everything here.
 */

import { AroraError, errorFrom, setCallErrors } from "./arora_error.mjs";
import { BUFFER_KEY, toJson } from "./plain_data.mjs";
import { install, loadPyodideFrom, readWheels } from "./pyodide_loading.mjs";

export { AroraError };

/**
 * @param {object} options
 * @param {string | URL} [options.indexURL] the directory of the npm package `pyodide`: a URL, or in Node a path
 * @param {(string | URL | ArrayBuffer | Uint8Array)[]} [options.wheels] arora_core, arora_browser, pluggy, and PyYAML
 *   for headers in YAML: URLs, in Node paths, or their bytes
 * @param {object} [options.pyodide] a Pyodide that is already loaded, in place of indexURL
 * @param {(level: string, logger: string, message: string) => void} [options.onLog] receives Arora's log
 */
export async function loadArora({ indexURL, wheels = [], pyodide, onLog = logToConsole } = {}) {
  const [python, archives] = await Promise.all([pyodide ?? loadPyodideFrom(indexURL), readWheels(wheels)]);
  install(python, archives);
  const bridge = python.pyimport("arora_browser.javascript_engine");
  setCallErrors(bridge.call_error_names());
  bridge.log_to((level, logger, message) => onLog(level, logger, message));

  class Engine extends PythonEngine {
    constructor(options = {}) {
      super(bridge, options);
    }
  }
  return { Engine, AroraError, pyodide: python };
}

function logToConsole(level, logger, message) {
  // guest.mjs shows what guests write on the console already.
  if (logger.startsWith("arora.module.")) return;
  const write = { debug: console.debug, info: console.info, warning: console.warn }[level] ?? console.error;
  write(`${logger}: ${message}`);
}

class PythonEngine {
  // Proxies of Python's methods, created once: every access to an attribute of a Python object creates another one.
  #methods;

  constructor(bridge, { prefer = [] }) {
    this.#methods = unwrap(bridge.new_engine(toJson([prefer].flat()), BUFFER_KEY));
  }

  loadModule(header, bytes, options = {}) {
    return this.#call((methods) => methods.load(headerText(header), executableBytes(bytes), toJson(options)));
  }

  async prepareModule(header, bytes, options = {}) {
    const preparing = this.#openMethods().prepare(headerText(header), executableBytes(bytes), toJson(options));
    try {
      unwrap(await preparing);
    } finally {
      preparing.destroy?.();
    }
  }

  loadPreparedModule(header, options = {}) {
    return this.#call((methods) => methods.load_prepared(headerText(header), toJson(options)));
  }

  call(module, name, args = {}) {
    if (name === undefined) {
      const call = typeof module === "string" ? module : toJson(module);
      return this.#call((methods) => methods.call_text(call));
    }
    const buffers = [];
    const json = toJson(args, buffers);
    return this.#call((methods) => methods.call(module, name, json, buffers));
  }

  listModules() {
    return this.#call((methods) => methods.modules());
  }

  registerCallable(callable) {
    if (typeof callable !== "function") throw new TypeError("expected a function");
    return this.#call((methods) => methods.register(() => runCallable(callable)));
  }

  unregisterCallable(id) {
    this.#call((methods) => methods.unregister(id));
  }

  restart(module) {
    this.#call((methods) => methods.restart(module));
  }

  unload(module) {
    this.#call((methods) => methods.unload(module));
  }

  close() {
    if (this.#methods === null) return;
    this.#call((methods) => methods.close());
    const methods = Object.values(this.#methods);
    this.#methods = null;
    for (const method of methods) method.destroy();
  }

  #openMethods() {
    if (this.#methods === null) throw new AroraError("EngineClosed", "the engine is closed");
    return this.#methods;
  }

  #call(action) {
    return unwrap(action(this.#openMethods()));
  }
}

/** Return the value of what a Python method returned, or throw its error. */
function unwrap(outcome) {
  if ("thrown" in outcome) throw outcome.thrown;
  if ("error" in outcome) throw errorFrom(outcome.error);
  return outcome.value;
}

/** Return a callable's value as JSON, or an object with what it threw, which Python returns as the same object. */
function runCallable(callable) {
  try {
    return toJson(callable());
  } catch (thrown) {
    const callError = thrown instanceof AroraError && thrown.isCallError ? thrown.message : null;
    return { thrown, callError };
  }
}

const headerText = (header) => (typeof header === "string" ? header : toJson(header));

function executableBytes(bytes) {
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  if (ArrayBuffer.isView(bytes)) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  throw new TypeError("the executable must be an ArrayBuffer or a Uint8Array");
}
