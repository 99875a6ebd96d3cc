/** The page: it starts Arora, loads modules, makes forms of their functions and shows what they answer. */

import { AroraError, loadArora } from "../arora.mjs";
import { canDraw, showArm } from "./arm.mjs";
import { element } from "./elements.mjs";
import { argumentControls, UnreadableField } from "./forms.mjs";
import { dropped, moduleIn, picked } from "./module_files.mjs";
import { shown, whole } from "./result_view.mjs";

const MOST_LINES = 500;
const $ = (id) => document.getElementById(id);

let engine = null;
let arm = null;
let current = null;

// What is told.

function say(words) {
  $("state").textContent = words;
}

function log(level, source, message) {
  const line = element("li", { class: level }, element("span", { class: "source" }, `${source} `), message);
  $("log").append(line);
  while ($("log").childElementCount > MOST_LINES) $("log").firstElementChild.remove();
  line.scrollIntoView?.({ block: "nearest" });
}

function tellProblem(error, doing) {
  // What the engine throws says by itself where it happened.
  const where = error instanceof AroraError ? "" : ` ${doing}`;
  const parts = [element("strong", {}, error.name || "Error"), where, element("p", {}, error.message)];
  if (error.stderr) parts.push(element("pre", {}, `stderr: ${error.stderr}`));
  $("problem").replaceChildren(...parts);
  $("problem").hidden = false;
  error.control?.focus();
}

function noProblem() {
  $("problem").hidden = true;
  $("problem").replaceChildren();
}

// Calls.

/** Calls, and shows the answer; null when it failed, which is told. */
function call(described, name, args, finished = true) {
  const start = performance.now();
  try {
    const answer = engine.call(described.id, name, args);
    const took = performance.now() - start;
    noProblem();
    $("result").replaceChildren(whole(shown(answer)));
    const words = `${described.name}.${name} answered in ${took.toFixed(2)} ms`;
    // Every step of a slider is shown, and only where it stops is told.
    $("timing").setAttribute("aria-live", finished ? "polite" : "off");
    $("timing").textContent = words;
    return answer;
  } catch (error) {
    $("result").replaceChildren();
    $("timing").textContent = `${described.name}.${name} failed`;
    tellProblem(error, `in ${described.name}.${name}`);
    return null;
  }
}

// Modules.

async function load({ header, executable, records, source }) {
  noProblem();
  say(`Loading ${source}…`);
  try {
    await engine.prepareModule(header, executable, { records });
    const described = engine.loadPreparedModule(header, { replace: true });
    log("info", "page", `${described.name} ${described.version} is loaded`);
    show(described);
    say(`${described.name} is ready`);
  } catch (error) {
    say(`${source} was not loaded`);
    tellProblem(error, `in ${source}`);
  }
}

function show(described) {
  current = described;
  const listed = engine.listModules();
  $("modules").hidden = listed.length < 2;
  $("modules").replaceChildren(
    ...listed.map((each) =>
      element("button", { type: "button", "aria-current": String(each.id === described.id), onclick: () => show(each) }, each.name),
    ),
  );
  $("about").replaceChildren(...about(described));
  $("functions").replaceChildren(...described.functions.map((each) => form(described, each)));
  $("result").replaceChildren();
  $("timing").textContent = "Call a function to see what it answers.";
  const drawable = canDraw(described);
  $("columns").classList.toggle("drawing", drawable);
  $("arm").hidden = !drawable;
  arm = null;
  if (drawable) {
    const joints = $("functions").querySelector('form[data-function="forward"] input');
    arm = showArm($("arm"), (angles, finished) => {
      joints.value = angles.join(", ");
      return call(described, "forward", { joints: angles }, finished);
    });
  }
}

function about({ id, name, version, description, author, license, executor }) {
  const unload = () => {
    engine.unload(id);
    log("info", "page", `${name} is unloaded`);
    const [next] = engine.listModules();
    if (next) show(next);
    else empty();
  };
  return [
    element(
      "div",
      { class: "title" },
      element("h2", { id: "module-name" }, name),
      element("button", { type: "button", class: "quiet small", onclick: unload }, "Unload"),
    ),
    element("p", {}, description),
    element("p", { class: "quiet-text" }, `version ${version} by ${author}, ${license}; runs on ${executor}`),
  ];
}

function empty() {
  current = null;
  arm = null;
  $("arm").hidden = true;
  $("modules").hidden = true;
  $("columns").classList.remove("drawing");
  $("functions").replaceChildren();
  $("result").replaceChildren();
  $("timing").textContent = "There is no function to call.";
  $("about").replaceChildren(element("h2", { id: "module-name" }, "No module"), "Open one, or drop one here.");
}

function form(described, each) {
  const controls = argumentControls(each, described.types);
  const submit = (event) => {
    event.preventDefault();
    try {
      const args = controls.read();
      const answer = call(described, each.name, args);
      (answer === null ? $("problem") : $("result")).scrollIntoView({ block: "nearest" });
      if (answer !== null && each.name === "forward") arm?.show(args.joints, answer);
    } catch (error) {
      if (!(error instanceof UnreadableField)) throw error;
      tellProblem(error, `in the form of ${each.name}`);
    }
  };
  const title = `${described.name}-${each.name}`;
  return element(
    "form",
    { class: "card", onsubmit: submit, "data-function": each.name, "aria-labelledby": title, novalidate: true },
    element("h3", { id: title }, each.name),
    element("p", { class: "signature" }, each.signature),
    ...controls.elements,
    element("div", { class: "actions" }, element("button", { type: "submit" }, `Call ${each.name}`)),
  );
}

// Where modules come from.

async function openFiles(files) {
  try {
    await starting;
    await load(await moduleIn(files));
  } catch (error) {
    tellProblem(error, "in the files");
  }
}

for (const id of ["files", "folder"]) {
  $(id).addEventListener("change", async () => {
    const files = picked($(id).files);
    $(id).value = ""; // so that the same files can be picked again once they were mended
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
  await openFiles(await dropped(event.dataTransfer));
});

async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return response;
}

async function served({ header, executable, records, name }) {
  const texts = Object.entries(records).map(async ([path, url]) => [path, await (await fetched(url)).text()]);
  return {
    header: await (await fetched(header)).text(),
    executable: new Uint8Array(await (await fetched(executable)).arrayBuffer()),
    records: Object.fromEntries(await Promise.all(texts)),
    source: name,
  };
}

async function start() {
  const onLog = (level, logger, message) => log(level, logger.replace(/^arora\.module\./, ""), message);
  const { Engine } = await loadArora({ indexURL: "/pyodide/", wheels: ["/arora.zip"], onLog });
  engine = new Engine();
  empty();
  const { modules } = await (await fetched("/modules.json")).json();
  for (const each of modules) await load(await served(each));
  if (current === null && $("problem").hidden) say("Ready");
}

const starting = start();
try {
  await starting;
} catch (error) {
  say("Arora could not start");
  tellProblem(error, "while starting");
}
$("main").setAttribute("aria-busy", "false");
