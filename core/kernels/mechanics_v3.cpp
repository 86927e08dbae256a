#include "core/kernels/mechanics.inl"

namespace infans::kernels {
extern const BodyTable body_v3;
const BodyTable body_v3 = {"x86-64-v3", fly, accelerate};
}  // namespace infans::kernels
