/** The page: starts Arora, loads modules, shows a form for each of their functions, and calls them. */

import { AroraError, loadArora } from "../arora.mjs";
import { canDraw, showArm } from "./arm.mjs";
import { element, uniqueId } from "./elements.mjs";
import { argumentControls, UnreadableField } from "./forms.mjs";
import { droppedFiles, findModule, pickedFiles } from "./module_files.mjs";
import { resultView } from "./result_view.mjs";

const MAX_LOG_LINES = 500;
const $ = (id) => document.getElementById(id);

let engine = null;
let arm = null;
let shownModule = null;

// Messages.

function showState(text) {
  $("state").textContent = text;
}

function log(level, source, message) {
  const line = element("li", { class: level }, element("span", { class: "source" }, `${source} `), message);
  $("log").append(line);
  while ($("log").childElementCount > MAX_LOG_LINES) $("log").firstElementChild.remove();
  line.scrollIntoView?.({ block: "nearest" });
}

function showProblem(error, context) {
  // The messages of an AroraError name the module and function themselves.
  const where = error instanceof AroraError ? "" : ` ${context}`;
  const parts = [element("strong", {}, error.name || "Error"), where, element("p", {}, error.message)];
  if (error.stderr) parts.push(element("pre", {}, `stderr: ${error.stderr}`));
  $("problem").replaceChildren(...parts);
  $("problem").hidden = false;
  error.control?.focus();
}

function hideProblem() {
  $("problem").hidden = true;
  $("problem").replaceChildren();
}

// Calls.

/** Call a function and show its result. Returns the result, or null after a failure, which is shown. */
function call(module, name, args, finished = true) {
  const start = performance.now();
  try {
    const result = engine.call(module.id, name, args);
    const duration = performance.now() - start;
    hideProblem();
    $("result").replaceChildren(resultView(result));
    // Screen readers announce where a slider stops, not every step.
    $("timing").setAttribute("aria-live", finished ? "polite" : "off");
    $("timing").textContent = `${module.name}.${name} returned in ${duration.toFixed(2)} ms`;
    return result;
  } catch (error) {
    $("result").replaceChildren();
    $("timing").textContent = `${module.name}.${name} failed`;
    showProblem(error, `in ${module.name}.${name}`);
    return null;
  }
}

// Modules.

async function load({ header, executable, records, source }) {
  hideProblem();
  showState(`Loading ${source}…`);
  try {
    await engine.prepareModule(header, executable, { records });
    const module = engine.loadPreparedModule(header, { replace: true });
    log("info", "page", `${module.name} ${module.version} is loaded`);
    showModule(module);
    showState(`${module.name} is ready`);
  } catch (error) {
    showState(`${source} was not loaded`);
    showProblem(error, `in ${source}`);
  }
}

function showModule(module) {
  shownModule = module;
  const modules = engine.listModules();
  $("modules").hidden = modules.length < 2;
  $("modules").replaceChildren(
    ...modules.map((each) =>
      element("button", { type: "button", "aria-current": String(each.id === module.id), onclick: () => showModule(each) }, each.name),
    ),
  );
  $("about").replaceChildren(...aboutModule(module));
  $("functions").replaceChildren(...module.functions.map((each) => functionForm(module, each)));
  $("result").replaceChildren();
  $("timing").textContent = "Call a function to see what it returns.";
  const drawable = canDraw(module);
  $("columns").classList.toggle("drawing", drawable);
  $("arm").hidden = !drawable;
  arm = null;
  if (drawable) {
    const joints = $("functions").querySelector('form[data-function="forward"] input');
    arm = showArm($("arm"), (angles, finished) => {
      joints.value = angles.join(", ");
      return call(module, "forward", { joints: angles }, finished);
    });
  }
}

function aboutModule({ id, name, version, description, author, license, executor }) {
  const unload = () => {
    engine.unload(id);
    log("info", "page", `${name} is unloaded`);
    const [next] = engine.listModules();
    if (next) showModule(next);
    else showNoModule();
  };
  return [
    element(
      "div",
      { class: "title" },
      element("h2", { id: "module-name" }, name),
      element("button", { type: "button", class: "secondary small", onclick: unload }, "Unload"),
    ),
    element("p", {}, description),
    element("p", { class: "muted" }, `version ${version} by ${author}, ${license}; runs on ${executor}`),
  ];
}

function showNoModule() {
  shownModule = null;
  arm = null;
  $("arm").hidden = true;
  $("modules").hidden = true;
  $("columns").classList.remove("drawing");
  $("functions").replaceChildren();
  $("result").replaceChildren();
  $("timing").textContent = "There is no function to call.";
  $("about").replaceChildren(element("h2", { id: "module-name" }, "No module"), "Open one, or drop one here.");
}

function functionForm(module, { name, signature, parameters }) {
  const controls = argumentControls(parameters, module.types);
  const submit = (event) => {
    event.preventDefault();
    try {
      const args = controls.read();
      const result = call(module, name, args);
      (result === null ? $("problem") : $("result")).scrollIntoView({ block: "nearest" });
      if (result !== null && name === "forward") arm?.show(args.joints, result);
    } catch (error) {
      if (!(error instanceof UnreadableField)) throw error;
      showProblem(error, `in the form of ${name}`);
    }
  };
  const title = uniqueId();
  return element(
    "form",
    { class: "card", onsubmit: submit, "data-function": name, "aria-labelledby": title, novalidate: true },
    element("h3", { id: title }, name),
    element("p", { class: "signature" }, signature),
    ...controls.elements,
    element("div", { class: "actions" }, element("button", { type: "submit" }, `Call ${name}`)),
  );
}

// Files of modules, and starting.

async function openFiles(files) {
  try {
    await starting;
    await load(await findModule(files));
  } catch (error) {
    showProblem(error, "in the files");
  }
}

for (const id of ["files", "folder"]) {
  $(id).addEventListener("change", async () => {
    const files = pickedFiles($(id).files);
    $(id).value = ""; // so that picking the same files again is a change
    if (files.length > 0) await openFiles(files);
  });
}

document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) document.body.classList.remove("dropping");
});
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  await openFiles(await droppedFiles(event.dataTransfer));
});

async function fetchOk(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return response;
}

async function fetchModule({ header, executable, records, name }) {
  const texts = Object.entries(records).map(async ([path, url]) => [path, await (await fetchOk(url)).text()]);
  return {
    header: await (await fetchOk(header)).text(),
    executable: new Uint8Array(await (await fetchOk(executable)).arrayBuffer()),
    records: Object.fromEntries(await Promise.all(texts)),
    source: name,
  };
}

async function start() {
  const onLog = (level, logger, message) => log(level, logger.replace(/^arora\.module\./, ""), message);
  const { Engine } = await loadArora({ indexURL: "/pyodide/", wheels: ["/arora.zip"], onLog });
  engine = new Engine();
  showNoModule();
  const { modules } = await (await fetchOk("/modules.json")).json();
  for (const each of modules) await load(await fetchModule(each));
  if (shownModule === null && $("problem").hidden) showState("Ready");
}

const starting = start();
try {
  await starting;
} catch (error) {
  showState("Arora could not start");
  showProblem(error, "while starting");
}
$("main").setAttribute("aria-busy", "false");
