#include "core/kernels/belief.inl"

namespace infans::kernels {
extern const BeliefTable belief_v3;
const BeliefTable belief_v3 = INFANS_BELIEF_TABLE("x86-64-v3");
}  // namespace infans::kernels
