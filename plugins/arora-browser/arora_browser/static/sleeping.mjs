/** How a guest waits for time to pass. */

const LONGEST_TIMER = 2 ** 31 - 1; // milliseconds; setTimeout runs longer ones at once

const timeout = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Wait without blocking the thread, for as long as wanted.
 * @param {number} milliseconds
 * @param {(milliseconds: number) => Promise<void>} [timer] waits for the time that one timer can run
 * @returns {Promise<void>}
 */
export async function sleep(milliseconds, timer = timeout) {
  const end = performance.now() + milliseconds;
  for (let left = milliseconds; left > 0; left = end - performance.now()) await timer(Math.min(left, LONGEST_TIMER));
}

/**
 * Block this thread, where that is allowed: in a worker, and in Node. On a page's main thread it is not: nothing there
 * could stop a guest that sleeps too long. Returning early instead would falsify the times that guests measure.
 * @param {number} milliseconds @returns {boolean} whether it slept
 */
export function sleepSync(milliseconds) {
  try {
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    return Atomics.wait(new Int32Array(buffer), 0, 0, milliseconds) === "timed-out";
  } catch {
    return false;
  }
}
