/** Compiles a guest's executable on this page's own WebAssembly. */

import { GuestFailure } from "./guest_failure.mjs";

/**
 * @param {Uint8Array} bytes @returns {Promise<WebAssembly.Module>}
 * @throws {GuestFailure} `malformed`
 */
export async function compile(bytes) {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw compilationFailure(error);
  }
}

/**
 * @param {Uint8Array} bytes @returns {WebAssembly.Module}
 * @throws {GuestFailure} `malformed`; `too-large` where the engine requires asynchronous compilation
 */
export function compileSync(bytes) {
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    throw compilationFailure(error);
  }
}

function compilationFailure(error) {
  if (error instanceof WebAssembly.CompileError) {
    return new GuestFailure("malformed", error.message.replace(/^WebAssembly\.\w+\(\): /, ""));
  }
  // Chromium compiles at most 8 MB synchronously on a page's main thread.
  if (error instanceof RangeError) return new GuestFailure("too-large", error.message);
  return error;
}

/**
 * Return the names and kinds of exports and imports. JavaScript does not offer the types of functions: read them from
 * the binary.
 * @param {WebAssembly.Module} module
 * @returns {{exports: {name: string, kind: string}[], imports: {module: string, name: string, kind: string}[]}}
 */
export function describe(module) {
  return {
    exports: WebAssembly.Module.exports(module).map(({ name, kind }) => ({ name, kind })),
    imports: WebAssembly.Module.imports(module).map(({ module: from, name, kind }) => ({ module: from, name, kind })),
  };
}
