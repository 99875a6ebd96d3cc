/** A drawing of the arm, and a slider for each of its joints. The tool is drawn at the pose that the module returns. */

import { element, svgElement, uniqueId } from "./elements.mjs";
import { axesOf, jointPositions } from "./kinematics.mjs";

const UR5 = "673404c1-b148-4818-b0d3-c46377541168";
const NAMES = ["Base", "Shoulder", "Elbow", "Wrist 1", "Wrist 2", "Wrist 3"];
const START = [-0.5, -1.95, 1.35, -0.97, -1.57, 0];

const SCALE = 330; // pixels of the drawing per metre
const WIDTH = 640;
const HEIGHT = 460;
const BASE = [320, 325];
const ELEVATION = 0.42;
const BONE_WIDTHS = [36, 32, 26, 20, 18, 14];
const AXIS_LENGTH = 0.13; // metres

/** @param {object} module its description @returns {boolean} whether this is the module that can be drawn */
export const canDraw = (module) => module.id === UR5;

/**
 * @param {HTMLElement} container
 * @param {(joints: number[], finished: boolean) => object | null} forward calls the module; null when that failed
 */
export function showArm(container, forward) {
  const joints = [...START];
  let azimuth = -0.65;
  let pose = null;
  const picture = svgElement("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-labelledby": "arm-says" });
  const caption = element("p", { id: "arm-says", class: "muted" });

  function draw() {
    if (pose === null) return;
    picture.replaceChildren(...scene(joints, pose, azimuth));
    const { x, y, z } = pose.position;
    caption.textContent = `The module returns: tool at x ${metres(x)}, y ${metres(y)}, z ${metres(z)} m`;
  }

  function callModule(finished) {
    pose = forward([...joints], finished) ?? pose;
    draw();
  }

  let isScheduled = false;
  const callModuleSoon = () => {
    if (isScheduled) return;
    isScheduled = true;
    requestAnimationFrame(() => {
      isScheduled = false;
      callModule(false);
    });
  };
  const sliders = NAMES.map((name, index) =>
    slider(name, joints[index], { min: -3.14, max: 3.14 }, (angle, finished) => {
      joints[index] = angle;
      if (finished) callModule(true);
      else callModuleSoon();
    }),
  );
  const view = slider("Turn the view", azimuth, { min: -3.14, max: 3.14 }, (angle) => {
    azimuth = angle;
    draw();
  });
  container.replaceChildren(
    element("h2", { id: "arm-title" }, "The arm"),
    element(
      "div",
      { class: "arm-body" },
      element("div", {}, picture, caption),
      element(
        "div",
        { class: "sliders", role: "group", "aria-labelledby": "joints-title" },
        element("p", { id: "joints-title", class: "muted" }, "Joints, in radians. Every move calls the module."),
        ...sliders.map((each) => each.element),
      ),
      view.element,
    ),
  );
  container.hidden = false;
  callModule(true);
  return {
    /** Draw the result of a call made elsewhere. */
    show(angles, returned) {
      if (angles.length !== joints.length) return;
      angles.forEach((angle, index) => {
        joints[index] = angle;
        sliders[index].write(angle);
      });
      pose = returned;
      draw();
    },
  };
}

function slider(name, value, { min, max }, onMove) {
  const id = uniqueId();
  const output = element("output", { for: id });
  const input = element("input", { id, type: "range", min, max, step: 0.01, value });
  const showValue = () => {
    output.textContent = Number(input.value).toFixed(2);
  };
  input.addEventListener("input", () => {
    showValue();
    onMove(Number(input.value), false);
  });
  input.addEventListener("change", () => onMove(Number(input.value), true));
  showValue();
  return {
    element: element("div", { class: "slider" }, element("label", { for: id }, name), output, input),
    write(angle) {
      input.value = String(angle);
      output.textContent = Number(angle).toFixed(2);
    },
  };
}

const metres = (length) => length.toFixed(3);

// The scene, in an orthographic projection.

function scene(joints, pose, azimuth) {
  const project = ([x, y, z]) => {
    const across = x * Math.cos(azimuth) - y * Math.sin(azimuth);
    const depth = x * Math.sin(azimuth) + y * Math.cos(azimuth);
    return [
      BASE[0] + across * SCALE,
      BASE[1] - (z * Math.cos(ELEVATION) + depth * Math.sin(ELEVATION)) * SCALE,
    ];
  };
  const points = jointPositions(joints);
  const tool = [pose.position.x, pose.position.y, pose.position.z];
  points[points.length - 1] = tool;
  const projected = points.map(project);
  return [
    ...floor(project),
    svgElement("polyline", { class: "shadow", points: points.map(([x, y]) => project([x, y, 0]).join()).join(" ") }),
    svgElement("ellipse", { class: "base", cx: BASE[0], cy: BASE[1], rx: 34, ry: 34 * Math.sin(ELEVATION) }),
    ...bones(projected, points, azimuth),
    ...axesOf(pose.orientation).map((axis, index) =>
      line(project(tool), project(tool.map((value, row) => value + axis[row] * AXIS_LENGTH)), `axis ${"xyz"[index]}`),
    ),
    svgElement("circle", { class: "tool", cx: project(tool)[0], cy: project(tool)[1], r: 6 }),
  ];
}

/** Links and joints, sorted from back to front. */
function bones(projected, points, azimuth) {
  const depth = ([x, y]) => x * Math.sin(azimuth) + y * Math.cos(azimuth);
  return BONE_WIDTHS.map((width, index) => {
    const [from, to] = [projected[index], projected[index + 1]];
    return {
      distance: depth(points[index]) + depth(points[index + 1]),
      parts: [
        line(from, to, "bone edge", width + 5),
        line(from, to, "bone", width),
        line(from, to, "highlight", width / 5),
        ...(index === 0 ? [] : disc(from, Math.max(width, BONE_WIDTHS[index - 1]) / 2 + 1)),
        ...(index === BONE_WIDTHS.length - 1 ? [] : disc(to, width / 2 + 1)),
      ],
    };
  })
    .sort((one, other) => other.distance - one.distance)
    .flatMap(({ parts }) => parts);
}

const disc = ([cx, cy], r) => [
  svgElement("circle", { class: "joint", cx, cy, r }),
  svgElement("circle", { class: "pin", cx, cy, r: r / 3 }),
];

function line([x1, y1], [x2, y2], className, width) {
  return svgElement("line", { class: className, x1, y1, x2, y2, "stroke-width": width });
}

function floor(project) {
  const marks = [-0.7, -0.35, 0, 0.35, 0.7];
  const lines = marks.flatMap((mark) => [
    line(project([mark, -0.7, 0]), project([mark, 0.7, 0]), "floor"),
    line(project([-0.7, mark, 0]), project([0.7, mark, 0]), "floor"),
  ]);
  const named = [
    ["x", project([0.77, 0, 0])],
    ["y", project([0, 0.77, 0])],
  ].map(([name, [x, y]]) => svgElement("text", { class: "caption", x, y, "text-anchor": "middle" }, name));
  return [...lines, ...named];
}
