/** A drawing of the arm, and a slider for each of its joints. The tool is drawn where the module says it is. */

import { drawn, element, freshId } from "./elements.mjs";
import { axesOf, jointPositions } from "./kinematics.mjs";

const UR5 = "673404c1-b148-4818-b0d3-c46377541168";
const NAMES = ["Base", "Shoulder", "Elbow", "Wrist 1", "Wrist 2", "Wrist 3"];
const START = [-0.5, -1.95, 1.35, -0.97, -1.57, 0];

const SCALE = 330; // pixels of the drawing a metre
const WIDTH = 640;
const HEIGHT = 460;
const FOOT = [320, 325];
const ELEVATION = 0.42;
const WIDTHS = [36, 32, 26, 20, 18, 14];
const AXIS = 0.13;

/** @returns {boolean} whether this module is one whose answers can be drawn */
export const canDraw = (described) => described.id === UR5;

/**
 * @param {HTMLElement} place
 * @param {(joints: number[], finished: boolean) => object | null} forward asks the module; null when it failed
 */
export function showArm(place, forward) {
  const joints = [...START];
  let azimuth = -0.65;
  let pose = null;
  const picture = drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-labelledby": "arm-says" });
  const says = element("p", { id: "arm-says", class: "quiet-text" });

  function draw() {
    if (pose === null) return;
    picture.replaceChildren(...scene(joints, pose, azimuth));
    const { x, y, z } = pose.position;
    says.textContent = `The module answers: tool at x ${metres(x)}, y ${metres(y)}, z ${metres(z)} m`;
  }

  function ask(finished) {
    pose = forward([...joints], finished) ?? pose;
    draw();
  }

  let due = false;
  const soon = () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      ask(false);
    });
  };
  const sliders = NAMES.map((name, index) =>
    slider(name, joints[index], { min: -3.14, max: 3.14 }, (angle, finished) => {
      joints[index] = angle;
      if (finished) ask(true);
      else soon();
    }),
  );
  const view = slider("Turn the view", azimuth, { min: -3.14, max: 3.14 }, (angle) => {
    azimuth = angle;
    draw();
  });
  place.replaceChildren(
    element("h2", { id: "arm-title" }, "The arm"),
    element(
      "div",
      { class: "arm-body" },
      element("div", {}, picture, says),
      element(
        "div",
        { class: "sliders", role: "group", "aria-labelledby": "joints-title" },
        element("p", { id: "joints-title", class: "quiet-text" }, "Joints, in radians. Every move calls the module."),
        ...sliders.map((each) => each.element),
      ),
      view.element,
    ),
  );
  place.hidden = false;
  ask(true);
  return {
    /** Draws what was asked for elsewhere. */
    show(given, answered) {
      if (given.length !== joints.length) return;
      given.forEach((angle, index) => {
        joints[index] = angle;
        sliders[index].write(angle);
      });
      pose = answered;
      draw();
    },
  };
}

function slider(name, value, { min, max }, moved) {
  const id = freshId();
  const output = element("output", { for: id });
  const input = element("input", { id, type: "range", min, max, step: 0.01, value });
  const say = () => {
    output.textContent = Number(input.value).toFixed(2);
  };
  input.addEventListener("input", () => {
    say();
    moved(Number(input.value), false);
  });
  input.addEventListener("change", () => moved(Number(input.value), true));
  say();
  return {
    element: element("div", { class: "slider" }, element("label", { for: id }, name), output, input),
    write(angle) {
      input.value = String(angle);
      output.textContent = Number(angle).toFixed(2);
    },
  };
}

const metres = (length) => length.toFixed(3);

// The scene, from far away: parallel lines stay parallel.

function scene(joints, pose, azimuth) {
  const flat = ([x, y, z]) => {
    const across = x * Math.cos(azimuth) - y * Math.sin(azimuth);
    const deep = x * Math.sin(azimuth) + y * Math.cos(azimuth);
    return [
      FOOT[0] + across * SCALE,
      FOOT[1] - (z * Math.cos(ELEVATION) + deep * Math.sin(ELEVATION)) * SCALE,
    ];
  };
  const points = jointPositions(joints);
  const tool = [pose.position.x, pose.position.y, pose.position.z];
  points[points.length - 1] = tool;
  const places = points.map(flat);
  return [
    ...floor(flat),
    drawn("polyline", { class: "cast", points: points.map(([x, y]) => flat([x, y, 0]).join()).join(" ") }),
    drawn("ellipse", { class: "foot", cx: FOOT[0], cy: FOOT[1], rx: 34, ry: 34 * Math.sin(ELEVATION) }),
    ...bones(places, points, azimuth),
    ...axesOf(pose.orientation).map((axis, index) =>
      line(flat(tool), flat(tool.map((value, row) => value + axis[row] * AXIS)), `axis ${"xyz"[index]}`),
    ),
    drawn("circle", { class: "tool", cx: flat(tool)[0], cy: flat(tool)[1], r: 6 }),
  ];
}

/** Links and joints, those at the back first. */
function bones(places, points, azimuth) {
  const depth = ([x, y]) => x * Math.sin(azimuth) + y * Math.cos(azimuth);
  return WIDTHS.map((width, index) => {
    const [from, to] = [places[index], places[index + 1]];
    return {
      deep: depth(points[index]) + depth(points[index + 1]),
      parts: [
        line(from, to, "bone edge", width + 5),
        line(from, to, "bone", width),
        line(from, to, "shine", width / 5),
        ...(index === 0 ? [] : disc(from, Math.max(width, WIDTHS[index - 1]) / 2 + 1)),
        ...(index === WIDTHS.length - 1 ? [] : disc(to, width / 2 + 1)),
      ],
    };
  })
    .sort((one, other) => other.deep - one.deep)
    .flatMap(({ parts }) => parts);
}

const disc = ([cx, cy], r) => [
  drawn("circle", { class: "joint", cx, cy, r }),
  drawn("circle", { class: "pin", cx, cy, r: r / 3 }),
];

function line([x1, y1], [x2, y2], name, width) {
  return drawn("line", { class: name, x1, y1, x2, y2, "stroke-width": width });
}

function floor(flat) {
  const marks = [-0.7, -0.35, 0, 0.35, 0.7];
  const lines = marks.flatMap((mark) => [
    line(flat([mark, -0.7, 0]), flat([mark, 0.7, 0]), "floor"),
    line(flat([-0.7, mark, 0]), flat([0.7, mark, 0]), "floor"),
  ]);
  const named = [
    ["x", flat([0.77, 0, 0])],
    ["y", flat([0, 0.77, 0])],
  ].map(([name, [x, y]]) => drawn("text", { class: "caption", x, y, "text-anchor": "middle" }, name));
  return [...lines, ...named];
}
