#include "core/kernels/rollout.inl"

namespace infans::kernels {
extern const Table table_v4;
const Table table_v4 = {"x86-64-v4", forward, jacobian, sincos, log1p, normals};
}  // namespace infans::kernels
