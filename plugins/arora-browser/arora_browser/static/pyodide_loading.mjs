/** Pyodide with Arora in it, from files that are given and from nowhere else. */

const isNode = typeof process === "object" && Boolean(process.versions?.node) && typeof window === "undefined";

/**
 * @param {string | URL} indexURL the directory of the npm package `pyodide`: a URL, or in Node a path
 * @param {(string | URL | ArrayBuffer | Uint8Array)[]} wheels wheels, or archives of what several of them hold
 */
export async function loadPyodideWith(indexURL, wheels) {
  if (!indexURL) throw new TypeError("loadArora needs indexURL, the directory of the npm package pyodide");
  const directory = await directoryOf(indexURL);
  const [{ loadPyodide }, archives] = await Promise.all([
    import(new URL("pyodide.mjs", directory).href),
    Promise.all(wheels.map(bytesOf)),
  ]);
  const pyodide = await loadPyodide({ indexURL: isNode ? await pathOf(directory) : directory.href });
  install(pyodide, archives);
  return pyodide;
}

/** Installs wheels into a Pyodide that is there already. */
export async function installInto(pyodide, wheels) {
  install(pyodide, await Promise.all(wheels.map(bytesOf)));
}

function install(pyodide, archives) {
  const extractDir = pyodide.runPython("import site; site.getsitepackages()[0]");
  for (const archive of archives) pyodide.unpackArchive(archive, "wheel", { extractDir });
}

async function directoryOf(indexURL) {
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

/** A plain Uint8Array: Pyodide takes no subclass of it, such as Node's Buffer. */
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
