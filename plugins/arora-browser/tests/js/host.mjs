// Arora in Node, for tests: reads requests as lines of JSON from stdin, answers each with a line on stdout.
import { createInterface } from "node:readline";

const [, , api, indexURL, archive, files] = process.argv;
const answers = process.stdout.write.bind(process.stdout);
// What is written on the console is no answer.
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

async function answer({ javascript, python }) {
  if (python !== undefined) return pyodide.runPythonAsync(python, { globals: fresh() });
  return new AsyncFunction(...Object.keys(scope), javascript)(...Object.values(scope));
}

/** The names every test starts with, and none of an earlier test's. */
function fresh() {
  const copied = pyodide.globals.copy();
  return copied;
}

const plain = (_, value) => {
  if (typeof value === "bigint") return `${value}n`;
  return ArrayBuffer.isView(value) ? { [value.constructor.name]: Array.from(value, String) } : value;
};

for await (const line of createInterface({ input: process.stdin })) {
  let reply;
  try {
    const value = await answer(JSON.parse(line));
    reply = { value: value?.toJs?.({ dict_converter: Object.fromEntries, create_pyproxies: false }) ?? value ?? null };
    value?.destroy?.();
  } catch (error) {
    reply = { error: String(error.stack ?? error) };
  }
  answers(`${JSON.stringify(reply, plain)}\n`);
}
