/** Files that were picked or dropped, as the parts of modules. */

const UUID = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}";
const RECORD = new RegExp(`^(${UUID})(@[^/]+)?\\.(ya?ml|json)$`);
const KINDS = ["structure", "enumeration", "module", "folder"];

/**
 * @param {{path: string, file: File}[]} files
 * @returns {Promise<{header: string, executable: Uint8Array, records: Record<string, string>, source: string}>}
 * @throws {Error} naming what is missing
 */
export async function moduleIn(files) {
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
  const executable = belonging(executables, header, text);
  if (executable === undefined) throw new Error(`There is no executable among these files: the .wasm file that belongs to ${header.name}.`);
  return {
    header: text,
    executable: new Uint8Array(await executable.file.arrayBuffer()),
    records,
    source: header.name,
  };
}

/** The executable named after the module or the header file, before any other. */
function belonging(executables, header, text) {
  const named = /^name:\s*["']?([\w.-]+)/m.exec(text)?.[1] ?? /"name"\s*:\s*"([^"]+)"/.exec(text)?.[1];
  const stems = [named, header.name.replace(/\.\w+$/, "")];
  return executables.find(({ name }) => stems.includes(name.replace(/\.wasm$/, ""))) ?? executables[0];
}

/** Where a record stands below its directory: its kind is the name of its folder, or told by what is in it. */
async function recordPath(path, name, file) {
  const folder = path.split("/").at(-2);
  if (KINDS.includes(folder)) return `${folder}/${name}`;
  const [, , version] = RECORD.exec(name);
  if (version === undefined) return `folder/${name}`;
  const text = await file.text();
  if (/^\s*"?fields"?\s*:/m.test(text)) return `structure/${name}`;
  return /^\s*"?variants"?\s*:/m.test(text) ? `enumeration/${name}` : `module/${name}`;
}

/** @param {FileList} list of an input */
export const picked = (list) => Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file }));

/** @param {DataTransfer} transfer of a drop, whose folders are looked into */
export async function dropped(transfer) {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return picked(transfer.files);
  return (await Promise.all(entries.map((entry) => filesOf(entry)))).flat();
}

async function filesOf(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ path: entry.fullPath, file }];
  }
  const reader = entry.createReader();
  const found = [];
  // A reader gives some at a time, and none when it is done.
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    found.push(...some);
  }
  return (await Promise.all(found.map(filesOf))).flat();
}
