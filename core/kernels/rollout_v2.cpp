#include "core/kernels/rollout.inl"

namespace infans::kernels {
extern const Table table_v2;
const Table table_v2 = {"x86-64-v2", forward, jacobian, sincos, log1p, normals};
}  // namespace infans::kernels
