/** The positions of a UR5's joints, to draw the links between its base and the tool. Metres and radians. */

// Standard Denavit-Hartenberg parameters as published by Universal Robots: [d, a, alpha].
const LINKS = [
  [0.089159, 0, Math.PI / 2],
  [0, -0.425, 0],
  [0, -0.39225, 0],
  [0.10915, 0, Math.PI / 2],
  [0.09465, 0, -Math.PI / 2],
  [0.0823, 0, 0],
];

/**
 * @param {ArrayLike<number>} joints six angles
 * @returns {[number, number, number][]} seven points, from the base to the tool flange
 */
export function jointPositions(joints) {
  // Columns of the rotation, and the position.
  let [x, y, z, position] = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]];
  const points = [position];
  LINKS.forEach(([d, a, alpha], index) => {
    const [cos, sin] = [Math.cos(joints[index]), Math.sin(joints[index])];
    const turnedX = x.map((_, row) => x[row] * cos + y[row] * sin);
    const turnedY = y.map((_, row) => y[row] * cos - x[row] * sin);
    position = position.map((value, row) => value + turnedX[row] * a + z[row] * d);
    const [ca, sa] = [Math.cos(alpha), Math.sin(alpha)];
    const axis = z;
    x = turnedX;
    y = turnedY.map((value, row) => value * ca + axis[row] * sa);
    z = turnedY.map((value, row) => axis[row] * ca - value * sa);
    points.push(position);
  });
  return points;
}

/** @param {{x: number, y: number, z: number, w: number}} q a unit quaternion @returns {number[][]} the rotated x, y and z axes */
export function axesOf({ x, y, z, w }) {
  return [
    [1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w)],
    [2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w)],
    [2 * (x * z + y * w), 2 * (y * z - x * w), 1 - 2 * (x * x + y * y)],
  ];
}
