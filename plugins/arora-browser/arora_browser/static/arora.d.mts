/** The types of `arora.mjs`. */

/** A value, tagged with its type: `{ f64: 0.5 }`, `"unit"`, `{ struct: { id, fields } }`, ... (ABI, section 9). */
export type TaggedValue = "unit" | { [tag: string]: unknown };

/** An argument as plain data, by its declared type. An omitted argument is absent for the guest. */
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
 * A result as plain data: numbers (bigint for 64-bit integers beyond the safe range), typed arrays for arrays of numbers,
 * objects for structures and maps, for an enumeration its variant's name or `{ name: payload }`, null for unit and for an
 * empty option, tagged values where the type is dynamic.
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

/** A header: the text of a `module.yaml` (JSON needs no PyYAML), or the same as an object. */
export type HeaderSource = string | object;

export type Bytes = Uint8Array | ArrayBuffer;

export interface LoadOptions {
  /** The text of type records by their path below the directory of records, such as `structure/<uuid>@1.0.0.yaml`. */
  records?: Record<string, string>;
  /** The name of the executor; by default it is chosen by preference. */
  executor?: string;
  /** The limits to enforce. In a page, any but `result` is an UnsupportedLimit. */
  limits?: { memory?: number; deadline?: number; fuel?: number; result?: number; interruptible?: boolean };
  /** Replace the loaded module with the same id. */
  replace?: boolean;
  /** What follows a call that a trap or something thrown ended: the guest's stack is repaired, or the guest restarted. */
  afterTrap?: "repair" | "restart";
}

/** A type, described for building a form. `name` is for display: `f64[]`, `kinematics.Pose`. */
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
  /** For display: `forward(joints: f64[]) -> kinematics.Pose`. */
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

/** The error that an engine throws. `name` is that of the Python class: `GuestError`, `Trap`, `HeaderError`, ... */
export class AroraError extends Error {
  constructor(name: string, message: string, facts?: object);
  /** The message without the names of module and function. */
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
  /** The Python traceback, for an exception that is not Arora's. */
  readonly traceback?: string;
  /** Of a failed call: true if the module was restarted, which costs it its state. */
  readonly restarted?: boolean;
  /** Whether the calling guest may handle it, when a callable throws it. */
  get isCallError(): boolean;
}

export interface Engine {
  /** Load a module synchronously. Chromium allows that for executables up to 8 MB; prepare larger ones. */
  loadModule(header: HeaderSource, bytes: Bytes, options?: LoadOptions): ModuleDescription;
  /** Compile and instantiate a module of any size without blocking the page. Then call `loadPreparedModule`. */
  prepareModule(
    header: HeaderSource,
    bytes: Bytes,
    options?: Pick<LoadOptions, "records" | "executor">,
  ): Promise<void>;
  /** Load the module that was prepared with this header, or with the header of this id. */
  loadPreparedModule(header: HeaderSource, options?: Omit<LoadOptions, "records">): ModuleDescription;
  /** Call a function generically, with tagged values as arguments and result. */
  call(call: Call | string): CallResult;
  /**
   * Call a function of a module, given by its name or id, with arguments by parameter name or in order.
   * A function with mutable parameters returns `{ ret, mutated }`.
   */
  call(
    module: string,
    name: string,
    args?: readonly PlainArgument[] | { readonly [parameter: string]: PlainArgument | undefined },
  ): PlainAnswer;
  listModules(): ModuleDescription[];
  /**
   * Make a function callable for guests; returns its id. What it throws comes out of the outermost call as the same
   * value, except that an AroraError with `isCallError` is passed to the calling guest.
   */
  registerCallable(callable: () => TaggedValue): number;
  unregisterCallable(id: number): void;
  /** Replace the guest of a module, given by its name or id, by a fresh one. */
  restart(module: string): void;
  /** Unload a module, given by its name or id. */
  unload(module: string): void;
  /** Unload all modules and release their resources. Idempotent. */
  close(): void;
}

export interface EngineConstructor {
  /** `prefer` names executors in order of preference. */
  new (options?: { prefer?: string | readonly string[] }): Engine;
}

export interface AroraOptions {
  /** The directory of the npm package `pyodide`: a URL, or in Node a path. */
  indexURL?: string | URL;
  /** Wheels, or archives that hold several: arora_core, arora_browser, pluggy; PyYAML for headers in YAML. */
  wheels?: readonly (string | URL | ArrayBuffer | Uint8Array)[];
  /** A Pyodide that is already loaded, in place of `indexURL`. */
  pyodide?: object;
  /** Receives Arora's log, including guests' output. By default they are written to the console. */
  onLog?: (level: string, logger: string, message: string) => void;
}

/** Start Python with Arora. Only the files that the options name are fetched. */
export function loadArora(
  options?: AroraOptions,
): Promise<{ Engine: EngineConstructor; AroraError: typeof AroraError; pyodide: object }>;
