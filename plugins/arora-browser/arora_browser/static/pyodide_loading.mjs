/** Loads Pyodide and installs Arora into it, from the given files and from nowhere else. */

const isNode = typeof process === "object" && Boolean(process.versions?.node) && typeof window === "undefined";

/** @param {string | URL} indexURL the directory of the npm package `pyodide`: a URL, or in Node a path */
export async function loadPyodideFrom(indexURL) {
  if (!indexURL) throw new TypeError("loadArora needs indexURL, the directory of the npm package pyodide");
  const directory = await directoryURL(indexURL);
  const { loadPyodide } = await import(new URL("pyodide.mjs", directory).href);
  return loadPyodide({ indexURL: isNode ? await pathOf(directory) : directory.href });
}

/** @param {(string | URL | ArrayBuffer | Uint8Array)[]} wheels wheels, or archives that hold several of them */
export const readWheels = (wheels) => Promise.all(wheels.map(bytesOf));

/** @param {object} pyodide @param {Uint8Array[]} archives from `readWheels` */
export function install(pyodide, archives) {
  const extractDir = pyodide.runPython("import site; site.getsitepackages()[0]");
  for (const archive of archives) pyodide.unpackArchive(archive, "wheel", { extractDir });
  // The import system caches the contents of directories.
  pyodide.runPython("import importlib; importlib.invalidate_caches()");
}

async function directoryURL(indexURL) {
  const text = String(indexURL).replace(/\/?$/, "/");
  if (!isNode) return new URL(text, document.baseURI);
  if (/^[a-z]+:\/\//.test(text)) return new URL(text);
  const { pathToFileURL } = await import("node:url");
  return pathToFileURL(text);
}

async function pathOf(url) {
  const { fileURLToPath } = await import("node:url");
  return url.protocol === "file:" ? fileURLToPath(url) : url.href;
}

/** Return a Uint8Array itself: Pyodide does not accept a subclass, such as Node's Buffer. */
async function bytesOf(wheel) {
  if (wheel instanceof ArrayBuffer) return new Uint8Array(wheel);
  if (ArrayBuffer.isView(wheel)) return new Uint8Array(wheel.buffer, wheel.byteOffset, wheel.byteLength);
  const remote = /^https?:\/\//.test(String(wheel));
  if (isNode && !remote) {
    const { readFile } = await import("node:fs/promises");
    return bytesOf(await readFile(wheel));
  }
  const response = await fetch(wheel);
  if (!response.ok) throw new Error(`${wheel}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
