/* Arguments, results, and state kept between calls. */

/* given(a: u32, b: u32, c: u32) -> u32: bit 0 is set when a was passed, bit 1 for b, bit 2 for c */
FUNCTION(50) {
    arora_uuid self = ID(50);
    arora_reader a = parameter(argument, PARAMETER(5001)), b = parameter(argument, PARAMETER(5002));
    arora_reader c = parameter(argument, PARAMETER(5003));
    return arora_result_u32(&self, !arora_is_absent(&a) | !arora_is_absent(&b) << 1 | !arora_is_absent(&c) << 2);
}

/* add(a: u32, b: u32) -> u32: wraps around */
FUNCTION(51) {
    arora_uuid self = ID(51);
    arora_reader a = parameter(argument, PARAMETER(5101)), b = parameter(argument, PARAMETER(5102));
    uint32_t sum = arora_read_u32(&a) + arora_read_u32(&b);
    if (arora_failed(&a)) return arora_error_in("a", &a);
    if (arora_failed(&b)) return arora_error_in("b", &b);
    return arora_result_u32(&self, sum);
}

/* received(value: value) -> u8[]: the whole argument buffer, as it arrived */
FUNCTION(52) {
    arora_uuid self = ID(52);
    arora_writer writer = arora_result_begin(&self, 0);
    arora_write_u8s(&writer, argument, size_of(argument));
    return arora_result_end(&writer);
}

/* append(items: mutable f64[], item: f64, log: mutable str) -> u32: the new length; "+" is appended to log */
FUNCTION(53) {
    arora_uuid self = ID(53), items_id = PARAMETER(5301), log_id = PARAMETER(5303);
    arora_reader items = parameter(argument, items_id), item = parameter(argument, PARAMETER(5302));
    arora_reader log = parameter(argument, log_id);
    uint32_t count = 0;
    const double *given = arora_read_f64s(&items, &count);
    double last = arora_read_f64(&item);
    arora_string text = arora_read_string(&log);
    if (arora_failed(&items)) return arora_error_in("items", &items);
    if (arora_failed(&item)) return arora_error_in("item", &item);
    if (arora_failed(&log)) return arora_error_in("log", &log);
    arora_writer writer = arora_result_begin(&self, 2);
    arora_write_u32(&writer, count + 1);
    arora_write_field(&writer, &items_id);
    double *all = arora_reserve_f64s(&writer, count + 1);
    for (uint32_t i = 0; all && i < count; i++) all[i] = given[i];
    if (all) all[count] = last;
    arora_write_field(&writer, &log_id);
    arora_mark mark = arora_begin_string(&writer);
    arora_append_string(&writer, text);
    arora_append_text(&writer, "+");
    arora_end_string(&writer, mark);
    return arora_result_end(&writer);
}

/* nothing(): returns a unit */
FUNCTION(54) {
    arora_uuid self = ID(54);
    return arora_result_unit(&self);
}

/* count() -> u32: number of calls of this function so far */
FUNCTION(55) {
    static uint32_t calls;
    arora_uuid self = ID(55);
    return arora_result_u32(&self, ++calls);
}

/* exchange(value: u64) -> u64: stores the value and returns the one stored before; 0 at first */
FUNCTION(56) {
    static uint64_t kept;
    arora_uuid self = ID(56);
    arora_reader value = parameter(argument, PARAMETER(5601));
    uint64_t before = kept, given = arora_read_u64(&value);
    if (arora_failed(&value)) return arora_error_in("value", &value);
    kept = given;
    return arora_result_u64(&self, before);
}

/* alignment(value: u8[]) -> u32: the address of the argument buffer, modulo 8 */
FUNCTION(57) {
    arora_uuid self = ID(57);
    return arora_result_u32(&self, (uint32_t)((uintptr_t)argument % 8));
}

/* read_behind(value: u8[]): reads the 4 bytes after the argument buffer, as guests may (docs/ABI.md, section 3) */
FUNCTION(58) {
    arora_uuid self = ID(58);
    const volatile uint8_t *behind = argument + size_of(argument);
    for (uint32_t i = 0; i < 4; i++) (void)behind[i];
    return arora_result_unit(&self);
}

/* fill(size: u32, byte: u8) -> u8[]: `size` times that byte. A large size makes memory grow during the call */
FUNCTION(59) {
    arora_uuid self = ID(59);
    arora_reader size = parameter(argument, PARAMETER(5901)), byte = parameter(argument, PARAMETER(5902));
    uint32_t count = arora_read_u32(&size);
    uint8_t item = arora_read_u8(&byte);
    if (arora_failed(&size)) return arora_error_in("size", &size);
    if (arora_failed(&byte)) return arora_error_in("byte", &byte);
    arora_writer writer = arora_result_begin(&self, 0);
    uint8_t *bytes = arora_reserve_u8s(&writer, count);
    for (uint32_t i = 0; bytes && i < count; i++) bytes[i] = item;
    return arora_result_end(&writer);
}

static uint64_t mixed(uint64_t hash, const uint8_t *bytes, uint32_t size) {
    for (uint32_t i = 0; i < size; i++) hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

/* checksum(value: u8[]) -> u64: FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
FUNCTION(5a) {
    arora_uuid self = ID(5a);
    arora_reader value = parameter(argument, PARAMETER(5a01));
    uint32_t count = 0;
    const uint8_t *bytes = arora_read_u8s(&value, &count);
    if (arora_failed(&value)) return arora_error_in("value", &value);
    return arora_result_u64(&self, mixed(0xcbf29ce484222325u, bytes, count));
}
