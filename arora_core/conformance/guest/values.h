/* Values of every kind but records: each function returns its argument. */

/* Return the bytes of a parameter unchanged: both buffers have the value at the same offset. */
static uint8_t *copied(const uint8_t *argument, arora_uuid self, arora_uuid id) {
    arora_reader value = parameter(argument, id);
    if (arora_failed(&value)) return arora_error_in("value", &value);
    uint32_t from = value.position;
    arora_skip(&value);
    if (arora_failed(&value)) return arora_error_in("value", &value);
    arora_writer writer = arora_result_begin(&self, 0);
    arora_append(&writer, value.buffer + from, value.position - from);
    return arora_result_end(&writer);
}

/* echo(value: value) -> value */
FUNCTION(01) { return copied(argument, ID(01), PARAMETER(0101)); }

/* echo_unit(value: unit) */
FUNCTION(10) {
    arora_uuid self = ID(10);
    arora_reader value = parameter(argument, PARAMETER(1001));
    arora_read_unit(&value);
    if (arora_failed(&value)) return arora_error_in("value", &value);
    return arora_result_unit(&self);
}

#define ECHO_SCALAR(n, first, type, name)                                                            \
    FUNCTION(n) {                                                                                    \
        arora_uuid self = ID(n);                                                                     \
        arora_reader value = parameter(argument, PARAMETER(first));                                  \
        type read = arora_read_##name(&value);                                                       \
        if (arora_failed(&value)) return arora_error_in("value", &value);                            \
        return arora_result_##name(&self, read);                                                     \
    }

/* echo_bool, echo_u8, ... echo_f64, echo_str: read by type and written again */
ECHO_SCALAR(11, 1101, bool, boolean)
ECHO_SCALAR(12, 1201, uint8_t, u8)
ECHO_SCALAR(13, 1301, uint16_t, u16)
ECHO_SCALAR(14, 1401, uint32_t, u32)
ECHO_SCALAR(15, 1501, uint64_t, u64)
ECHO_SCALAR(16, 1601, int8_t, i8)
ECHO_SCALAR(17, 1701, int16_t, i16)
ECHO_SCALAR(18, 1801, int32_t, i32)
ECHO_SCALAR(19, 1901, int64_t, i64)
ECHO_SCALAR(1a, 1a01, float, f32)
ECHO_SCALAR(1b, 1b01, double, f64)
ECHO_SCALAR(1c, 1c01, arora_string, string)

/* echo_uuid(value: uuid) -> uuid */
FUNCTION(1d) {
    arora_uuid self = ID(1d);
    arora_reader value = parameter(argument, PARAMETER(1d01));
    arora_uuid read = arora_read_uuid(&value);
    if (arora_failed(&value)) return arora_error_in("value", &value);
    arora_writer writer = arora_result_begin(&self, 0);
    arora_write_uuid(&writer, &read);
    return arora_result_end(&writer);
}

#define ECHO_ARRAY(n, first, type, name)                                                             \
    FUNCTION(n) {                                                                                    \
        arora_uuid self = ID(n);                                                                     \
        arora_reader value = parameter(argument, PARAMETER(first));                                  \
        uint32_t count = 0;                                                                          \
        const type *items = arora_read_##name##s(&value, &count);                                    \
        if (arora_failed(&value)) return arora_error_in("value", &value);                            \
        arora_writer writer = arora_result_begin(&self, 0);                                          \
        arora_write_##name##s(&writer, items, count);                                                \
        return arora_result_end(&writer);                                                            \
    }

/* echo_bools, echo_u8s, ... echo_f64s */
ECHO_ARRAY(31, 3101, uint8_t, boolean)
ECHO_ARRAY(32, 3201, uint8_t, u8)
ECHO_ARRAY(33, 3301, uint16_t, u16)
ECHO_ARRAY(34, 3401, uint32_t, u32)
ECHO_ARRAY(35, 3501, uint64_t, u64)
ECHO_ARRAY(36, 3601, int8_t, i8)
ECHO_ARRAY(37, 3701, int16_t, i16)
ECHO_ARRAY(38, 3801, int32_t, i32)
ECHO_ARRAY(39, 3901, int64_t, i64)
ECHO_ARRAY(3a, 3a01, float, f32)
ECHO_ARRAY(3b, 3b01, double, f64)

/* echo_strs(value: str[]) -> str[] */
FUNCTION(3c) {
    arora_uuid self = ID(3c);
    arora_reader value = parameter(argument, PARAMETER(3c01));
    arora_array array = arora_read_array(&value);
    if (array.element_tag != ARORA_STRING) arora_fail(&value, "expected an array of strings");
    if (arora_failed(&value)) return arora_error_in("value", &value);
    arora_writer writer = arora_result_begin(&self, 0);
    (void)arora_write_strings(&writer, array.count);
    while (array.count-- > 0) arora_write_string_element(&writer, arora_read_string_element(&value));
    return arora_result_end(&writer);
}

/* echo_values(value: value[]) -> value[] */
FUNCTION(3d) { return copied(argument, ID(3d), PARAMETER(3d01)); }
