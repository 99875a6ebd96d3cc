/* Forward kinematics and joint limits of the Universal Robots UR5. The wasm and the native build return the same
 * numbers, bit for bit: this file computes sine and cosine itself, with operations whose rounding IEEE 754 fixes, and
 * the build does not contract a*b+c into one rounding. */
#include "ur5.h"

#define JOINTS 6
#define LARGEST_ANGLE 1e6 /* Beyond this the reduction below loses digits; the joints are limited to 2*pi. */

/* Standard Denavit-Hartenberg parameters as published by Universal Robots, in metres. The twist alpha is a multiple of
 * a quarter turn, so its sine is exact and its cosine is 1 where the sine is 0. */
static const struct link {
    double d, a, sin_alpha;
} LINKS[JOINTS] = {{0.089159, 0.0, 1.0}, {0.0, -0.425, 0.0},   {0.0, -0.39225, 0.0},
                   {0.10915, 0.0, 1.0},  {0.09465, 0.0, -1.0}, {0.0823, 0.0, 0.0}};

/* The Taylor series of sin(r)/r and of cos(r) after their leading 1, in powers of r^2: +-1/k! of odd and of even k. */
static const double TERMS[][2] = {{-1.0 / 6, -1.0 / 2},
                                  {1.0 / 120, 1.0 / 24},
                                  {-1.0 / 5040, -1.0 / 720},
                                  {1.0 / 362880, 1.0 / 40320},
                                  {-1.0 / 39916800, -1.0 / 3628800},
                                  {1.0 / 6227020800, 1.0 / 479001600},
                                  {-1.0 / 1307674368000, -1.0 / 87178291200},
                                  {1.0 / 355687428096000, 1.0 / 20922789888000},
                                  {-1.0 / 121645100408832000, -1.0 / 6402373705728000}};

/* Set the sine and cosine of an angle up to LARGEST_ANGLE, to about one unit in the last place. Subtracting n quarter
 * turns brings it within pi/4 of 0, where the series are accurate; pi/2 is split into parts of 33 bits, so that n times
 * each of the first two is exact. n modulo 4 selects which of the two series is the sine, and its sign. */
static void sine_and_cosine(double angle, double *sine, double *cosine) {
    int64_t n = (int64_t)(angle * 0.6366197723675814 + (angle < 0 ? -0.5 : 0.5));
    double turns = (double)n, s = 0, c = 0;
    double r = ((angle - turns * 1.5707963267341256) - turns * 6.077100506303966e-11) - turns * 2.0222662487959506e-21;
    for (int i = sizeof TERMS / sizeof *TERMS - 1; i >= 0; i--) {
        s = (s + TERMS[i][0]) * (r * r);
        c = (c + TERMS[i][1]) * (r * r);
    }
    s = r + r * s;
    c = 1 + c;
    *sine = (n & 1 ? c : s) * (n & 2 ? -1 : 1);
    *cosine = (n & 1 ? -s : c) * (n & 2 ? -1 : 1);
}

/* Append one link to a transformation, the first three rows of a matrix: T := T * Rz(angle) * Tz(d) * Tx(a) *
 * Rx(alpha). */
static void append_link(double t[3][4], const struct link *link, double angle) {
    double sine, cosine, sa = link->sin_alpha, ca = sa == 0 ? 1 : 0;
    sine_and_cosine(angle, &sine, &cosine);
    for (int row = 0; row < 3; row++) {
        double x = t[row][0] * cosine + t[row][1] * sine;
        double y = t[row][1] * cosine - t[row][0] * sine;
        double z = t[row][2];
        t[row][0] = x;
        t[row][1] = y * ca + z * sa;
        t[row][2] = z * ca - y * sa;
        t[row][3] += x * link->a + z * link->d;
    }
}

/* Return the unit quaternion, w >= 0, of a rotation. Start from the largest of the four components, so that no division
 * is by a number near zero. */
static kinematics_quaternion rotation(double t[3][4]) {
    double q[4], trace = t[0][0] + t[1][1] + t[2][2];
    int i = t[1][1] > t[0][0] ? 1 : 0;
    if (t[2][2] > t[i][i]) i = 2;
    int j = (i + 1) % 3, k = (i + 2) % 3;
    double root = __builtin_sqrt(trace > 0 ? 1 + trace : 1 + t[i][i] - t[j][j] - t[k][k]);
    if (trace > 0) {
        q[0] = (t[2][1] - t[1][2]) / (2 * root);
        q[1] = (t[0][2] - t[2][0]) / (2 * root);
        q[2] = (t[1][0] - t[0][1]) / (2 * root);
        q[3] = root / 2;
    } else {
        q[i] = root / 2;
        q[j] = (t[j][i] + t[i][j]) / (2 * root);
        q[k] = (t[k][i] + t[i][k]) / (2 * root);
        q[3] = (t[k][j] - t[j][k]) / (2 * root);
    }
    double norm = __builtin_sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    if (q[3] < 0) norm = -norm;
    return (kinematics_quaternion){q[0] / norm, q[1] / norm, q[2] / norm, q[3] / norm};
}

arora_failure ur5_forward(arora_arena *arena, arora_f64_array joints, kinematics_pose *result) {
    double pose[3][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}};
    if (joints.count != JOINTS) return arora_format(arena, "forward wants 6 joints, got %u", joints.count);
    for (unsigned i = 0; i < JOINTS; i++) {
        if (!(joints.items[i] >= -LARGEST_ANGLE && joints.items[i] <= LARGEST_ANGLE)) { /* NaN is not within, either */
            return arora_format(arena, "forward wants angles within a million radians, joint %u is not", i + 1);
        }
        append_link(pose, &LINKS[i], joints.items[i]);
    }
    result->position = (kinematics_vector3){pose[0][3], pose[1][3], pose[2][3]};
    result->orientation = rotation(pose);
    return NULL;
}

arora_failure ur5_clamp(arora_arena *arena, arora_f64_array *joints, uint32_t *result) {
    const double limit = 6.283185307179586; /* 2*pi: every joint of the UR5 turns a full turn in each direction */
    double *within = arora_new(arena, double, joints->count);
    if (within == NULL) return ARORA_NO_MEMORY;
    for (uint32_t i = 0; i < joints->count; i++) {
        double angle = joints->items[i];
        within[i] = angle < -limit ? -limit : angle > limit ? limit : angle;
        *result += angle < -limit || angle > limit;
    }
    joints->items = within;
    return NULL;
}
