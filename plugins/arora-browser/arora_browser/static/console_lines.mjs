/** Shows a guest's output on the console. */

const STDERR = 2;
const LONGEST_LINE = 8192; // characters

/** @returns {(fd: number, data: Uint8Array) => void} shows the data, a line at a time */
export function consoleLines() {
  const streams = new Map();
  return (fd, data) => {
    if (!streams.has(fd)) streams.set(fd, { pending: "", decoder: new TextDecoder() });
    const stream = streams.get(fd);
    const lines = (stream.pending + stream.decoder.decode(data, { stream: true })).split("\n");
    stream.pending = lines.pop();
    // Bound the memory that a line without an end takes.
    if (stream.pending.length > LONGEST_LINE) {
      lines.push(stream.pending);
      stream.pending = "";
    }
    for (const line of lines) (fd === STDERR ? console.error : console.log)(line);
  };
}
