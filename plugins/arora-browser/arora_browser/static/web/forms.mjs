/**
 * Form controls for the types of parameters. A control has an `element`, `read()`, which returns its value (undefined
 * when it is empty), and `write(value)`. The engine checks that values fit their types.
 */

import { element, uniqueId } from "./elements.mjs";

/** A field holds text that cannot be read. `control` is its element. */
export class UnreadableField extends Error {
  constructor(message, control) {
    super(message);
    this.name = "UnreadableField";
    this.control = control;
  }
}

/**
 * @param {object[]} parameters of a function
 * @param {Record<string, object>} types the structures and enumerations by id
 */
export function argumentControls(parameters, types) {
  const controls = parameters.map((parameter) => {
    const control = controlFor(parameter.type, types, parameter.name);
    const initial = parameter.default === undefined ? undefined : untagged(parameter.default);
    if (initial !== undefined) control.write(initial);
    return { name: parameter.name, control };
  });
  return {
    elements: controls.map(({ control }) => control.element),
    /** Return the arguments by name, undefined for empty ones. */
    read: () => Object.fromEntries(controls.map(({ name, control }) => [name, control.read()])),
  };
}

/** Return the plain value of a tagged scalar or array of scalars, undefined for anything else. */
function untagged(tagged) {
  const [payload] = typeof tagged === "object" ? Object.values(tagged) : [];
  const isScalars = Array.isArray(payload) && payload.every((each) => typeof each !== "object");
  return typeof payload !== "object" || isScalars ? payload : undefined;
}

function controlFor(type, types, label) {
  if (type.number === "int") return integerControl(type, label);
  if (type.number === "float") return textControl(type, label, { inputmode: "decimal", read: readFloat });
  switch (type.kind) {
    case "unit":
      return { element: element("span", { hidden: true }), read: () => null, write() {} };
    case "bool":
      return checkControl(type, label);
    case "str":
      return textControl(type, label, { read: (text) => text, empty: "" });
    case "uuid":
      return textControl(type, label, { placeholder: "00000000-0000-0000-0000-000000000000", read: (text) => text });
    case "array":
      return type.item.number ? numbersControl(type, label) : listControl(type, types, label);
    case "option":
      return optionControl(type, types, label);
    case "map":
      return mapControl(type, types, label);
    case "structure":
      return structureControl(type, types, label);
    case "enumeration":
      return enumerationControl(type, types, label);
    default:
      return taggedControl(type, label);
  }
}

const caption = (label, type) => [label, element("span", { class: "type" }, ` ${type.name}`)];

const captionWith = (label, type, hint) => caption(label, { name: hint === "" ? type.name : `${type.name}, ${hint}` });

function textControl(type, label, { read, empty, placeholder = "", inputmode = "text", tag = "input", hint = "" }) {
  const id = uniqueId();
  const input = element(tag, { id, name: label, placeholder, inputmode, autocomplete: "off", spellcheck: "false" });
  const labelElement = element("label", { for: id }, ...captionWith(label, type, hint));
  return {
    element: element("div", { class: "field" }, labelElement, input),
    input,
    read() {
      const text = input.value;
      if (text === "") return empty;
      try {
        return read(text);
      } catch (error) {
        throw new UnreadableField(`${label}: ${error.message}`, input);
      }
    },
    write(value) {
      input.value = value === null || value === undefined ? "" : String(value);
    },
  };
}

function readFloat(text) {
  const named = { nan: NaN, inf: Infinity, "-inf": -Infinity }[text.trim().toLowerCase()];
  const number = named ?? Number(text);
  if (Number.isNaN(number) && named === undefined) throw new Error(`“${text}” is not a number`);
  return number;
}

function readInteger(text) {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new Error(`“${text}” is not a whole number`);
  const exact = BigInt(text.trim().replace(/^\+/, ""));
  return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
}

const integerControl = (type, label) => textControl(type, label, { inputmode: "numeric", read: readInteger });

function numbersControl(type, label) {
  const readItem = type.item.number === "int" ? readInteger : readFloat;
  const control = textControl(type, label, {
    hint: type.length === undefined ? "separated by commas" : `${type.length} items, separated by commas`,
    empty: [],
    read: (text) =>
      text
        .trim()
        .replace(/^\[|\]$/g, "")
        .split(/[\s,;]+/)
        .filter((each) => each !== "")
        .map(readItem),
  });
  return {
    ...control,
    write(items) {
      control.input.value = Array.from(items).join(", ");
    },
  };
}

function checkControl(type, label) {
  const id = uniqueId();
  const input = element("input", { id, type: "checkbox", name: label });
  return {
    element: element("div", { class: "field check" }, input, element("label", { for: id }, ...caption(label, type))),
    read: () => input.checked,
    write(value) {
      input.checked = Boolean(value);
    },
  };
}

function taggedControl(type, label) {
  return textControl(type, label, {
    tag: "textarea",
    placeholder: '{"f64": 0.5}',
    hint: "a tagged value as JSON",
    read: (text) => JSON.parse(text),
  });
}

const group = (label, type, ...children) =>
  element("fieldset", {}, element("legend", {}, ...caption(label, type)), ...children);

function structureControl(type, types, label) {
  const fields = types[type.id].members.map((member) => [member.name, controlFor(member.type, types, member.name)]);
  return {
    element: group(label, type, element("div", { class: "fields" }, ...fields.map(([, control]) => control.element))),
    read() {
      const read = fields.map(([name, control]) => [name, control.read()]);
      // Without any field it is an absent argument. With some, the engine reports the missing ones.
      return fields.length > 0 && read.every(([, value]) => value === undefined) ? undefined : Object.fromEntries(read);
    },
    write(value) {
      for (const [name, control] of fields) if (Object.hasOwn(value, name)) control.write(value[name]);
    },
  };
}

function enumerationControl(type, types, label) {
  const { members } = types[type.id];
  const id = uniqueId();
  const payload = element("div", { class: "payload" });
  const select = element(
    "select",
    { id, name: label, onchange: show },
    ...members.map((member) => element("option", { value: member.name }, member.name)),
  );
  let payloadControl = null;

  function show() {
    const member = members.find((each) => each.name === select.value);
    payloadControl = member === undefined || member.type.kind === "unit" ? null : controlFor(member.type, types, member.name);
    payload.replaceChildren(...(payloadControl === null ? [] : [payloadControl.element]));
  }

  show();
  const choice = element("div", { class: "field" }, element("label", { for: id }, ...caption(label, type)), select);
  return {
    element: element("div", {}, choice, payload),
    read: () => (payloadControl === null ? select.value : { [select.value]: payloadControl.read() ?? null }),
    write(value) {
      const [name, payloadValue] = typeof value === "string" ? [value] : Object.entries(value)[0];
      select.value = name;
      show();
      payloadControl?.write(payloadValue);
    },
  };
}

function optionControl(type, types, label) {
  const id = uniqueId();
  const inner = controlFor(type.item, types, label);
  const checkbox = element("input", { id, type: "checkbox", onchange: show });

  function show() {
    inner.element.hidden = !checkbox.checked;
  }

  show();
  const check = element("div", { class: "check" }, checkbox, element("label", { for: id }, `give ${label}`));
  return {
    element: element("div", {}, check, inner.element),
    read: () => (checkbox.checked ? inner.read() : null),
    write(value) {
      checkbox.checked = value !== null && value !== undefined;
      show();
      if (checkbox.checked) inner.write(value);
    },
  };
}

/** Rows of controls, created by `create(number)`. The user can add and remove rows unless their number is `fixed`. */
function rows(label, type, create, fixed = false) {
  const list = element("div", { class: "list" });
  const items = [];

  function add() {
    const parts = create(items.length + 1);
    const row = element("div", { class: "row" }, ...parts.map((part) => part.element));
    const item = { parts, row };
    const remove = () => {
      items.splice(items.indexOf(item), 1);
      row.remove();
      addButton.focus();
    };
    const accessibleName = `Remove ${parts[0].element.querySelector("label, legend")?.firstChild.data ?? ""}`;
    const button = element("button", { type: "button", class: "secondary small", onclick: remove, "aria-label": accessibleName }, "Remove");
    if (!fixed) row.append(button);
    items.push(item);
    list.insertBefore(row, addButton);
    return parts;
  }

  const addButton = element("button", { type: "button", class: "secondary small", onclick: add, hidden: fixed }, `Add to ${label}`);
  list.append(addButton);
  const clear = () => {
    for (const { row } of items.splice(0)) row.remove();
  };
  return { element: group(label, type, list), items, add, clear };
}

function listControl(type, types, label) {
  const create = (number) => [controlFor(type.item, types, `${label} ${number}`)];
  const list = rows(label, type, create, type.length !== undefined);
  for (let each = 0; each < (type.length ?? 0); each += 1) list.add();
  return {
    element: list.element,
    read: () => list.items.map(({ parts: [item] }) => item.read()),
    write(values) {
      list.clear();
      for (const value of values) list.add()[0].write(value);
    },
  };
}

function mapControl(type, types, label) {
  const text = { kind: "str", name: "str" };
  const list = rows(label, type, (number) => [
    controlFor(text, types, `key ${number}`),
    controlFor(type.item, types, `value ${number}`),
  ]);
  return {
    element: list.element,
    read: () => Object.fromEntries(list.items.map(({ parts: [key, value] }) => [key.read(), value.read() ?? null])),
    write(entries) {
      list.clear();
      for (const [name, item] of Object.entries(entries)) {
        const [key, value] = list.add();
        key.write(name);
        value.write(item);
      }
    },
  };
}
