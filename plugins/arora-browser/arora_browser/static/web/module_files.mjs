/** Finds the parts of a module among files that were picked or dropped. */

const UUID = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}";
const RECORD = new RegExp(`^(${UUID})(@[^/]+)?\\.(ya?ml|json)$`);
const RECORD_KINDS = ["structure", "enumeration", "module", "folder"];

/**
 * @param {{path: string, file: File}[]} files
 * @returns {Promise<{header: string, executable: Uint8Array, records: Record<string, string>, source: string}>}
 * @throws {Error} naming what is missing
 */
export async function findModule(files) {
  const records = {};
  const headers = [];
  const executables = [];
  for (const { path, file } of files) {
    const name = path.split("/").at(-1);
    if (RECORD.test(name)) records[await recordPath(path, name, file)] = await file.text();
    else if (/\.(ya?ml|json)$/.test(name)) headers.push({ path, name, file });
    else if (name.endsWith(".wasm")) executables.push({ path, name, file });
  }
  const header = headers.find(({ name }) => /^module\.(ya?ml|json)$/.test(name)) ?? headers[0];
  if (header === undefined) throw new Error("There is no header among these files: a .yaml or .json file such as module.yaml.");
  const text = await header.file.text();
  const executable = findExecutable(executables, header, text);
  if (executable === undefined) throw new Error(`There is no executable among these files: the .wasm file that belongs to ${header.name}.`);
  return {
    header: text,
    executable: new Uint8Array(await executable.file.arrayBuffer()),
    records,
    source: header.name,
  };
}

/** Return the executable named after the module or the header file, otherwise the first. */
function findExecutable(executables, header, text) {
  const moduleName = /^name:\s*["']?([\w.-]+)/m.exec(text)?.[1] ?? /"name"\s*:\s*"([^"]+)"/.exec(text)?.[1];
  const stems = [moduleName, header.name.replace(/\.\w+$/, "")];
  return executables.find(({ name }) => stems.includes(name.replace(/\.wasm$/, ""))) ?? executables[0];
}

/** Return the path of a record below the directory of records. Its kind is its folder's name, or follows from its keys. */
async function recordPath(path, name, file) {
  const folder = path.split("/").at(-2);
  if (RECORD_KINDS.includes(folder)) return `${folder}/${name}`;
  const [, , version] = RECORD.exec(name);
  if (version === undefined) return `folder/${name}`;
  const text = await file.text();
  if (/^\s*"?fields"?\s*:/m.test(text)) return `structure/${name}`;
  return /^\s*"?variants"?\s*:/m.test(text) ? `enumeration/${name}` : `module/${name}`;
}

/** @param {FileList} list of an input */
export const pickedFiles = (list) => Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file }));

/** @param {DataTransfer} transfer of a drop, which may hold folders */
export async function droppedFiles(transfer) {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return pickedFiles(transfer.files);
  return (await Promise.all(entries.map((entry) => filesBelow(entry)))).flat();
}

async function filesBelow(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ path: entry.fullPath, file }];
  }
  const reader = entry.createReader();
  const found = [];
  // A reader returns entries in batches, and an empty batch at the end.
  for (;;) {
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) break;
    found.push(...batch);
  }
  return (await Promise.all(found.map(filesBelow))).flat();
}
