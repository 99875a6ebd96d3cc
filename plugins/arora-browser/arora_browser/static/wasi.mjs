/**
 * WASI preview 1 for a guest that has clocks, random numbers and an output, and no files, arguments, environment or
 * network. Functions take the guest's numbers and answer with an errno.
 * Reference: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
 */

import { exited } from "./failures.mjs";

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

const VECTOR = 8; // bytes of an iovec: pointer and size
const MOST_VECTORS = 1024;
const MOST_WRITTEN = 1 << 16;
const MOST_RANDOM = 1 << 16; // bytes crypto.getRandomValues gives at once
const SUBSCRIPTION = 48;
const MOST_SUBSCRIPTIONS = 4096;
const EVENT = 32;
const FILESTAT = 64;
const LONGEST_LINE = 8192;

const NOT_OFFERED = [
  ..."fd_advise fd_allocate fd_datasync fd_fdstat_set_rights fd_filestat_set_size".split(" "),
  ..."fd_filestat_set_times fd_pread fd_pwrite fd_readdir fd_renumber fd_sync".split(" "),
  ..."path_create_directory path_filestat_get path_filestat_set_times path_link path_open path_readlink".split(" "),
  ..."path_remove_directory path_rename path_symlink path_unlink_file proc_raise".split(" "),
  ..."sock_accept sock_recv sock_send sock_shutdown".split(" "),
];

/**
 * @param {object} guest
 * @param {() => Uint8Array} guest.view all of its memory as it is now
 * @param {(fd: number, data: Uint8Array) => void | Promise<void>} guest.writeOutput takes what it writes to 1 and 2
 * @param {((milliseconds: number) => Promise<void>) | null} guest.sleep how it waits while others run; null where its
 *   imports must answer at once
 * @param {boolean} guest.console whether its output is shown on the console too
 * @returns {Record<string, (...values: (number | bigint)[]) => number | Promise<number>>} every function of preview 1
 */
export function wasiImports({ view, writeOutput, sleep, console: shown }) {
  const shows = shown ? consoleLines() : () => {};

  /** Writes by `write` if [at, at + size) lies inside memory. */
  const within = (at, size, write) => {
    const bytes = view();
    if (at + size > bytes.length) return EFAULT;
    write(new DataView(bytes.buffer, at, size));
    return SUCCESS;
  };
  const nothing = (countAt, sizeAt) =>
    within(countAt >>> 0, 4, (to) => to.setUint32(0, 0, true)) ||
    within(sizeAt >>> 0, 4, (to) => to.setUint32(0, 0, true));
  const open = new Set([STDIN, STDOUT, STDERR]);
  const ifOpen = (fd) => (open.has(fd) ? SUCCESS : EBADF);

  const writeTo = (fd, vectorsAt, count, writtenAt) => {
    if (fd !== STDOUT && fd !== STDERR) return EBADF;
    const text = gathered(view(), vectorsAt >>> 0, count >>> 0, writtenAt >>> 0);
    if (text === null) return EFAULT;
    shows(fd, text);
    const done = () => within(writtenAt >>> 0, 4, (to) => to.setUint32(0, text.length, true));
    const answered = writeOutput(fd, text);
    return answered instanceof Promise ? answered.then(done) : done();
  };

  const offered = {
    args_get: () => SUCCESS,
    args_sizes_get: nothing,
    environ_get: () => SUCCESS,
    environ_sizes_get: nothing,

    clock_res_get: (clock, at) =>
      ifClock(clock) || within(at >>> 0, 8, (to) => to.setBigUint64(0, RESOLUTION, true)),
    clock_time_get: (clock, _precision, at) =>
      ifClock(clock) || within(at >>> 0, 8, (to) => to.setBigUint64(0, nanoseconds(clock), true)),
    random_get: (at, size) =>
      within(at >>> 0, size >>> 0, ({ buffer, byteOffset, byteLength }) => {
        for (let done = 0; done < byteLength; done += MOST_RANDOM) {
          const part = Math.min(MOST_RANDOM, byteLength - done);
          crypto.getRandomValues(new Uint8Array(buffer, byteOffset + done, part));
        }
      }),
    sched_yield: () => SUCCESS,
    proc_exit: (code) => {
      throw exited(code >>> 0);
    },

    fd_write: writeTo,
    // An empty standard input: always at its end.
    fd_read: (fd, _vectorsAt, _count, readAt) =>
      fd === STDIN && open.has(fd) ? within(readAt >>> 0, 4, (to) => to.setUint32(0, 0, true)) : EBADF,
    fd_close: (fd) => (open.delete(fd) ? SUCCESS : EBADF),
    fd_seek: (fd) => ifOpen(fd) || ESPIPE,
    fd_tell: (fd) => ifOpen(fd) || ESPIPE,
    fd_fdstat_get: (fd, at) => ifOpen(fd) || within(at >>> 0, 24, (to) => describe(fd, to)),
    fd_filestat_get: (fd, at) => ifOpen(fd) || within(at >>> 0, FILESTAT, clear),
    fd_fdstat_set_flags: () => EBADF,
    fd_prestat_get: () => EBADF,
    fd_prestat_dir_name: (fd) => ifOpen(fd) || ENOTDIR,

    poll_oneoff: (subscriptionsAt, eventsAt, count, countAt) =>
      poll(view, within, open, sleep, subscriptionsAt >>> 0, eventsAt >>> 0, count >>> 0, countAt >>> 0),
  };
  for (const name of NOT_OFFERED) offered[name] = () => ENOSYS;
  return offered;
}

/** What the vectors hold, no more than a write has to take; null if any part lies outside memory. */
function gathered(bytes, vectorsAt, count, writtenAt) {
  if (Math.max(vectorsAt + count * VECTOR, writtenAt + 4) > bytes.length) return null;
  const view = new DataView(bytes.buffer);
  const text = [];
  let total = 0;
  for (let i = 0; i < Math.min(count, MOST_VECTORS) && total < MOST_WRITTEN; i++) {
    const at = view.getUint32(vectorsAt + i * VECTOR, true);
    const size = view.getUint32(vectorsAt + i * VECTOR + 4, true);
    if (at + size > bytes.length) return null;
    const part = bytes.subarray(at, at + Math.min(size, MOST_WRITTEN - total));
    text.push(part);
    total += part.length;
  }
  const all = new Uint8Array(total);
  let done = 0;
  for (const part of text) {
    all.set(part, done);
    done += part.length;
  }
  return all;
}

function clear(to) {
  for (let at = 0; at < to.byteLength; at += 8) to.setBigUint64(at, 0n, true);
}

/** A stream of unknown type that can be read, or written. */
function describe(fd, to) {
  const FD_READ = 1n << 1n;
  const FD_WRITE = 1n << 6n;
  const rights = fd === STDIN ? FD_READ : FD_WRITE;
  clear(to);
  to.setBigUint64(8, rights, true);
  to.setBigUint64(16, rights, true);
}

const RESOLUTION = 1000n; // browsers give microseconds at best

const ifClock = (clock) =>
  clock === REALTIME || clock === MONOTONIC ? SUCCESS : CPU_CLOCKS.includes(clock) ? EBADF : EINVAL;

/** The time of a clock there is. */
function nanoseconds(clock) {
  const monotonic = performance.now();
  return toNanoseconds(clock === MONOTONIC ? monotonic : performance.timeOrigin + monotonic);
}

// In two steps: milliseconds since 1970 times a million are more than a double holds exactly.
const toNanoseconds = (milliseconds) => {
  const whole = Math.floor(milliseconds);
  return BigInt(whole) * 1_000_000n + BigInt(Math.floor((milliseconds - whole) * 1e6));
};

/**
 * poll_oneoff: streams are ready at once; where only clocks are asked about, the guest sleeps until one has run.
 */
function poll(view, within, open, sleep, subscriptionsAt, eventsAt, count, countAt) {
  const bytes = view();
  if (count === 0 || count > MOST_SUBSCRIPTIONS) return EINVAL;
  if (Math.max(subscriptionsAt + count * SUBSCRIPTION, eventsAt + count * EVENT, countAt + 4) > bytes.length) {
    return EFAULT;
  }
  const asked = Array.from({ length: count }, (_, i) =>
    subscription(new DataView(bytes.buffer, subscriptionsAt + i * SUBSCRIPTION, SUBSCRIPTION), open),
  );
  const streams = asked.filter(({ type }) => type !== CLOCK_EVENT);
  const left = streams.length > 0 ? streams : asked;
  const shortest = left.reduce((least, { wait }) => Math.min(least, wait), Infinity);
  const answer = () => {
    const ready = left.filter(({ wait }) => wait <= shortest);
    ready.forEach(({ userdata, error, type }, i) =>
      within(eventsAt + i * EVENT, EVENT, (to) => {
        clear(to);
        to.setBigUint64(0, userdata, true);
        to.setUint16(8, error, true);
        to.setUint8(10, type);
      }),
    );
    return within(countAt, 4, (to) => to.setUint32(0, ready.length, true));
  };
  if (shortest <= 0) return answer();
  if (sleep !== null) return sleep(shortest).then(answer);
  return sleepHere(shortest) ? answer() : ENOSYS;
}

const CLOCK_EVENT = 0;
const FD_WRITE_EVENT = 2;
const ABSOLUTE = 1;

/** What a guest waits for, and for how many milliseconds: none where it is ready, or can never be. */
function subscription(from, open) {
  const userdata = from.getBigUint64(0, true);
  const type = from.getUint8(8);
  if (type !== CLOCK_EVENT) {
    const fd = from.getUint32(16, true);
    const fits = open.has(fd) && fd > STDIN === (type === FD_WRITE_EVENT);
    return { userdata, type, wait: 0, error: fits ? SUCCESS : EBADF };
  }
  const clock = from.getUint32(16, true);
  if (clock !== REALTIME && clock !== MONOTONIC) return { userdata, type, wait: 0, error: EINVAL };
  const timeout = from.getBigUint64(24, true);
  const absolute = (from.getUint16(40, true) & ABSOLUTE) !== 0;
  const left = absolute ? timeout - nanoseconds(clock) : timeout;
  return { userdata, type, wait: Math.max(0, Number(left) / 1e6), error: SUCCESS };
}

const LONGEST_TIMER = 2 ** 31 - 1; // milliseconds; a longer one fires at once

/** @param {number} milliseconds @returns {Promise<void>} comes true after that time, however long */
export async function sleepAside(milliseconds) {
  const end = performance.now() + milliseconds;
  for (let left = milliseconds; left > 0; left = end - performance.now()) {
    await new Promise((wake) => setTimeout(wake, Math.min(left, LONGEST_TIMER)));
  }
}

/**
 * Sleeps on this thread, where it may sleep: in a worker, and in Node. A page's main thread must not: nothing there
 * can stop a guest that sleeps too long, and to answer early would be a lie that guests measure time by.
 */
function sleepHere(milliseconds) {
  try {
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    return Atomics.wait(new Int32Array(buffer), 0, 0, milliseconds) === "timed-out";
  } catch {
    return false;
  }
}

/** Shows output on the console, a line at a time. */
function consoleLines() {
  const pending = { [STDOUT]: "", [STDERR]: "" };
  const decoders = { [STDOUT]: new TextDecoder(), [STDERR]: new TextDecoder() };
  return (fd, data) => {
    const lines = (pending[fd] + decoders[fd].decode(data, { stream: true })).split("\n");
    pending[fd] = lines.pop();
    // A guest that never ends its line must not fill memory.
    if (pending[fd].length > LONGEST_LINE) {
      lines.push(pending[fd]);
      pending[fd] = "";
    }
    for (const line of lines) (fd === STDERR ? console.error : console.log)(line);
  };
}
