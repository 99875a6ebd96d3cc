/*
 * The example watchdog without a C library, for hosts that offer no WASI: on arora.h alone.
 *
 * Checks whether a pose of the arm is within reach. The pose comes from another module, ur5.forward,
 * and the allowed reach from a callable that the host has registered, so neither is compiled in here.
 */
#define ARORA_IMPLEMENTATION
#define ARORA_USES_DISPATCH
#include "arora.h"

/* The allowed distance from the base, in metres, when the caller passes no callable. */
#define DEFAULT_REACH 0.85

static const arora_uuid CHECK = ARORA_UUID(0xcf82364c, 0xb83d, 0x453d, 0xa550, 0xd56b5648c1cd);
static const arora_uuid CHECK_JOINTS = ARORA_UUID(0xe1a51b7a, 0x804d, 0x40d2, 0xb695, 0xc0e93f20602a);
static const arora_uuid CHECK_REACH = ARORA_UUID(0x3aadbf3b, 0xb65e, 0x4c12, 0x84cf, 0x4782945046cd);

static const arora_uuid VERDICT = ARORA_UUID(0x27567bed, 0xeab7, 0x40ad, 0xab77, 0x89f6c1222f1c);
static const arora_uuid VERDICT_SAFE = ARORA_UUID(0xe590c3dd, 0xb968, 0x459a, 0xa886, 0xad433567bed7);
static const arora_uuid VERDICT_TOO_FAR = ARORA_UUID(0xb66bc1d2, 0x8f6a, 0x42f2, 0x9aa1, 0x42ec1087af03);
static const arora_uuid VERDICT_UNKNOWN = ARORA_UUID(0x2f44aa8c, 0xbbf5, 0x487f, 0x9802, 0xd879bb948c8a);

static const arora_uuid UR5 = ARORA_UUID(0x673404c1, 0xb148, 0x4818, 0xb0d3, 0xc46377541168);
static const arora_uuid FORWARD = ARORA_UUID(0xa9f6b4a2, 0x8597, 0x40ee, 0x850e, 0x6793240c418b);
static const arora_uuid FORWARD_JOINTS = ARORA_UUID(0xc344f5f0, 0xcb2b, 0x4369, 0xaa17, 0xfcf8ac06a0e3);
static const arora_uuid POSE_POSITION = ARORA_UUID(0x62f2eb3e, 0xd77b, 0x4720, 0xb14e, 0xe3fb4d9c872b);
static const arora_uuid VECTOR3_FIELDS[3] = {
    ARORA_UUID(0x9f5c8f57, 0x26f8, 0x4c91, 0x95e5, 0xa405876a1140), /* x */
    ARORA_UUID(0x8b79ee0a, 0x56cf, 0x483d, 0xbf14, 0x5f54fceeab87), /* y */
    ARORA_UUID(0x00b10dd6, 0x956a, 0x4957, 0x876f, 0x7efd7707ccb1), /* z */
};

static uint8_t *safe(void) {
    arora_writer writer = arora_result_begin(&CHECK, 0);
    arora_write_enumeration(&writer, &VERDICT, &VERDICT_SAFE);
    arora_write_unit(&writer);
    return arora_result_end(&writer);
}

static uint8_t *too_far(double beyond) {
    arora_writer writer = arora_result_begin(&CHECK, 0);
    arora_write_enumeration(&writer, &VERDICT, &VERDICT_TOO_FAR);
    arora_write_f64(&writer, beyond);
    return arora_result_end(&writer);
}

static uint8_t *unknown(arora_string why) {
    arora_writer writer = arora_result_begin(&CHECK, 0);
    arora_write_enumeration(&writer, &VERDICT, &VERDICT_UNKNOWN);
    arora_write_string(&writer, why);
    return arora_result_end(&writer);
}

/* Call ur5.forward and return its answer, which the caller frees. */
static uint8_t *ask_for_pose(const double *joints, uint32_t count) {
    arora_writer writer = arora_arguments_begin(&FORWARD, 1);
    arora_write_field(&writer, &FORWARD_JOINTS);
    arora_write_f64s(&writer, joints, count);
    return arora_dispatch(&UR5, &FORWARD, arora_writer_finish(&writer));
}

/* Return the distance in metres of a pose's position from the base. A failure is latched in `pose`. */
static double distance_of(arora_reader *pose) {
    arora_reader position = arora_find_field(pose, &POSE_POSITION);
    double squares = 0;
    for (int axis = 0; axis < 3; axis++) {
        arora_reader coordinate = arora_find_field(&position, &VECTOR3_FIELDS[axis]);
        double metres = arora_read_f64(&coordinate);
        if (arora_failed(&coordinate)) arora_fail(pose, "expected a pose with a position x, y, z");
        squares += metres * metres;
    }
    return __builtin_sqrt(squares);
}

/* Return the verdict on a distance; the callable `reach`, if not 0, returns the allowed one. */
static uint8_t *judge(double distance, uint64_t reach) {
    double allowed = DEFAULT_REACH;
    if (reach != 0) {
        uint8_t *answer = arora_dispatch_indirect(reach);
        arora_reader reader = arora_answer_value(answer);
        allowed = arora_read_f64(&reader);
        if (arora_failed(&reader)) {
            uint8_t *result = unknown(reader.error);
            arora_buffer_free(answer);
            return result;
        }
        arora_buffer_free(answer);
    }
    if (allowed != allowed) return unknown(arora_text("the allowed reach is not a number"));
    return distance <= allowed ? safe() : too_far(distance - allowed);
}

/* check(joints: f64[], reach: u64) -> safety.Verdict */
ARORA_FUNCTION(cf82364c_b83d_453d_a550_d56b5648c1cd) {
    arora_reader arguments = arora_arguments(argument);
    arora_reader joints_reader = arora_find_field(&arguments, &CHECK_JOINTS);
    arora_reader reach_reader = arora_find_field(&arguments, &CHECK_REACH);
    uint32_t count;
    const double *joints = arora_read_f64s(&joints_reader, &count);
    uint64_t reach = arora_is_absent(&reach_reader) ? 0 : arora_read_u64(&reach_reader);
    uint8_t *answer, *result;
    arora_reader pose;
    double distance;

    if (arora_failed(&joints_reader)) return arora_error_in("joints", &joints_reader);
    if (arora_failed(&reach_reader) && !arora_is_absent(&reach_reader)) {
        return arora_error_in("reach", &reach_reader);
    }
    answer = ask_for_pose(joints, count);
    pose = arora_answer_return(answer);
    distance = distance_of(&pose);
    result = arora_failed(&pose) ? unknown(pose.error) : judge(distance, reach);
    arora_buffer_free(answer);
    return result;
}
