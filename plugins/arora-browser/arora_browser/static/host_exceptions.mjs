/**
 * Passes exceptions of a guest's imports through the guest, out of reach of its own exception handlers.
 *
 * WebAssembly's `catch_all` catches every JavaScript exception except a trap. So an import throws a trap in place of its
 * exception, and the caller of the export gets the exception in place of that trap.
 */

import { isStackOverflow, trapFrom } from "./guest_failure.mjs";

// The smallest module that traps: (module (func (export "") unreachable))
const TRAPPING = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 7, 4, 1, 0, 0, 0, 10, 5, 1, 3, 0, 0, 0x0b,
]);
let trapNow;

function newTrap() {
  trapNow ??= new WebAssembly.Instance(new WebAssembly.Module(TRAPPING)).exports[""];
  try {
    trapNow();
  } catch (error) {
    return error;
  }
}

/** The exceptions of imports, by the trap that was thrown in their place. */
const exceptions = new WeakMap();

function replacementFor(thrown) {
  // The guest may have used up the stack: then this is the guest's trap, not an exception of its host.
  const exception = isStackOverflow(thrown) ? trapFrom(thrown) : thrown;
  const trap = newTrap();
  exceptions.set(trap, exception);
  return trap;
}

/** Return an import whose exceptions the guest cannot catch. `implementation` may return a promise. */
export const uncatchable = (implementation) =>
  function (...values) {
    try {
      const returned = implementation(...values);
      return returned instanceof Promise
        ? returned.catch((thrown) => {
            throw replacementFor(thrown);
          })
        : returned;
    } catch (thrown) {
      throw replacementFor(thrown);
    }
  };

/** Return the exception of an import that `thrown` replaces, or the guest's own trap as a GuestFailure. */
export const originalException = (thrown) =>
  typeof thrown === "object" && thrown !== null && exceptions.has(thrown) ? exceptions.get(thrown) : trapFrom(thrown);
