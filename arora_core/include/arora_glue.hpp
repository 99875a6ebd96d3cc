// arora_glue.hpp: what the glue that `arora generate --language cpp` writes has in common. Authors do not include it.
//
// The glue has a table of members for each type of the module. The functions here move values between buffers and C++ by
// these tables. One source file of a module includes this header, the glue; it emits the exported functions of arora.h
// as well.
#ifndef ARORA_GLUE_HPP
#define ARORA_GLUE_HPP

#define ARORA_IMPLEMENTATION
#define ARORA_USES_DISPATCH
#include "arora.hpp"

#include <array>

#include "arora_glue_cpp/transfer.hpp"
#include "arora_glue_cpp/codecs.hpp"
#include "arora_glue_cpp/records.hpp"
#include "arora_glue_cpp/dynamic.hpp"
#include "arora_glue_cpp/calls.hpp"

#endif // ARORA_GLUE_HPP
