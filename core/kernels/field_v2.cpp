#include "core/kernels/field.inl"

namespace infans::kernels {
extern const FieldTable field_v2;
const FieldTable field_v2 = {"x86-64-v2", fly, evaluate};
}  // namespace infans::kernels
