/** The one class of error that an engine throws. */

const CALL_ERRORS = new Set([
  "CallError",
  "ModuleNotFound",
  "FunctionNotFound",
  "ModuleBusy",
  "ArgumentError",
  "GuestError",
  "Trap",
  "LimitExceeded",
  "EngineClosed",
]);

export class AroraError extends Error {
  /**
   * @param {string} name the Python class: "GuestError", "HeaderError", ...
   * @param {string} message
   * @param {object} [facts] what else is known: module, function, executor, kind, path, ...
   */
  constructor(name, message, facts = {}) {
    super(message);
    Object.assign(this, { reason: message }, facts);
    this.name = name;
    this.message = message;
  }

  /** Whether a guest may handle it, when it comes out of something the guest called. */
  get isCallError() {
    return CALL_ERRORS.has(this.name);
  }
}

/** @param {{name: string, message: string}} facts what Python tells about an exception of its own */
export function errorOf({ name, message, ...facts }) {
  return new AroraError(name, message, facts);
}
