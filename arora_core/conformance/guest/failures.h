/* Error results, answers that break the ABI, pointers outside of memory, and crashes. */

/* fail(message: str): returns an error buffer with this message */
FUNCTION(60) {
    arora_reader message = parameter(argument, PARAMETER(6001));
    return arora_error_string(arora_read_string(&message));
}

/* malform(how: u32) -> u32: returns a result that breaks the ABI. 0 null; 1 a size below 5; 2 an error whose message
 * is not UTF-8; 3 the result of another function; 4 trailing bytes; 5 another type than declared; 6 a plain value; 7 an
 * undeclared mutable parameter; 8 its own argument; 9 an unknown tag; 10 no return value; otherwise: a valid 0 */
FUNCTION(61) {
    arora_uuid self = ID(61), other = ID(51), stranger = PARAMETER(0fff);
    arora_reader how = parameter(argument, PARAMETER(6101));
    static const uint8_t bad_text[] = {10, 0, 0, 0, 20, 1, 0, 0, 0, 0xff};
    static const uint8_t tiny[] = {4, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t trailing[] = {6, 0, 0, 0, 0, 0};
    static const uint8_t unknown[] = {5, 0, 0, 0, 77};
    arora_writer writer;
    switch (arora_read_u32(&how)) {
    case 0: return NULL;
    case 1: return raw(tiny, sizeof tiny);
    case 2: return raw(bad_text, sizeof bad_text);
    case 3: return arora_result_u32(&other, 1);
    case 4: return raw(trailing, sizeof trailing);
    case 5: return arora_result_f64(&self, 1);
    case 6:
        writer = arora_writer_begin(16);
        arora_write_u32(&writer, 1);
        return arora_writer_finish(&writer);
    case 7:
        writer = arora_result_begin(&self, 1);
        arora_write_u32(&writer, 1);
        arora_write_field(&writer, &stranger);
        arora_write_u32(&writer, 1);
        return arora_result_end(&writer);
    case 8: return (uint8_t *)(uintptr_t)argument;
    case 9: return raw(unknown, sizeof unknown);
    case 10:
        writer = arora_writer_begin(0);
        (void)arora_write_structure(&writer, &self, 0);
        return arora_writer_finish(&writer);
    default: return arora_result_u32(&self, 0);
    }
}

#if HAS_SYSTEM

#if defined(__wasm__)
#define raw_dispatch arora_import_dispatch_
#else
#define raw_dispatch arora_dispatch_fn
#endif

/* wild(how: u32): passes pointers and sizes outside of memory to its host. As its result: 0 a pointer near 2^32; 1 a
 * pointer whose size prefix crosses the end of memory; 2 a size of 2 GiB; 3 a pointer to the end of memory; 4 a size
 * that reaches one byte beyond the end; 10 a result that ends with the last byte of memory, which is valid. To
 * arora_dispatch: 5 a module id; 6 a function id; 7 an argument; 8 an argument whose size reaches beyond memory; 9 an
 * argument of 4 bytes */
FUNCTION(70) {
    arora_uuid self = ID(70), other = ID(54);
    arora_reader how = parameter(argument, PARAMETER(7001));
    uint32_t chosen = arora_read_u32(&how);
    static const uint8_t tiny[8] = {4, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t huge[8] = {0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0};
    uint8_t *far = (uint8_t *)(uintptr_t)0xfffffff8u;
    uint8_t *end = end_of_memory(65536), *last;
    uint32_t size;
    switch (chosen) {
    case 0: return (uint8_t *)(uintptr_t)0xfffffff0u;
    case 1: return end - 2;
    case 2: return raw(huge, sizeof huge);
    case 3: return end;
    case 4:
        last = end - 8;
        *(uint32_t *)last = 9;
        return last;
    case 5: return raw_dispatch(far, other.bytes, argument);
    case 6: return raw_dispatch(self.bytes, far, argument);
    case 7: return raw_dispatch(self.bytes, other.bytes, far);
    case 8: return raw_dispatch(self.bytes, other.bytes, huge);
    case 9: return raw_dispatch(self.bytes, other.bytes, tiny);
    case 10: {
        uint8_t *result = arora_result_unit(&self);
        size = size_of(result);
        last = end - size;
        for (uint32_t i = 0; i < size; i++) last[i] = result[i];
        arora_buffer_free(result);
        track(foreign = last);
        return last;
    }
    default: return arora_result_unit(&self);
    }
}

static volatile uint32_t zero;

/* Use no linear memory, so that the call stack overflows. */
static uint32_t recurse(uint32_t depth) {
    return zero ? depth : recurse(depth + 1) + zero + depth;
}

static uint8_t *burrowed(uint32_t levels, uint64_t callable) {
    return levels == 0 ? arora_dispatch_indirect(callable) : burrowed(levels - 1, callable) + zero;
}

/* burrow(levels: u32, callable: u64) -> u8[]: calls the callable below so many frames of its own; the raw answer */
FUNCTION(74) {
    arora_reader levels = parameter(argument, PARAMETER(7401)), callable = parameter(argument, PARAMETER(7402));
    uint32_t depth = arora_read_u32(&levels);
    uint64_t number = arora_read_u64(&callable);
    if (arora_failed(&callable)) return arora_error_in("callable", &callable);
    return handed_on(ID(74), burrowed(depth, number));
}

#if !defined(__wasm__)
/* Processors other than those of x86 do not mind. */
static uint32_t divided(int32_t number, int32_t by) {
#if defined(__x86_64__)
    int32_t rest;
    __asm__ volatile("cltd\n idivl %2" : "+a"(number), "=&d"(rest) : "r"(by));
    return (uint32_t)(number + rest);
#else
    (void)by;
    __builtin_trap();
#endif
}
#endif

typedef uint32_t (*nullary)(void);
typedef uint64_t (*other_signature)(uint64_t, uint64_t);
static volatile nullary nowhere;

/* crash(how: u32): 0 unreachable; 1 memory out of bounds; 2 division by zero; 3 integer overflow; 4 conversion of
 * NaN; 5 indirect call to null; 6 stack overflow; 7 exit(3); 8 table out of bounds; 9 indirect call with another
 * signature; 10 exit(0) */
FUNCTION(71) {
    arora_uuid self = ID(71);
    arora_reader how = parameter(argument, PARAMETER(7101));
    uint32_t sink = 0;
    switch (arora_read_u32(&how)) {
    case 0: __builtin_trap();
    case 1: sink = *(volatile uint32_t *)(uintptr_t)0xfffffff0u; break;
#if defined(__wasm__)
    case 2: __asm__ volatile("i32.const 1\n i32.const 0\n i32.div_u\n local.set %0" : "=r"(sink)); break;
    case 3: __asm__ volatile("i32.const 0x80000000\n i32.const -1\n i32.div_s\n local.set %0" : "=r"(sink)); break;
    case 4: __asm__ volatile("f64.const nan\n i32.trunc_f64_u\n local.set %0" : "=r"(sink)); break;
#else
    case 2: sink = divided(1, 0); break;
    case 3: sink = divided(INT32_MIN, -1); break;
#endif
    case 5: sink = nowhere(); break;
    case 6: sink = recurse(0); break;
    case 7: wasi_proc_exit(3);
    case 8: sink = ((nullary)(uintptr_t)(0x7fffffffu - zero))(); break;
    case 9: {
        static uint32_t (*volatile some)(uint32_t) = recurse;
        sink = (uint32_t)((other_signature)(uintptr_t)some)(1, 2);
        break;
    }
    case 10: wasi_proc_exit(0);
    }
    zero = sink & 0;
    return arora_result_unit(&self);
}

#endif
