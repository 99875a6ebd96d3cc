// Compiled but not run: how a TypeScript program uses Arora.
import { AroraError, loadArora, type Call, type ModuleDescription } from "../../arora_browser/static/arora.mjs";

const { Engine } = await loadArora({ indexURL: "/pyodide/", wheels: ["/arora.zip", new URL("https://example.org/a.whl")] });
const engine = new Engine({ prefer: "browser" });
const loaded: ModuleDescription = engine.loadModule("{}", new Uint8Array(), { replace: true, afterTrap: "restart" });
await engine.prepareModule({ id: loaded.id }, new ArrayBuffer(8));
engine.loadPreparedModule(loaded.id);
const pose = engine.call("ur5", "forward", { joints: new Float64Array(6), missing: undefined });
if (typeof pose === "object" && pose !== null && "position" in pose) console.log(pose.position);
engine.call("ur5", "clamp", [[1, 2n, null]]);
const call: Call = { id: loaded.functions[0].id, args: [{ id: "x", value: { f64: 1 } }] };
console.log(engine.call(call).ret, engine.call(JSON.stringify(call)).mutated.length);
const id: number = engine.registerCallable(() => ({ f64: 0.5 }));
engine.unregisterCallable(id);
for (const { parameters } of loaded.functions) {
  for (const { type } of parameters) if (type.kind === "array") console.log(type.item.name);
}
try {
  engine.restart("ur5");
  engine.unload("ur5");
} catch (error) {
  if (error instanceof AroraError && error.name === "Trap") console.log(error.kind, error.stderr, error.restarted);
}
// @ts-expect-error a callable returns a tagged value
engine.registerCallable(() => 5);
// @ts-expect-error a function is not an argument
engine.call("ur5", "forward", { joints: () => [] });
engine.close();
