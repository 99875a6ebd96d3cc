/**
 * WASI preview 1 for guests that have clocks, random numbers and output, but no files, arguments, environment or network.
 * Functions take the guest's numbers and return an errno.
 * Reference: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
 */

import { consoleLines } from "./console_lines.mjs";
import { exitFailure } from "./guest_failure.mjs";
import { sleepSync } from "./sleeping.mjs";

const SUCCESS = 0;
const EBADF = 8;
const EFAULT = 21;
const EINVAL = 28;
const ENOSYS = 52;
const ENOTDIR = 54;
const ESPIPE = 70;

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

const REALTIME = 0;
const MONOTONIC = 1;
const CPU_CLOCKS = [2, 3];
const RESOLUTION = 1000n; // nanoseconds: the finest that browsers offer is a microsecond

const IOVEC_SIZE = 8; // bytes: pointer and size
const MAX_IOVECS = 1024;
const MAX_WRITE = 1 << 16; // bytes
const MAX_LINES = 1024; // Logging lines takes the host's time, in which no limit stops the guest.
const NEWLINE = 10;
const MAX_RANDOM = 1 << 16; // bytes that crypto.getRandomValues returns at once
const FDSTAT_SIZE = 24;
const FILESTAT_SIZE = 64;
const SUBSCRIPTION_SIZE = 48;
const MAX_SUBSCRIPTIONS = 4096;
const EVENT_SIZE = 32;
const CLOCK_EVENT = 0;
const FD_WRITE_EVENT = 2;
const ABSOLUTE_TIME = 1;

/** The implementation of every function that `wasiImports` does not have. */
export const notImplemented = () => ENOSYS;

/**
 * @param {object} guest
 * @param {() => Uint8Array} guest.view returns all of its memory as it is now
 * @param {(fd: number, data: Uint8Array) => void | Promise<void>} guest.writeOutput takes what it writes to 1 and 2
 * @param {((milliseconds: number) => Promise<void>) | null} guest.sleep waits without blocking the thread; null where
 *   imports must return at once
 * @param {boolean} guest.console whether its output is shown on the console too
 * @returns {Map<string, (...values: (number | bigint)[]) => number | Promise<number>>} the functions by name
 */
export function wasiImports({ view, writeOutput, sleep, console: showsOutput }) {
  const show = showsOutput ? consoleLines() : () => {};
  const openFds = new Set([STDIN, STDOUT, STDERR]);

  /** Write to [at, at + size) by `write` if that lies inside memory. */
  const writeAt = (at, size, write) => {
    const bytes = view();
    if (at + size > bytes.length) return EFAULT;
    write(new DataView(bytes.buffer, at, size));
    return SUCCESS;
  };
  const writeUint32 = (at, value) => writeAt(at, 4, (to) => to.setUint32(0, value, true));
  const writeUint64 = (at, value) => writeAt(at, 8, (to) => to.setBigUint64(0, value, true));
  const writeNoStrings = (countAt, sizeAt) => writeUint32(countAt >>> 0, 0) || writeUint32(sizeAt >>> 0, 0);
  const checkOpen = (fd) => (openFds.has(fd) ? SUCCESS : EBADF);

  const write = (fd, iovecsAt, count, writtenAt) => {
    if (fd !== STDOUT && fd !== STDERR) return EBADF;
    const data = gather(view(), iovecsAt >>> 0, count >>> 0, writtenAt >>> 0);
    if (data === null) return EFAULT;
    show(fd, data);
    const finish = () => writeUint32(writtenAt >>> 0, data.length);
    const returned = writeOutput(fd, data);
    return returned instanceof Promise ? returned.then(finish) : finish();
  };

  const fillRandom = ({ buffer, byteOffset, byteLength }) => {
    for (let done = 0; done < byteLength; done += MAX_RANDOM) {
      const size = Math.min(MAX_RANDOM, byteLength - done);
      crypto.getRandomValues(new Uint8Array(buffer, byteOffset + done, size));
    }
  };

  return new Map(
    Object.entries({
      args_get: () => SUCCESS,
      args_sizes_get: writeNoStrings,
      environ_get: () => SUCCESS,
      environ_sizes_get: writeNoStrings,

      clock_res_get: (clock, at) => checkClock(clock) || writeUint64(at >>> 0, RESOLUTION),
      clock_time_get: (clock, _precision, at) => checkClock(clock) || writeUint64(at >>> 0, nanoseconds(clock)),
      random_get: (at, size) => writeAt(at >>> 0, size >>> 0, fillRandom),
      sched_yield: () => SUCCESS,
      proc_exit: (code) => {
        throw exitFailure(code >>> 0);
      },

      fd_write: write,
      // Standard input is empty: always at its end.
      fd_read: (fd, _iovecsAt, _count, readAt) =>
        fd === STDIN && openFds.has(fd) ? writeUint32(readAt >>> 0, 0) : EBADF,
      fd_close: (fd) => (openFds.delete(fd) ? SUCCESS : EBADF),
      fd_seek: (fd) => checkOpen(fd) || ESPIPE,
      fd_tell: (fd) => checkOpen(fd) || ESPIPE,
      fd_fdstat_get: (fd, at) => checkOpen(fd) || writeAt(at >>> 0, FDSTAT_SIZE, (to) => writeFdstat(fd, to)),
      fd_filestat_get: (fd, at) => checkOpen(fd) || writeAt(at >>> 0, FILESTAT_SIZE, clear),
      fd_fdstat_set_flags: () => EBADF,
      fd_prestat_get: () => EBADF,
      fd_prestat_dir_name: (fd) => checkOpen(fd) || ENOTDIR,

      poll_oneoff: (subscriptionsAt, eventsAt, count, countAt) =>
        poll({ view, writeAt, writeUint32, openFds, sleep }, subscriptionsAt >>> 0, eventsAt >>> 0, count >>> 0, countAt >>> 0),
    }),
  );
}

/** Return the bytes of the iovecs, up to what one write takes; null if any part lies outside memory. */
function gather(bytes, iovecsAt, count, writtenAt) {
  if (Math.max(iovecsAt + count * IOVEC_SIZE, writtenAt + 4) > bytes.length) return null;
  const view = new DataView(bytes.buffer);
  const parts = [];
  let total = 0;
  for (let i = 0; i < Math.min(count, MAX_IOVECS) && total < MAX_WRITE; i++) {
    const at = view.getUint32(iovecsAt + i * IOVEC_SIZE, true);
    const size = view.getUint32(iovecsAt + i * IOVEC_SIZE + 4, true);
    if (at + size > bytes.length) return null;
    const part = bytes.subarray(at, at + Math.min(size, MAX_WRITE - total));
    parts.push(part);
    total += part.length;
  }
  const data = new Uint8Array(total);
  let done = 0;
  for (const part of parts) {
    data.set(part, done);
    done += part.length;
  }
  let end = 0;
  for (let lines = 0; lines < MAX_LINES; lines++) {
    end = data.indexOf(NEWLINE, end) + 1;
    if (end === 0) return data;
  }
  return data.subarray(0, end);
}

function clear(to) {
  for (let at = 0; at < to.byteLength; at += 8) to.setBigUint64(at, 0n, true);
}

/** Write the fdstat of a stream of unknown type, with the right to read or to write. */
function writeFdstat(fd, to) {
  const FD_READ = 1n << 1n;
  const FD_WRITE = 1n << 6n;
  const rights = fd === STDIN ? FD_READ : FD_WRITE;
  clear(to);
  to.setBigUint64(8, rights, true);
  to.setBigUint64(16, rights, true);
}

const isClock = (clock) => clock === REALTIME || clock === MONOTONIC;

const checkClock = (clock) => (isClock(clock) ? SUCCESS : CPU_CLOCKS.includes(clock) ? EBADF : EINVAL);

/** Return the time of a clock for which `isClock` is true. */
function nanoseconds(clock) {
  const monotonic = performance.now();
  const milliseconds = clock === MONOTONIC ? monotonic : performance.timeOrigin + monotonic;
  // In two steps: a double cannot hold the nanoseconds since 1970 exactly.
  const whole = Math.floor(milliseconds);
  return BigInt(whole) * 1_000_000n + BigInt(Math.floor((milliseconds - whole) * 1e6));
}

/** poll_oneoff. Streams are ready at once; with clocks alone, the guest sleeps until the first has expired. */
function poll({ view, writeAt, writeUint32, openFds, sleep }, subscriptionsAt, eventsAt, count, countAt) {
  const bytes = view();
  if (count === 0 || count > MAX_SUBSCRIPTIONS) return EINVAL;
  const end = Math.max(subscriptionsAt + count * SUBSCRIPTION_SIZE, eventsAt + count * EVENT_SIZE, countAt + 4);
  if (end > bytes.length) return EFAULT;
  const subscriptions = Array.from({ length: count }, (_, i) =>
    readSubscription(new DataView(bytes.buffer, subscriptionsAt + i * SUBSCRIPTION_SIZE, SUBSCRIPTION_SIZE), openFds),
  );
  const streams = subscriptions.filter(({ type }) => type !== CLOCK_EVENT);
  const candidates = streams.length > 0 ? streams : subscriptions;
  const shortest = candidates.reduce((least, { wait }) => Math.min(least, wait), Infinity);
  const finish = () => {
    const ready = candidates.filter(({ wait }) => wait <= shortest);
    ready.forEach((event, i) => writeAt(eventsAt + i * EVENT_SIZE, EVENT_SIZE, (to) => writeEvent(event, to)));
    return writeUint32(countAt, ready.length);
  };
  if (shortest <= 0) return finish();
  if (sleep !== null) return sleep(shortest).then(finish);
  return sleepSync(shortest) ? finish() : ENOSYS;
}

/** Return the event that a guest waits for, and for how many milliseconds: 0 where it is ready, or an error. */
function readSubscription(from, openFds) {
  const userdata = from.getBigUint64(0, true);
  const type = from.getUint8(8);
  if (type !== CLOCK_EVENT) {
    const fd = from.getUint32(16, true);
    const fits = openFds.has(fd) && fd > STDIN === (type === FD_WRITE_EVENT);
    return { userdata, type, wait: 0, error: fits ? SUCCESS : EBADF };
  }
  const clock = from.getUint32(16, true);
  if (!isClock(clock)) return { userdata, type, wait: 0, error: EINVAL };
  const timeout = from.getBigUint64(24, true);
  const isAbsolute = (from.getUint16(40, true) & ABSOLUTE_TIME) !== 0;
  const left = isAbsolute ? timeout - nanoseconds(clock) : timeout;
  return { userdata, type, wait: Math.max(0, Number(left) / 1e6), error: SUCCESS };
}

function writeEvent({ userdata, error, type }, to) {
  clear(to);
  to.setBigUint64(0, userdata, true);
  to.setUint16(8, error, true);
  to.setUint8(10, type);
}
