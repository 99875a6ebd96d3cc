#pragma once
#include "arora.h"
