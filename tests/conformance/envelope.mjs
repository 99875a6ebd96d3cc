// Make a component of a core module: node envelope.mjs CORE WIT ADAPTER OUTPUT
//
// The same as wasm-tools component embed, and new --adapt: jco has wasm-tools inside.
import { readFile, writeFile } from 'node:fs/promises';
import { componentEmbed, componentNew } from '@bytecodealliance/jco-transpile/wasm-tools';

const [core, wit, adapter, output] = process.argv.slice(2);
const binary = await readFile(core);
const embedded = await componentEmbed({ binary, witSource: await readFile(wit, 'utf8'), world: 'module' });
await writeFile(output, await componentNew(embedded, [['wasi_snapshot_preview1', await readFile(adapter)]]));
