#include "core/kernels/float_state.hpp"

#include <immintrin.h>

namespace infans::kernels {

FloatState::FloatState() : saved_(_mm_getcsr()) {
  constexpr unsigned flush_to_zero = 0x8000, denormals_are_zero = 0x0040, all_masked = 0x1f80;
  _mm_setcsr(all_masked | flush_to_zero | denormals_are_zero);
}

FloatState::~FloatState() { _mm_setcsr(saved_); }

unsigned float_state() { return _mm_getcsr(); }

void set_float_state(unsigned state) { _mm_setcsr(state); }

}  // namespace infans::kernels
