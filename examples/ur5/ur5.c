/*
 * Forward kinematics and joint limits of the Universal Robots UR5.
 *
 * The wasm and the native build return the same numbers, bit for bit: this file computes sine and
 * cosine itself, with operations whose rounding IEEE 754 fixes, and the build does not contract a*b+c
 * into one rounding.
 */
#define ARORA_IMPLEMENTATION
#include "arora.h"

#define JOINTS 6

static const arora_uuid FORWARD = ARORA_UUID(0xa9f6b4a2, 0x8597, 0x40ee, 0x850e, 0x6793240c418b);
static const arora_uuid FORWARD_JOINTS = ARORA_UUID(0xc344f5f0, 0xcb2b, 0x4369, 0xaa17, 0xfcf8ac06a0e3);
static const arora_uuid CLAMP = ARORA_UUID(0x6bef9446, 0x5c97, 0x4cde, 0x8d66, 0xebd5dd5059fd);
static const arora_uuid CLAMP_JOINTS = ARORA_UUID(0x96c1e0c3, 0xa08a, 0x406c, 0xa4d2, 0xb0e4a6a2adbf);

static const arora_uuid VECTOR3 = ARORA_UUID(0xf8ba2f66, 0xfed8, 0x4a32, 0x9dc6, 0xecf55a9d1a43);
static const arora_uuid VECTOR3_FIELDS[3] = {
    ARORA_UUID(0x9f5c8f57, 0x26f8, 0x4c91, 0x95e5, 0xa405876a1140), /* x */
    ARORA_UUID(0x8b79ee0a, 0x56cf, 0x483d, 0xbf14, 0x5f54fceeab87), /* y */
    ARORA_UUID(0x00b10dd6, 0x956a, 0x4957, 0x876f, 0x7efd7707ccb1), /* z */
};
static const arora_uuid QUATERNION = ARORA_UUID(0x2302e404, 0xa537, 0x4c63, 0xbe02, 0x790364ed395a);
static const arora_uuid QUATERNION_FIELDS[4] = {
    ARORA_UUID(0x9fd7ad12, 0x6918, 0x4731, 0x84b3, 0x21018cce7ba3), /* x */
    ARORA_UUID(0x3d366fb1, 0x5af3, 0x4896, 0x8987, 0x40ad10eca11c), /* y */
    ARORA_UUID(0x114c6196, 0xb234, 0x4ca5, 0x9c90, 0x379a3ec181ff), /* z */
    ARORA_UUID(0xbb6485de, 0xbc40, 0x445f, 0xac9f, 0xdc9d09eabb3e), /* w */
};
static const arora_uuid POSE = ARORA_UUID(0x09149c4d, 0xad70, 0x4b61, 0xaa43, 0x822454d81295);
static const arora_uuid POSE_POSITION = ARORA_UUID(0x62f2eb3e, 0xd77b, 0x4720, 0xb14e, 0xe3fb4d9c872b);
static const arora_uuid POSE_ORIENTATION = ARORA_UUID(0x2ecfc441, 0xce94, 0x475c, 0x8c95, 0x096598ca18e3);

/* Standard Denavit-Hartenberg parameters as published by Universal Robots, in metres. The twist alpha
 * is a multiple of a quarter turn, so its sine is exact and its cosine is 1 where the sine is 0. */
typedef struct link_parameters {
    double d, a, sin_alpha;
} link_parameters;

static const link_parameters LINKS[JOINTS] = {
    {0.089159, 0.0, 1.0},  {0.0, -0.425, 0.0},   {0.0, -0.39225, 0.0},
    {0.10915, 0.0, 1.0},   {0.09465, 0.0, -1.0}, {0.0823, 0.0, 0.0},
};

/* Beyond this the argument reduction below loses digits; the joints themselves are limited to 2*pi. */
#define LARGEST_ANGLE 1000000.0

/* The Taylor series of sin(r)/r and of cos(r) after their leading 1, in powers of r^2: +-1/k! */
#define TERMS 9
static const double SINE_TERMS[TERMS] = {
    -1.0 / 6,
    1.0 / 120,
    -1.0 / 5040,
    1.0 / 362880,
    -1.0 / 39916800,
    1.0 / 6227020800,
    -1.0 / 1307674368000,
    1.0 / 355687428096000,
    -1.0 / 121645100408832000,
};
static const double COSINE_TERMS[TERMS] = {
    -1.0 / 2,
    1.0 / 24,
    -1.0 / 720,
    1.0 / 40320,
    -1.0 / 3628800,
    1.0 / 479001600,
    -1.0 / 87178291200,
    1.0 / 20922789888000,
    -1.0 / 6402373705728000,
};

/*
 * Set the sine and cosine of an angle up to LARGEST_ANGLE, to about one unit in the last place.
 *
 * Subtracting n quarter turns brings the angle within pi/4 of 0. pi/2 is split into parts of 33 bits,
 * so that n times each of the first two is exact. In that range the series above are accurate to the
 * last place; n modulo 4 selects which of the two is the sine, and its sign.
 */
static void sine_and_cosine(double angle, double *sine, double *cosine) {
    const double two_over_pi = 0.6366197723675814;
    const double half_pi_high = 1.5707963267341256;
    const double half_pi_middle = 6.077100506303966e-11;
    const double half_pi_low = 2.0222662487959506e-21;
    int64_t n = (int64_t)(angle * two_over_pi + (angle < 0 ? -0.5 : 0.5));
    double turns = (double)n;
    double r = ((angle - turns * half_pi_high) - turns * half_pi_middle) - turns * half_pi_low;
    double r2 = r * r;
    double s = 0, c = 0, swap;
    for (int i = TERMS - 1; i >= 0; i--) {
        s = (s + SINE_TERMS[i]) * r2;
        c = (c + COSINE_TERMS[i]) * r2;
    }
    s = r + r * s;
    c = 1 + c;
    if (n & 1) {
        swap = s;
        s = c;
        c = -swap;
    }
    *sine = n & 2 ? -s : s;
    *cosine = n & 2 ? -c : c;
}

/* The first three rows of a homogeneous transformation: rotation in the first three columns, position
 * in the last. */
typedef double transformation[3][4];

/* Append one link: T := T * Rz(angle) * Tz(d) * Tx(a) * Rx(alpha). */
static void append_link(transformation t, const link_parameters *link, double angle) {
    double sine, cosine;
    const double sa = link->sin_alpha;
    const double ca = sa == 0 ? 1 : 0;
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

/* Set q = (x, y, z, w) to the unit quaternion, w >= 0, of a rotation. Start from the largest of the
 * four components, so that no division is by a number near zero. */
static void rotation_to_quaternion(transformation t, double q[4]) {
    double trace = t[0][0] + t[1][1] + t[2][2];
    int i = 0, j, k;
    double root, norm;
    if (trace > 0) {
        root = __builtin_sqrt(1 + trace);
        q[3] = root / 2;
        q[0] = (t[2][1] - t[1][2]) / (2 * root);
        q[1] = (t[0][2] - t[2][0]) / (2 * root);
        q[2] = (t[1][0] - t[0][1]) / (2 * root);
    } else {
        if (t[1][1] > t[0][0]) i = 1;
        if (t[2][2] > t[i][i]) i = 2;
        j = (i + 1) % 3;
        k = (i + 2) % 3;
        root = __builtin_sqrt(1 + t[i][i] - t[j][j] - t[k][k]);
        q[i] = root / 2;
        q[j] = (t[j][i] + t[i][j]) / (2 * root);
        q[k] = (t[k][i] + t[i][k]) / (2 * root);
        q[3] = (t[k][j] - t[j][k]) / (2 * root);
    }
    norm = __builtin_sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    if (q[3] < 0) norm = -norm;
    for (i = 0; i < 4; i++) q[i] /= norm;
}

static void write_numbers(arora_writer *writer, const arora_uuid *type, const arora_uuid *fields,
                          const double *numbers, uint32_t count) {
    (void)arora_write_structure(writer, type, count);
    for (uint32_t i = 0; i < count; i++) {
        arora_write_field(writer, &fields[i]);
        arora_write_f64(writer, numbers[i]);
    }
}

static uint8_t *error_with_number(const char *before, uint64_t number, const char *after) {
    arora_mark mark;
    arora_writer writer = arora_error_begin(&mark);
    arora_append_text(&writer, before);
    arora_append_decimal(&writer, number);
    arora_append_text(&writer, after);
    return arora_error_end(&writer, mark);
}

/* forward(joints: f64[]) -> ur5.Pose */
ARORA_FUNCTION(a9f6b4a2_8597_40ee_850e_6793240c418b) {
    arora_reader arguments = arora_arguments(argument);
    arora_reader reader = arora_find_field(&arguments, &FORWARD_JOINTS);
    uint32_t count;
    const double *joints = arora_read_f64s(&reader, &count);
    transformation pose = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}};
    double position[3], orientation[4];
    arora_writer writer;

    if (arora_failed(&reader)) return arora_error_in("joints", &reader);
    if (count != JOINTS) return error_with_number("forward wants 6 joints, got ", count, "");
    for (uint32_t i = 0; i < JOINTS; i++) {
        /* The negated comparison rejects NaN as well. */
        if (!(joints[i] >= -LARGEST_ANGLE && joints[i] <= LARGEST_ANGLE)) {
            return error_with_number("forward wants angles within a million radians, joint ", i + 1, " is not");
        }
        append_link(pose, &LINKS[i], joints[i]);
    }
    for (int row = 0; row < 3; row++) position[row] = pose[row][3];
    rotation_to_quaternion(pose, orientation);

    writer = arora_result_begin(&FORWARD, 0);
    (void)arora_write_structure(&writer, &POSE, 2);
    arora_write_field(&writer, &POSE_POSITION);
    write_numbers(&writer, &VECTOR3, VECTOR3_FIELDS, position, 3);
    arora_write_field(&writer, &POSE_ORIENTATION);
    write_numbers(&writer, &QUATERNION, QUATERNION_FIELDS, orientation, 4);
    return arora_result_end(&writer);
}

/* clamp(joints: f64[] mutable) -> u32 */
ARORA_FUNCTION(6bef9446_5c97_4cde_8d66_ebd5dd5059fd) {
    const double limit = 6.283185307179586; /* 2*pi: every joint of the UR5 turns a full turn in each direction */
    arora_reader arguments = arora_arguments(argument);
    arora_reader reader = arora_find_field(&arguments, &CLAMP_JOINTS);
    uint32_t count, clamped = 0;
    const double *joints = arora_read_f64s(&reader, &count);
    double *within;
    arora_writer writer;

    if (arora_failed(&reader)) return arora_error_in("joints", &reader);
    for (uint32_t i = 0; i < count; i++) clamped += joints[i] < -limit || joints[i] > limit;

    writer = arora_result_begin(&CLAMP, 1);
    arora_write_u32(&writer, clamped);
    arora_write_field(&writer, &CLAMP_JOINTS);
    within = arora_reserve_f64s(&writer, count);
    for (uint32_t i = 0; i < count && within != NULL; i++) {
        within[i] = joints[i] < -limit ? -limit : joints[i] > limit ? limit : joints[i];
    }
    return arora_result_end(&writer);
}
