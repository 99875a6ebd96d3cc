/* Calls from the guest to its host. */

/* Return a result that holds the raw bytes of an answer, and free the answer. */
static uint8_t *handed_on(arora_uuid self, uint8_t *answer) {
    arora_writer writer = arora_result_begin(&self, 0);
    arora_write_u8s(&writer, answer, size_of(answer));
    arora_buffer_free(answer);
    return arora_result_end(&writer);
}

/* forward(module: uuid, function: uuid, argument: u8[]) -> u8[]: dispatches a raw buffer, returns the raw answer */
FUNCTION(80) {
    arora_reader module = parameter(argument, PARAMETER(8001)), function = parameter(argument, PARAMETER(8002));
    arora_reader bytes = parameter(argument, PARAMETER(8003));
    arora_uuid module_id = arora_read_uuid(&module), function_id = arora_read_uuid(&function);
    uint32_t size = 0;
    const uint8_t *given = arora_read_u8s(&bytes, &size);
    if (arora_failed(&bytes)) return arora_error_in("argument", &bytes);
    return handed_on(ID(80), arora_dispatch(&module_id, &function_id, raw(given, size)));
}

/* indirect(callable: u64) -> u8[]: calls the callable, returns the raw answer */
FUNCTION(81) {
    arora_reader callable = parameter(argument, PARAMETER(8101));
    uint64_t number = arora_read_u64(&callable);
    if (arora_failed(&callable)) return arora_error_in("callable", &callable);
    return handed_on(ID(81), arora_dispatch_indirect(number));
}

/* forward_with(mode: u32, module: uuid, function: uuid, argument: u8[]) -> u8[]: like forward, with the allocator in
 * that mode (see set_allocator) for the answer */
FUNCTION(82) {
    arora_reader how = parameter(argument, PARAMETER(8201)), module = parameter(argument, PARAMETER(8202));
    arora_reader function = parameter(argument, PARAMETER(8203)), bytes = parameter(argument, PARAMETER(8204));
    arora_uuid module_id = arora_read_uuid(&module), function_id = arora_read_uuid(&function);
    uint32_t size = 0, wanted = arora_read_u32(&how);
    const uint8_t *given = arora_read_u8s(&bytes, &size);
    if (arora_failed(&bytes)) return arora_error_in("argument", &bytes);
    uint8_t *copy = raw(given, size);
    mode = wanted;
    return handed_on(ID(82), arora_dispatch(&module_id, &function_id, copy));
}

/* descend(module: uuid, depth: u32) -> u32: calls itself through `module` until depth is 0; returns the depth reached.
 * Fails when a nested call has changed its stack or its argument */
FUNCTION(83) {
    arora_uuid self = ID(83), depth_id = PARAMETER(8302), module_parameter = PARAMETER(8301);
    arora_reader module = parameter(argument, module_parameter), depth = parameter(argument, depth_id);
    arora_uuid module_id = arora_read_uuid(&module);
    uint32_t left = arora_read_u32(&depth);
    volatile uint32_t kept[32];
    if (arora_failed(&module)) return arora_error_in("module", &module);
    if (arora_failed(&depth)) return arora_error_in("depth", &depth);
    if (left == 0) return arora_result_u32(&self, 0);
    for (uint32_t i = 0; i < 32; i++) kept[i] = left * 31 + i;
    arora_writer inner = arora_arguments_begin(&self, 2);
    arora_write_field(&inner, &module_parameter);
    arora_write_uuid(&inner, &module_id);
    arora_write_field(&inner, &depth_id);
    arora_write_u32(&inner, left - 1);
    uint8_t *answer = arora_dispatch(&module_id, &self, arora_writer_finish(&inner));
    arora_reader result = arora_answer_return(answer);
    uint32_t deeper = arora_read_u32(&result);
    uint8_t *failure = arora_failed(&result) ? arora_error_string(result.error) : NULL;
    arora_buffer_free(answer);
    if (failure) return failure;
    for (uint32_t i = 0; i < 32; i++) {
        if (kept[i] != left * 31 + i) return arora_error("the stack was written to by a nested call");
    }
    /* The argument must not move or change while the host writes others. */
    depth = parameter(argument, depth_id);
    if (arora_read_u32(&depth) != left) return arora_error("the argument was written to by a nested call");
    return arora_result_u32(&self, deeper + 1);
}

/* walk(route: u8[], seed: u64, end: u32) -> u64: route is module ids back to back. Each module calls walk of the
 * next and hashes the result, after a count of its own visits. At the last module, end selects: 0 return, 1 fail, 2
 * break the ABI. An error is hashed as the word "error", because its message is the host's */
FUNCTION(84) {
    static uint64_t visits;
    arora_uuid self = ID(84), route_id = PARAMETER(8401), seed_id = PARAMETER(8402), end_id = PARAMETER(8403);
    arora_reader route = parameter(argument, route_id), seed = parameter(argument, seed_id);
    arora_reader end = parameter(argument, end_id);
    uint32_t size = 0, how = arora_read_u32(&end);
    const uint8_t *left = arora_read_u8s(&route, &size);
    uint64_t hash = arora_read_u64(&seed);
    if (arora_failed(&route)) return arora_error_in("route", &route);
    if (arora_failed(&seed)) return arora_error_in("seed", &seed);
    visits++;
    hash = mixed(hash, (const uint8_t *)&visits, sizeof visits);
    if (size < 16) {
        if (how == 1) return arora_error("the end of the walk");
        if (how == 2) return NULL;
        return arora_result_u64(&self, hash);
    }
    arora_uuid next;
    ARORA_COPY_(next.bytes, left, 16);
    arora_writer inner = arora_arguments_begin(&self, 3);
    arora_write_field(&inner, &route_id);
    arora_write_u8s(&inner, left + 16, size - 16);
    arora_write_field(&inner, &seed_id);
    arora_write_u64(&inner, hash);
    arora_write_field(&inner, &end_id);
    arora_write_u32(&inner, how);
    uint8_t *answer = arora_dispatch(&next, &self, arora_writer_finish(&inner));
    arora_reader result = arora_answer_return(answer);
    uint64_t there = arora_read_u64(&result);
    hash = arora_failed(&result) ? mixed(hash, (const uint8_t *)"error", 5)
                                 : mixed(hash, (const uint8_t *)&there, sizeof there);
    arora_buffer_free(answer);
    return arora_result_u64(&self, hash);
}

/* repeat(module: uuid, function: uuid, argument: u8[], times: u32) -> u32: dispatches `times` times; failure count */
FUNCTION(85) {
    arora_uuid self = ID(85);
    arora_reader module = parameter(argument, PARAMETER(8501)), function = parameter(argument, PARAMETER(8502));
    arora_reader bytes = parameter(argument, PARAMETER(8503)), times = parameter(argument, PARAMETER(8504));
    arora_uuid module_id = arora_read_uuid(&module), function_id = arora_read_uuid(&function);
    uint32_t size = 0, left = arora_read_u32(&times), failures = 0;
    const uint8_t *given = arora_read_u8s(&bytes, &size);
    if (arora_failed(&bytes)) return arora_error_in("argument", &bytes);
    while (left-- > 0) {
        uint8_t *answer = arora_dispatch(&module_id, &function_id, raw(given, size));
        arora_reader result = arora_answer_return(answer);
        if (arora_failed(&result)) failures++;
        arora_buffer_free(answer);
    }
    return arora_result_u32(&self, failures);
}

/* The address of a local variable, which shows where the guest's stack is. */
__attribute__((noinline)) static uint64_t top_of_stack(void) {
    volatile uint8_t local = 0;
    return (uint64_t)(uintptr_t)&local + local;
}

/* frames(callable: u64) -> u64[]: where the stack is before and after the guest calls the callable */
FUNCTION(86) {
    arora_uuid self = ID(86);
    arora_reader callable = parameter(argument, PARAMETER(8601));
    uint64_t number = arora_read_u64(&callable), found[2] = {top_of_stack(), 0};
    if (arora_failed(&callable)) return arora_error_in("callable", &callable);
    arora_buffer_free(arora_dispatch_indirect(number));
    found[1] = top_of_stack();
    arora_writer writer = arora_result_begin(&self, 0);
    arora_write_u64s(&writer, found, 2);
    return arora_result_end(&writer);
}
