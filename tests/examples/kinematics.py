"""The UR5's forward kinematics, from the published parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence

#: (a, alpha, d) of each link, metres and radians: the published standard Denavit-Hartenberg parameters of the UR5.
UR5_LINKS = [
    (0.0, math.pi / 2, 0.089159),
    (-0.425, 0.0, 0.0),
    (-0.39225, 0.0, 0.0),
    (0.0, math.pi / 2, 0.10915),
    (0.0, -math.pi / 2, 0.09465),
    (0.0, 0.0, 0.0823),
]
Matrix = list[list[float]]


def product(left: Matrix, right: Matrix) -> Matrix:
    return [[sum(left[i][k] * right[k][j] for k in range(4)) for j in range(4)] for i in range(4)]


def denavit_hartenberg(joints: Sequence[float]) -> Matrix:
    pose: Matrix = [[float(i == j) for j in range(4)] for i in range(4)]
    for theta, (a, alpha, d) in zip(joints, UR5_LINKS, strict=True):
        ct, st, ca, sa = math.cos(theta), math.sin(theta), math.cos(alpha), math.sin(alpha)
        link = [
            [ct, -st * ca, st * sa, a * ct],
            [st, ct * ca, -ct * sa, a * st],
            [0.0, sa, ca, d],
            [0.0, 0.0, 0.0, 1.0],
        ]
        pose = product(pose, link)
    return pose
