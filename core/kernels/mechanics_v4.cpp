#include "core/kernels/mechanics.inl"

namespace infans::kernels {
extern const BodyTable body_v4;
const BodyTable body_v4 = {"x86-64-v4", fly, accelerate};
}  // namespace infans::kernels
