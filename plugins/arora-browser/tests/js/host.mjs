// Arora in Node, for tests: reads requests as lines of JSON from stdin. To each it writes a response to stdout: the mark of
// the request, JSON, and the end of the line.
import { createInterface } from "node:readline";

const [, , api, indexURL, archive, files] = process.argv;
const respond = process.stdout.write.bind(process.stdout);
// What tests write belongs to stderr. Python, and Pyodide when it crashes, write to stdout all the same.
console.log = console.info = console.debug = console.error;

const { AroraError, loadArora } = await import(api);
const logged = [];
const { Engine, pyodide } = await loadArora({
  indexURL,
  wheels: [archive],
  onLog: (level, logger, message) => logged.push([level, logger, message]),
});
pyodide.mountNodeFS("/files", files);
pyodide.runPython(`
import asyncio, gc, logging
from uuid import UUID
import arora_core
from arora_core import *
`);

const AsyncFunction = (async () => {}).constructor;
const scope = { AroraError, Engine, pyodide, files, logged };

async function evaluate({ javascript, python }) {
  // A copy of the globals: no test sees the names of an earlier one.
  if (python !== undefined) return pyodide.runPythonAsync(python, { globals: pyodide.globals.copy() });
  return new AsyncFunction(...Object.keys(scope), javascript)(...Object.values(scope));
}

const plain = (_, value) => {
  if (typeof value === "bigint") return `${value}n`;
  return ArrayBuffer.isView(value) ? { [value.constructor.name]: Array.from(value, String) } : value;
};

function pythonEnded() {
  try {
    return pyodide.runPython("1") !== 1;
  } catch {
    return true;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { mark, ...request } = JSON.parse(line);
  let reply;
  try {
    const value = await evaluate(request);
    reply = { value: value?.toJs?.({ dict_converter: Object.fromEntries, create_pyproxies: false }) ?? value ?? null };
    value?.destroy?.();
  } catch (error) {
    reply = { error: String(error.stack ?? error), pythonEnded: pythonEnded() };
  }
  respond(`${mark}${JSON.stringify(reply, plain)}\n`);
}
