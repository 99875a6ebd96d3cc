/* Text in the memory of a call: arora_format. A part of arora_glue.h. */
#ifndef ARORA_GLUE_TEXT_H
#define ARORA_GLUE_TEXT_H

#include "memory.h"
#include <stdarg.h>

/* Text that is written or, while `to` is NULL, only measured. */
typedef struct arora_text_ {
    char *to;
    size_t size;
} arora_text_;

ARORA_APART_ void arora_put_text_(arora_text_ *text, const char *piece, size_t size) {
    if (text->to != NULL && size > 0) ARORA_COPY_(text->to + text->size, piece, size);
    text->size += size;
}

ARORA_APART_ void arora_put_number_(arora_text_ *text, uint64_t number, uint32_t base, uint32_t fewest) {
    char digits[20];
    uint32_t start = sizeof digits;
    while (number != 0 || sizeof digits - start < fewest) {
        digits[--start] = "0123456789abcdef"[number % base];
        number /= base;
    }
    arora_put_text_(text, digits + start, sizeof digits - start);
}

static void arora_put_fraction_(arora_text_ *text, double number, uint32_t digits) {
    uint64_t scale = 1, whole, fraction;
    uint32_t exponent = 0;
    if (number < 0) {
        arora_put_text_(text, "-", 1);
        number = -number;
    }
    if (!(number <= 1.7976931348623157e308)) {
        arora_put_text_(text, number > 0 ? "inf" : "nan", 3);
        return;
    }
    for (; number >= 1e18; exponent++) number /= 10;
    for (uint32_t i = 0; i < digits; i++) scale *= 10;
    whole = (uint64_t)number;
    fraction = (uint64_t)((number - (double)whole) * (double)scale + 0.5);
    if (fraction >= scale) {
        whole++;
        fraction -= scale;
    }
    arora_put_number_(text, whole, 10, 1);
    if (digits > 0) {
        arora_put_text_(text, ".", 1);
        arora_put_number_(text, fraction, 10, digits);
    }
    if (exponent > 0) {
        arora_put_text_(text, "e", 1);
        arora_put_number_(text, exponent, 10, 1);
    }
}

static void arora_put_integer_(arora_text_ *text, int64_t number) {
    if (number < 0) arora_put_text_(text, "-", 1);
    arora_put_number_(text, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, 10, 1);
}

static size_t arora_length_(const char *text, size_t most) {
    size_t size = 0;
    while (size < most && text[size] != '\0') size++;
    return size;
}

/* Write one conversion, which starts after its percent sign. Return what follows it, or NULL if it is unknown. */
static const char *arora_put_conversion_(arora_text_ *text, const char *format, va_list *arguments) {
    size_t precision = SIZE_MAX;
    int longs = 0;
    if (*format == '.') {
        format++;
        if (*format == '*') {
            int given = va_arg(*arguments, int);
            precision = given < 0 ? SIZE_MAX : (size_t)given;
            format++;
        } else {
            for (precision = 0; *format >= '0' && *format <= '9'; format++) {
                precision = precision * 10 + (size_t)(*format - '0');
            }
        }
    }
    for (;; format++) {
        if (*format == 'l') longs += sizeof(long) == 8 ? 2 : 1;
        else if (*format == 'z') longs += sizeof(size_t) == 8 ? 2 : 1;
        else if (*format == 'j') longs += 2;
        else if (*format != 'h') break;
    }
    switch (*format) {
    case '%': arora_put_text_(text, "%", 1); break;
    case 'c': {
        char character = (char)va_arg(*arguments, int);
        arora_put_text_(text, &character, 1);
        break;
    }
    case 's': {
        const char *piece = va_arg(*arguments, const char *);
        arora_put_text_(text, piece, arora_length_(piece, precision));
        break;
    }
    case 'd':
    case 'i': arora_put_integer_(text, longs > 1 ? va_arg(*arguments, int64_t) : va_arg(*arguments, int)); break;
    case 'u':
    case 'x': {
        uint64_t number = longs > 1 ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned);
        arora_put_number_(text, number, *format == 'x' ? 16 : 10, 1);
        break;
    }
    case 'f':
        if (precision == SIZE_MAX) precision = 6;
        arora_put_fraction_(text, va_arg(*arguments, double), precision < 9 ? (uint32_t)precision : 9);
        break;
    default: return NULL;
    }
    return format + 1;
}

static void arora_put_formatted_(arora_text_ *text, const char *format, va_list *arguments) {
    while (*format != '\0') {
        size_t plain = 0;
        const char *after;
        while (format[plain] != '\0' && format[plain] != '%') plain++;
        arora_put_text_(text, format, plain);
        format += plain;
        if (*format == '\0') break;
        after = arora_put_conversion_(text, format + 1, arguments);
        if (after == NULL) { /* whose arguments are unknown, and with them where the next ones are */
            arora_put_text_(text, format, arora_length_(format, SIZE_MAX));
            break;
        }
        format = after;
    }
}

const char *arora_format(arora_arena *arena, const char *format, ...) {
    arora_text_ text = {NULL, 0};
    va_list arguments;
    va_start(arguments, format);
    arora_put_formatted_(&text, format, &arguments);
    va_end(arguments);
    text.to = (char *)arora_allocate(arena, text.size + 1, 1);
    if (text.to == NULL) return ARORA_NO_MEMORY;
    text.size = 0;
    va_start(arguments, format);
    arora_put_formatted_(&text, format, &arguments);
    va_end(arguments);
    return text.to;
}

#endif /* ARORA_GLUE_TEXT_H */
