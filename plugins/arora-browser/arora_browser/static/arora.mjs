/**
 * Arora for JavaScript: typed, sandboxed modules on this page's own WebAssembly.
 *
 *     const { Engine } = await loadArora({ indexURL: "/pyodide/", wheels: ["/arora.zip"] });
 *     const engine = new Engine();
 *     engine.loadModule(headerText, wasmBytes);
 *     const pose = engine.call("ur5", "forward", { joints: [0, -1.57, 1.57, 0, 1.57, 0] });
 *
 * Python runs inside, under Pyodide; none of its objects are handed out, and nothing has to be freed but the engine.
 * `arora.d.mts` has the types of everything here.
 */

import { AroraError, errorOf } from "./arora_error.mjs";
import { MARK, toJson } from "./plain_data.mjs";
import { installInto, loadPyodideWith } from "./pyodide_loading.mjs";

export { AroraError };

/**
 * @param {object} options
 * @param {string | URL} [options.indexURL] the directory of the npm package `pyodide`: a URL, or in Node a path
 * @param {(string | URL | ArrayBuffer | Uint8Array)[]} [options.wheels] arora_core, arora_browser, pluggy, and PyYAML
 *   for headers that are YAML: URLs, in Node paths, or their bytes
 * @param {object} [options.pyodide] a Pyodide that runs already, in place of indexURL
 * @param {(level: string, logger: string, message: string) => void} [options.onLog] takes Arora's log
 */
export async function loadArora({ indexURL, wheels = [], pyodide, onLog = logToConsole } = {}) {
  const python = pyodide ?? (await loadPyodideWith(indexURL, wheels));
  if (pyodide) await installInto(pyodide, wheels);
  // What comes next only looks at what was unpacked above.
  python.runPython("import importlib; importlib.invalidate_caches()");
  const inside = python.pyimport("arora_browser.javascript");
  inside.log_to((level, logger, message) => onLog(level, logger, message));

  class Engine extends PythonEngine {
    constructor(options = {}) {
      super(inside, options);
    }
  }
  return { Engine, AroraError, pyodide: python };
}

// What guests write is on the console already.
function logToConsole(level, logger, message) {
  if (logger.startsWith("arora.module.")) return;
  const write = { debug: console.debug, info: console.info, warning: console.warn }[level] ?? console.error;
  write(`${logger}: ${message}`);
}

class PythonEngine {
  // Python's methods, taken once: every look at an attribute of a Python object would make a proxy of its own.
  #python;

  constructor(inside, { prefer = [] }) {
    this.#python = opened(inside.new_engine(toJson([prefer].flat()), MARK));
  }

  loadModule(header, bytes, options = {}) {
    return this.#ask((python) => python.load(headerText(header), executable(bytes), toJson(options)));
  }

  async prepareModule(header, bytes, options = {}) {
    const preparing = this.#open().prepare(headerText(header), executable(bytes), toJson(options));
    try {
      opened(await preparing);
    } finally {
      preparing.destroy?.();
    }
  }

  loadPreparedModule(header, options = {}) {
    return this.#ask((python) => python.load_prepared(headerText(header), toJson(options)));
  }

  call(module, name, args = {}) {
    if (name === undefined) {
      const call = typeof module === "string" ? module : toJson(module);
      return this.#ask((python) => python.call_text(call));
    }
    const buffers = [];
    const written = toJson(args, buffers);
    return this.#ask((python) => python.call(module, name, written, buffers));
  }

  listModules() {
    return this.#ask((python) => python.modules());
  }

  registerCallable(callable) {
    if (typeof callable !== "function") throw new TypeError("expected a function");
    return this.#ask((python) => python.register(() => answerOf(callable)));
  }

  unregisterCallable(id) {
    this.#ask((python) => python.unregister(id));
  }

  unload(module) {
    this.#ask((python) => python.unload(module));
  }

  close() {
    if (this.#python === null) return;
    this.#ask((python) => python.close());
    const methods = Object.values(this.#python);
    this.#python = null;
    for (const method of methods) method.destroy();
  }

  #open() {
    if (this.#python === null) throw new AroraError("EngineClosed", "the engine is closed");
    return this.#python;
  }

  #ask(question) {
    return opened(question(this.#open()));
  }
}

/** What is in an answer of Python's; throws what is to be thrown. */
function opened(answer) {
  if ("thrown" in answer) throw answer.thrown;
  if ("error" in answer) throw errorOf(answer.error);
  return answer.value;
}

/** What a callable answers, as text; what it throws in a box, so that it can come out again as the same thing. */
function answerOf(callable) {
  try {
    return toJson(callable());
  } catch (thrown) {
    const callError = thrown instanceof AroraError && thrown.isCallError ? thrown.message : null;
    return { thrown, callError };
  }
}

const headerText = (header) => (typeof header === "string" ? header : toJson(header));

function executable(bytes) {
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  if (ArrayBuffer.isView(bytes)) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  throw new TypeError("the executable must be an ArrayBuffer or a Uint8Array");
}
