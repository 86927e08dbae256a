#include "core/kernels/rollout.inl"

namespace infans::kernels {
extern const Table table_v3;
const Table table_v3 = {"x86-64-v3", forward, jacobian, sincos, log1p, normals};
}  // namespace infans::kernels
