#include "core/kernels/belief.inl"

namespace infans::kernels {
extern const BeliefTable belief_v4;
const BeliefTable belief_v4 = INFANS_BELIEF_TABLE("x86-64-v4");
}  // namespace infans::kernels
