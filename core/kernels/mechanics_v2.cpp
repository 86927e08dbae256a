#include "core/kernels/mechanics.inl"

namespace infans::kernels {
extern const BodyTable body_v2;
const BodyTable body_v2 = {"x86-64-v2", fly, accelerate};
}  // namespace infans::kernels
