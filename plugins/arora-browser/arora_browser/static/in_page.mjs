/** Starts guests for Python that runs in the same page, under Pyodide. */

import { compile, compileSync } from "./compilation.mjs";
import { Guest } from "./guest.mjs";

/**
 * Compile and instantiate a guest. The callbacks are Python's `dispatch`, `dispatch_indirect` and `write_output`.
 * @param {Uint8Array} executable @param {string} options in JSON @param {...Function} callbacks @returns {Promise<Guest>}
 */
export const start = async (executable, options, ...callbacks) =>
  Guest.instantiate(await compile(executable), hostFrom(...callbacks), JSON.parse(options));

/** The same, synchronously. */
export const startSync = (executable, options, ...callbacks) =>
  Guest.instantiateSync(compileSync(executable), hostFrom(...callbacks), JSON.parse(options));

function hostFrom(dispatch, dispatchIndirect, writeOutput) {
  // A callback that returns None has a pending exception, which Python raises once this has unwound the guest.
  const pending = new Error("an exception is pending in Python");
  const checked = (returned) => {
    if (returned === undefined) throw pending;
    return returned;
  };
  return {
    dispatch: (moduleId, functionId, argument) => checked(dispatch(moduleId, functionId, argument)),
    dispatchIndirect: (callableId) => checked(dispatchIndirect(callableId)),
    writeOutput: (fd, data) => {
      checked(writeOutput(fd, data));
    },
  };
}
