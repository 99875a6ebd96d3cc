/** The one class of error that an engine throws. */

/** The names of Python's CallError and its subclasses. @type {Set<string>} */
let callErrors = new Set();

/** @param {Iterable<string>} names from `call_error_names` of `arora_browser.javascript_engine` */
export function setCallErrors(names) {
  callErrors = new Set(names);
}

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

  /** Whether the calling guest may handle it, when a callable throws it. */
  get isCallError() {
    return callErrors.has(this.name);
  }
}

/** @param {{name: string, message: string}} facts of a Python exception @returns {AroraError} */
export function errorFrom({ name, message, ...facts }) {
  return new AroraError(name, message, facts);
}
