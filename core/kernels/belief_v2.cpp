#include "core/kernels/belief.inl"

namespace infans::kernels {
extern const BeliefTable belief_v2;
const BeliefTable belief_v2 = INFANS_BELIEF_TABLE("x86-64-v2");
}  // namespace infans::kernels
