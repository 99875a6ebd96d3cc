// A C++ module in two source files: this one has a global object with a constructor and the exported
// function; the other has the implementation of arora.h.
#include "counter.hpp"

namespace {

constexpr arora_uuid NEXT = ARORA_UUID(0x5d0b7a94, 0x62c8, 0x4e1d, 0xb3f5, 0x08a6c91e7d42);

volatile uint32_t first = 100;  // volatile, so that the constructor has to run

class Counter {
  public:
    Counter() : value_(first) {}
    uint32_t next() { return value_++; }

  private:
    uint32_t value_;
};

Counter counter;

}  // namespace

ARORA_FUNCTION(5d0b7a94_62c8_4e1d_b3f5_08a6c91e7d42) {
    return arora_result_u32(&NEXT, counter.next());
}
