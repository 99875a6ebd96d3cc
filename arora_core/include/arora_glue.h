/*
 * arora_glue.h: what the glue that `arora generate --language c` writes has in common. Authors do not include it.
 *
 * The glue describes each type of the module in a table: what it is on the wire, and where its parts are in the C type.
 * The functions here move values between buffers and C by these tables. One source file of a module includes this
 * header, the glue; it emits the exported functions of arora.h as well.
 */
#ifndef ARORA_GLUE_H
#define ARORA_GLUE_H

#define ARORA_IMPLEMENTATION
#define ARORA_USES_DISPATCH
#include "arora_values.h"

#include "arora_glue/memory.h"
#include "arora_glue/text.h"
#include "arora_glue/tables.h"
#include "arora_glue/maps.h"
#include "arora_glue/decoding.h"
#include "arora_glue/decoding_values.h"
#include "arora_glue/encoding.h"
#include "arora_glue/encoding_values.h"
#include "arora_glue/kinds.h"
#include "arora_glue/calls.h"

#endif /* ARORA_GLUE_H */
