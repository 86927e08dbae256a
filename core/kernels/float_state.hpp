// The processor's rounding and denormal modes while kernels run.
#pragma once

namespace infans::kernels {

// Round to nearest, denormals as zero, exceptions masked, on the calling thread; the destructor restores what was there
// before, sticky flags included.
class FloatState {
 public:
  FloatState();
  ~FloatState();
  FloatState(const FloatState&) = delete;
  FloatState& operator=(const FloatState&) = delete;

 private:
  unsigned saved_;
};

// The calling thread's control and status word.
unsigned float_state();
void set_float_state(unsigned state);

}  // namespace infans::kernels
