/**
 * The page's side of one guest that Python drives from another process: its calls, and its requests to Python. Bytes are
 * sent as base64, and a Python exception as the number of the request that raised it.
 */

import { compile } from "./compilation.mjs";
import { canSuspend, Guest } from "./guest.mjs";
import { GuestFailure } from "./guest_failure.mjs";
import { sleep } from "./sleeping.mjs";

export { canSuspend };

/** Unwinds the guest: Python holds the exception of this request, or interrupts the call. */
class Unwind {
  constructor(request) {
    this.request = request;
  }
}

/** The promises that guests are suspended on. @type {Map<number, {call: number, resolve: Function, reject: Function}>} */
const suspensions = new Map();
/** @type {number[]} the calls in progress, innermost last */
const calls = [];
let lastRequest = 0;
let module = null;
let guest = null;

/** Return a promise that `resolve`, `reject` or `interrupt` settles, after `begin` has begun what it waits for. */
function suspend(begin) {
  const request = ++lastRequest;
  const call = calls.at(-1);
  return new Promise((resolve, reject) => {
    suspensions.set(request, { call, resolve, reject });
    begin(request, call);
  });
}

/** Remove and return a suspension; undefined when it has been settled before. */
function takeSuspension(request) {
  const found = suspensions.get(request);
  suspensions.delete(request);
  return found;
}

const requestFromPython = (...what) =>
  suspend((request, call) => globalThis.aroraRequest(JSON.stringify([call, request, ...what])));

const host = {
  dispatch: (moduleId, functionId, argument) =>
    requestFromPython("dispatch", toBase64(moduleId), toBase64(functionId), toBase64(argument)),
  dispatchIndirect: (callableId) => requestFromPython("indirect", String(callableId)),
  writeOutput: (fd, data) => requestFromPython("output", fd, toBase64(data)),
};

const interruptibleTimer = (milliseconds) =>
  suspend((request) => setTimeout(() => takeSuspension(request)?.resolve(), milliseconds));

/** @param {number} call @param {string} executable @returns {Promise<string>} */
export const compileModule = (call, executable) =>
  run(call, async () => {
    module = await compile(fromBase64(executable));
    return new Uint8Array();
  });

/** Instantiate the compiled module. @param {number} call @param {string} given options, JSON @returns {Promise<string>} */
export const start = (call, given) =>
  run(call, async () => {
    const options = {
      ...JSON.parse(given),
      suspending: true,
      console: false,
      sleep: (milliseconds) => sleep(milliseconds, interruptibleTimer),
    };
    guest = await Guest.instantiate(module, host, options);
    module = null;
    return new Uint8Array();
  });

/** @param {number} call @param {string} symbol @param {string} argument @returns {Promise<string>} */
export const callExport = (call, symbol, argument) => run(call, () => guest.call(symbol, fromBase64(argument)));

/** Resume a guest with Python's response to its request. @param {number} request @param {string} response */
export function resolve(request, response) {
  takeSuspension(request)?.resolve(fromBase64(response));
}

/** Unwind a guest whose request raised an exception in Python. @param {number} request */
export function reject(request) {
  takeSuspension(request)?.reject(new Unwind(request));
}

/** End a call whose guest is suspended, or whose execution was terminated. @param {number} call */
export function interrupt(call) {
  for (const [request, suspension] of [...suspensions]) {
    if (suspension.call === call) reject(request);
  }
  endCall(call);
}

function endCall(call) {
  const at = calls.lastIndexOf(call);
  if (at >= 0) calls.splice(at, 1);
}

async function run(call, action) {
  calls.push(call);
  const outcome = await outcomeOf(action);
  endCall(call);
  return outcome;
}

/** Return `=` and the resulting bytes, or `!` and the failure. */
async function outcomeOf(action) {
  try {
    return `=${toBase64(await action())}`;
  } catch (thrown) {
    return `!${JSON.stringify(describeFailure(thrown))}`;
  }
}

function describeFailure(thrown) {
  if (thrown instanceof Unwind) return { request: thrown.request };
  if (thrown instanceof GuestFailure) {
    const { code, kind, message, exitCode, symbol } = thrown;
    return { code, kind, message, exitCode, symbol };
  }
  return { message: String(thrown?.stack ?? thrown) };
}

const CHUNK = 1 << 15; // arguments that a function takes at once on every engine

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
