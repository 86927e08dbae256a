#include "core/kernels/field.inl"

namespace infans::kernels {
extern const FieldTable field_v3;
const FieldTable field_v3 = {"x86-64-v3", fly, evaluate};
}  // namespace infans::kernels
