/**
 * The page's side of a guest that Python drives from another process: one guest, its calls, and what it asks of
 * Python meanwhile. Bytes cross as base64, exceptions of Python's as the number of the request that raised them.
 */

import { canSuspend, compile, Guest, GuestFailure } from "./guest.mjs";

/** Stands for an exception that Python keeps, or for Python's wish that the guest end here. */
class Unwound {
  constructor(request) {
    this.request = request;
  }
}

/** @type {Map<number, {call: number, resolve: (answer: Uint8Array) => void, reject: (error: Unwound) => void}>} */
const waiting = new Map();
/** @type {number[]} the calls that run, innermost last */
const running = [];
let requests = 0;
let module = null;
let guest = null;

/** What the guest is suspended for, until `answer`, `refuse` or `interrupt` ends it. */
function suspended(begin) {
  const request = ++requests;
  const call = running.at(-1);
  return new Promise((resolve, reject) => {
    waiting.set(request, { call, resolve, reject });
    begin(request, call);
  });
}

const ask = (...what) =>
  suspended((request, call) => globalThis.aroraAsk(JSON.stringify([call, request, ...what])));

const host = {
  dispatch: (moduleId, functionId, argument) =>
    ask("dispatch", toBase64(moduleId), toBase64(functionId), toBase64(argument)),
  dispatchIndirect: (callableId) => ask("indirect", String(callableId)),
  writeOutput: (fd, data) => ask("output", fd, toBase64(data)),
};

const LONGEST_TIMER = 2 ** 31 - 1; // milliseconds; a longer one fires at once

async function sleep(milliseconds) {
  const end = performance.now() + milliseconds;
  for (let left = milliseconds; left > 0; left = end - performance.now()) {
    await suspended((request) => setTimeout(() => settled(request)?.resolve(), Math.min(left, LONGEST_TIMER)));
  }
}

function settled(request) {
  const found = waiting.get(request);
  waiting.delete(request);
  return found;
}

/** @returns {boolean} whether guests can run here */
export const suspends = () => canSuspend();

/** @param {number} call @param {string} executable @returns {Promise<string>} */
export const compileModule = (call, executable) =>
  entered(call, async () => {
    module = await compile(fromBase64(executable));
    return new Uint8Array();
  });

/** @param {number} call @returns {Promise<string>} */
export const start = (call) =>
  entered(call, async () => {
    guest = await Guest.instantiate(module, host, { suspending: true, console: false, sleep });
    module = null;
    return new Uint8Array();
  });

/** @param {number} call @param {string} symbol @param {string} argument @returns {Promise<string>} */
export const enter = (call, symbol, argument) => entered(call, () => guest.call(symbol, fromBase64(argument)));

/** Gives the guest what Python answers to a request. @param {number} request @param {string} answered */
export function answer(request, answered) {
  settled(request)?.resolve(fromBase64(answered));
}

/** Unwinds the guest: Python keeps an exception for it. @param {number} request */
export function refuse(request) {
  settled(request)?.reject(new Unwound(request));
}

/** Ends a call that waits, or whose execution was terminated. @param {number} call */
export function interrupt(call) {
  for (const [request, { call: of }] of [...waiting]) {
    if (of === call) refuse(request);
  }
  left(call);
}

function left(call) {
  const at = running.lastIndexOf(call);
  if (at >= 0) running.splice(at, 1);
}

async function entered(call, action) {
  running.push(call);
  const outcome = await told(action);
  left(call);
  return outcome;
}

/** What came of it: `=` and the bytes, or `!` and what went wrong. */
async function told(action) {
  try {
    return `=${toBase64(await action())}`;
  } catch (thrown) {
    return `!${JSON.stringify(explained(thrown))}`;
  }
}

function explained(thrown) {
  if (thrown instanceof Unwound) return { request: thrown.request };
  if (thrown instanceof GuestFailure) {
    const { code, kind, message, exitCode, symbol } = thrown;
    return { code, kind, message, exitCode, symbol };
  }
  return { message: String(thrown?.stack ?? thrown) };
}

const CHUNK = 1 << 15; // arguments a function takes at once, on every engine

function toBase64(bytes) {
  if (typeof bytes.toBase64 === "function") return bytes.toBase64();
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}

function fromBase64(text) {
  if (typeof Uint8Array.fromBase64 === "function") return Uint8Array.fromBase64(text);
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
