/* Records, options, maps and fixed arrays. */

typedef struct point {
    double x, y;
    arora_string label;
} point;

/* Read the fields of a Point, which may come in any order. */
static point read_point(arora_reader *reader, uint32_t count) {
    point read = {0, 0, {NULL, 0}};
    arora_uuid x = id_of(0xff0101u), y = id_of(0xff0102u), label = id_of(0xff0103u);
    while (count-- > 0 && !arora_failed(reader)) {
        arora_uuid field = arora_read_field(reader);
        if (arora_uuid_equal(&field, &x)) {
            read.x = arora_read_f64(reader);
        } else if (arora_uuid_equal(&field, &y)) {
            read.y = arora_read_f64(reader);
        } else if (arora_uuid_equal(&field, &label)) {
            read.label = arora_read_string(reader);
        } else {
            arora_fail(reader, "a field that Point does not have");
        }
    }
    return read;
}

/* Write the fields of a Point with x and y swapped. */
static void write_mirrored(arora_writer *writer, point read) {
    arora_uuid x = id_of(0xff0101u), y = id_of(0xff0102u), label = id_of(0xff0103u);
    arora_write_field(writer, &x);
    arora_write_f64(writer, read.y);
    arora_write_field(writer, &y);
    arora_write_f64(writer, read.x);
    arora_write_field(writer, &label);
    arora_write_string(writer, read.label);
}

/* mirror(value: Point) -> Point: with x and y swapped */
FUNCTION(40) {
    arora_uuid self = ID(40), type = id_of(0xff0100u);
    arora_reader value = parameter(argument, PARAMETER(4001));
    arora_structure header = arora_read_structure(&value);
    if (!arora_uuid_equal(&header.type, &type)) arora_fail(&value, "not a Point");
    point read = read_point(&value, header.count);
    if (arora_failed(&value)) return arora_error_in("value", &value);
    arora_writer writer = arora_result_begin(&self, 0);
    (void)arora_write_structure(&writer, &type, 3);
    write_mirrored(&writer, read);
    return arora_result_end(&writer);
}

/* echo_shape(value: Shape) -> Shape */
FUNCTION(41) { return copied(argument, ID(41), PARAMETER(4101)); }

/* mirror_all(value: Point[]) -> Point[] */
FUNCTION(42) {
    arora_uuid self = ID(42);
    arora_reader value = parameter(argument, PARAMETER(4201));
    arora_array array = arora_read_array(&value);
    if (array.element_tag != ARORA_STRUCTURE) arora_fail(&value, "expected an array of structures");
    if (arora_failed(&value)) return arora_error_in("value", &value);
    arora_writer writer = arora_result_begin(&self, 0);
    (void)arora_write_structures(&writer, &array.type, array.count);
    while (array.count-- > 0 && !arora_failed(&value)) {
        point read = read_point(&value, arora_read_field_count(&value));
        (void)arora_write_field_count(&writer, 3);
        write_mirrored(&writer, read);
    }
    if (!arora_failed(&value)) return arora_result_end(&writer);
    arora_writer_abandon(&writer);
    return arora_error_in("value", &value);
}

/* echo_shapes(value: Shape[]) -> Shape[] */
FUNCTION(43) { return copied(argument, ID(43), PARAMETER(4301)); }

/* echo_option(value: option<f64>) -> option<f64> */
FUNCTION(44) { return copied(argument, ID(44), PARAMETER(4401)); }

/* echo_map(value: map<str, f64>) -> map<str, f64> */
FUNCTION(45) { return copied(argument, ID(45), PARAMETER(4501)); }

/* reverse(value: f64[3]) -> f64[3] */
FUNCTION(46) {
    arora_uuid self = ID(46);
    arora_reader value = parameter(argument, PARAMETER(4601));
    uint32_t count = 0;
    const double *items = arora_read_f64s(&value, &count);
    if (arora_failed(&value)) return arora_error_in("value", &value);
    arora_writer writer = arora_result_begin(&self, 0);
    double *reversed = arora_reserve_f64s(&writer, count);
    for (uint32_t i = 0; reversed && i < count; i++) reversed[i] = items[count - 1 - i];
    return arora_result_end(&writer);
}
