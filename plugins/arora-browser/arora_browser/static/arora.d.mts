/** Types of `arora.mjs`. */

/** A value, tagged with its type: `{ f64: 0.5 }`, `"unit"`, `{ struct: { id, fields } }`, ... (ABI, section 9). */
export type TaggedValue = "unit" | { [tag: string]: unknown };

/** An argument as plain data, by its declared type. What a caller leaves out the guest sees as absent. */
export type PlainArgument =
  | null
  | boolean
  | number
  | bigint
  | string
  | ArrayBuffer
  | NumberArray
  | readonly PlainArgument[]
  | ReadonlyMap<string, PlainArgument>
  | { readonly [name: string]: PlainArgument | undefined };

/**
 * An answer as plain data: numbers (bigint for 64 bits beyond the safe range), typed arrays for arrays of numbers,
 * objects for structures and maps, for an enumeration its variant's name or `{ name: what it carries }`, null for
 * nothing, tagged values where the type is dynamic.
 */
export type PlainAnswer =
  | null
  | boolean
  | number
  | bigint
  | string
  | NumberArray
  | PlainAnswer[]
  | { [name: string]: PlainAnswer };

export type NumberArray =
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** A generic call. Without `module_id`, exactly one loaded module must export the function. */
export interface Call {
  module_id?: string;
  id: string;
  args?: { id: string; value: TaggedValue }[];
}

export interface CallResult {
  ret: TaggedValue;
  mutated: { id: string; value: TaggedValue }[];
}

/** A header: the text of a `module.yaml` (JSON needs no PyYAML), or the data it stands for. */
export type HeaderSource = string | object;

export type Bytes = Uint8Array | ArrayBuffer;

export interface LoadOptions {
  /** Type records by their path below the directory of records: `structure/<uuid>@1.0.0.yaml` and its text. */
  records?: Record<string, string>;
  /** The executor by name; by default the one that is chosen by preference. */
  executor?: string;
  /** What to enforce. In a page none of these can be, and asking for one is an UnsupportedLimit. */
  limits?: { memory?: number; deadline?: number; fuel?: number };
  /** Take the place of the module that has the same id now. */
  replace?: boolean;
}

/** A type, with what a form for it has to know. `name` is for a reader: `f64[]`, `ur5.Pose`. */
export type TypeDescription =
  | { kind: "array"; name: string; item: TypeDescription; length?: number }
  | { kind: "option" | "map"; name: string; item: TypeDescription }
  | { kind: "structure" | "enumeration"; name: string; id: string }
  | { kind: "unit" | "bool" | "str" | "uuid" | "value" | "keyvalue"; name: string }
  | { kind: "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64"; name: string; number: "int" }
  | { kind: "f32" | "f64"; name: string; number: "float" };

export interface RecordDescription {
  kind: "structure" | "enumeration";
  name: string;
  path: string;
  /** The fields of a structure, the variants of an enumeration. */
  members: { id: string; name: string; type: TypeDescription }[];
}

export interface FunctionDescription {
  id: string;
  name: string;
  /** For a reader: `forward(joints: f64[]) -> ur5.Pose`. */
  signature: string;
  parameters: { id: string; name: string; type: TypeDescription; mutable: boolean; default?: TaggedValue }[];
  ret: TypeDescription;
}

export interface ModuleDescription {
  id: string;
  name: string;
  author: string;
  license: string;
  description: string;
  version: string;
  executor: string;
  functions: FunctionDescription[];
  /** The structures and enumerations that its functions use, by id. */
  types: Record<string, RecordDescription>;
}

export type TrapKind =
  | "ABI"
  | "UNREACHABLE"
  | "MEMORY_OUT_OF_BOUNDS"
  | "TABLE_OUT_OF_BOUNDS"
  | "INDIRECT_CALL"
  | "INTEGER_DIVISION_BY_ZERO"
  | "INTEGER_OVERFLOW"
  | "BAD_CONVERSION"
  | "STACK_OVERFLOW"
  | "EXIT"
  | "OTHER";

/** What an engine throws. `name` is the class in Python: `GuestError`, `Trap`, `HeaderError`, ... */
export class AroraError extends Error {
  constructor(name: string, message: string, facts?: object);
  /** The message without where it happened. */
  readonly reason: string;
  readonly module?: string;
  readonly function?: string;
  readonly executor?: string;
  /** Of a Trap. */
  readonly kind?: TrapKind;
  readonly exitCode?: number;
  readonly stderr?: string;
  /** Of a HeaderError: the key, such as `exports[2].parameters[0].type`, and the file. */
  readonly path?: string;
  readonly source?: string;
  readonly parameter?: string;
  readonly limit?: string;
  readonly symbol?: string;
  readonly offset?: number;
  /** Where it happened in Python, for what is no error of Arora's. */
  readonly traceback?: string;
  /** Whether a calling guest may handle it, when a callable throws it. */
  get isCallError(): boolean;
}

export interface Engine {
  /** Loads a module at once. Chromium does that for executables up to 8 MB; prepare larger ones. */
  loadModule(header: HeaderSource, bytes: Bytes, options?: LoadOptions): ModuleDescription;
  /** Compiles and instantiates without blocking the page, whatever the size. Then call `loadPreparedModule`. */
  prepareModule(
    header: HeaderSource,
    bytes: Bytes,
    options?: Pick<LoadOptions, "records" | "executor">,
  ): Promise<void>;
  /** Loads what was prepared with this header, or with the header of this id. */
  loadPreparedModule(header: HeaderSource, options?: Omit<LoadOptions, "records">): ModuleDescription;
  /** A generic call: tagged values in and out. */
  call(call: Call | string): CallResult;
  /**
   * Calls a function of a module, given by its name or id, with arguments by parameter name or in order.
   * A function with mutable parameters answers `{ ret, mutated }`.
   */
  call(
    module: string,
    name: string,
    args?: readonly PlainArgument[] | { readonly [parameter: string]: PlainArgument | undefined },
  ): PlainAnswer;
  listModules(): ModuleDescription[];
  /**
   * Makes a function callable for guests, and returns the id they call it by. What it throws comes out of the
   * outermost call as the same value; an AroraError that is a CallError reaches the calling guest instead.
   */
  registerCallable(callable: () => TaggedValue): number;
  unregisterCallable(id: number): void;
  /** Unloads a module, given by its name or id. */
  unload(module: string): void;
  /** Unloads everything and lets go of it. Idempotent. */
  close(): void;
}

export interface EngineConstructor {
  /** `prefer` names executors to choose first. */
  new (options?: { prefer?: string | readonly string[] }): Engine;
}

export interface AroraOptions {
  /** The directory of the npm package `pyodide`: a URL, or in Node a path. */
  indexURL?: string | URL;
  /** Wheels, or archives of what several hold: arora_core, arora_browser, pluggy; PyYAML for headers in YAML. */
  wheels?: readonly (string | URL | ArrayBuffer | Uint8Array)[];
  /** A Pyodide that runs already, in place of `indexURL`. */
  pyodide?: object;
  /** Takes Arora's log, guests' output included; without it, it is on the console. */
  onLog?: (level: string, logger: string, message: string) => void;
}

/** Starts Python with Arora in it. Nothing is fetched but what the options name. */
export function loadArora(
  options?: AroraOptions,
): Promise<{ Engine: EngineConstructor; AroraError: typeof AroraError; pyodide: object }>;
