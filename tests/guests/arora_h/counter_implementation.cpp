// The header comes in through another one first; the implementation is emitted all the same.
#include "counter.hpp"
#define ARORA_IMPLEMENTATION
#include "arora.h"
