#include "core/kernels/field.inl"

namespace infans::kernels {
extern const FieldTable field_v4;
const FieldTable field_v4 = {"x86-64-v4", fly, evaluate};
}  // namespace infans::kernels
