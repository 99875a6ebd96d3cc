/**
 * The linear memory of a guest, and the buffers in it (ABI §1, §3). Every pointer and size that comes from the guest is
 * checked against the memory's current size before use.
 */

import { abiViolation } from "./guest_failure.mjs";

const PREFIX = 4; // bytes of a buffer's size prefix
const SMALLEST = 5; // bytes of the smallest buffer
const PADDING = 8; // bytes allocated behind an argument: guests may read a few bytes past its end
const LARGEST = 0xffff_ffff;

/**
 * @param {Uint8Array} data @returns {number} the bytes to allocate in the guest for a buffer
 * @throws {GuestFailure} `trap` when that exceeds 32 bits
 */
export function allocationSize(data) {
  const size = data.length + PADDING;
  if (size > LARGEST) {
    throw abiViolation(`cannot take a buffer of ${data.length} bytes, its memory has 32-bit addresses`);
  }
  return size;
}

/** Methods throw a GuestFailure (`trap`) for a buffer that breaks the ABI. */
export class GuestMemory {
  #memory = null;
  #bytes = new Uint8Array();

  /** @param {WebAssembly.Memory} memory */
  attach(memory) {
    this.#memory = memory;
  }

  detach() {
    this.#memory = null;
    this.#bytes = new Uint8Array();
  }

  get isAttached() {
    return this.#memory !== null;
  }

  get byteLength() {
    return this.#memory === null ? 0 : this.#memory.buffer.byteLength;
  }

  /** Return all of the memory as it is now; nothing before it is attached. Growing it detaches earlier views. */
  view() {
    if (this.#memory === null) return this.#bytes;
    const buffer = this.#memory.buffer;
    if (this.#bytes.buffer !== buffer) this.#bytes = new Uint8Array(buffer);
    return this.#bytes;
  }

  /**
   * Write `data` to the memory that `arora_buffer_alloc` allocated for it.
   * @param {number} allocated the pointer that it returned @returns {number} the same, unsigned
   */
  write(allocated, data) {
    const offset = allocated >>> 0;
    const size = data.length + PADDING;
    if (offset === 0) throw abiViolation(`arora_buffer_alloc(${size}) returned null: the guest is out of memory`);
    const bytes = this.view();
    if (offset + size > bytes.length) throw this.#outside(`arora_buffer_alloc(${size}) returned ${hex(offset)}`);
    bytes.set(data, offset);
    return offset;
  }

  /** Return a copy of the result buffer at `offset` of a call whose argument buffer is at `argumentAt`. */
  readResult(offset, argumentAt, argumentSize) {
    const bytes = this.view();
    if (offset + PREFIX > bytes.length) throw this.#outside(`returned a buffer at ${hex(offset)}`);
    if (offset === 0) throw abiViolation("returned a null pointer");
    const size = uint32(bytes, offset);
    if (size < SMALLEST) {
      throw abiViolation(`returned a buffer of ${size} bytes at ${hex(offset)}; the minimum is ${SMALLEST}`);
    }
    if (offset + size > bytes.length) {
      throw this.#outside(`returned a buffer of ${size} bytes at ${hex(offset)}`);
    }
    // Both buffers are freed, so this would be a double free.
    if (argumentAt <= offset && offset < argumentAt + argumentSize + PADDING) {
      throw abiViolation(`returned its own argument buffer, at ${hex(offset)}`);
    }
    return bytes.slice(offset, offset + size);
  }

  /** Return a copy of the 16 bytes of an id that the guest passed to `arora_dispatch`. */
  readId(offset, name) {
    return this.#read(offset, 16, name);
  }

  /** Return a copy of the argument buffer that the guest passed to `arora_dispatch`. */
  readDispatchArgument(offset) {
    const size = uint32(this.#read(offset, PREFIX, "an argument buffer"), 0);
    if (size < SMALLEST) {
      const what = `a buffer of ${size} bytes at ${hex(offset)}; the minimum is ${SMALLEST}`;
      throw abiViolation(`called arora_dispatch with ${what}`);
    }
    return this.#read(offset, size, `an argument buffer of ${size} bytes`);
  }

  #read(offset, size, what) {
    const bytes = this.view();
    if (offset + size > bytes.length) throw this.#outside(`called arora_dispatch with ${what} at ${hex(offset)}`);
    return bytes.slice(offset, offset + size);
  }

  #outside(message) {
    return abiViolation(`${message}, outside its ${this.byteLength} bytes of memory`);
  }
}

/** Return the little-endian u32 at `offset`. */
const uint32 = (bytes, offset) =>
  (bytes[offset] | (bytes[offset + 1] << 8) | (bytes[offset + 2] << 16) | (bytes[offset + 3] << 24)) >>> 0;

const hex = (offset) => `0x${offset.toString(16)}`;
