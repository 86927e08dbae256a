#include <cstdlib>
#include <string>

#include "core/base/error.hpp"
#include "core/kernels/belief.hpp"
#include "core/kernels/field.hpp"
#include "core/kernels/kernels.hpp"
#include "core/kernels/mechanics.hpp"

namespace infans::kernels {

extern const Table table_v2;
extern const Table table_v3;
extern const Table table_v4;
extern const BeliefTable belief_v2;
extern const BeliefTable belief_v3;
extern const BeliefTable belief_v4;
extern const BodyTable body_v2;
extern const BodyTable body_v3;
extern const BodyTable body_v4;
extern const FieldTable field_v2;
extern const FieldTable field_v3;
extern const FieldTable field_v4;

namespace {

bool supported(const std::string& isa) {
  if (isa == "x86-64-v4") return __builtin_cpu_supports("x86-64-v4");
  if (isa == "x86-64-v3") return __builtin_cpu_supports("x86-64-v3");
  return true;
}

// From the widest to the plain one.
template <class AnyTable>
const AnyTable& choose(const AnyTable* const (&all)[4]) {
  const char* wanted = std::getenv("INFANS_ISA");
  for (const AnyTable* t : all) {
    if (wanted == nullptr || *wanted == '\0') {
      if (supported(t->isa)) return *t;
    } else if (std::string(wanted) == t->isa) {
      if (supported(t->isa)) return *t;
      throw base::OptionError("INFANS_ISA", std::string("INFANS_ISA: this processor lacks ") + wanted);
    }
  }
  throw base::OptionError("INFANS_ISA", std::string("INFANS_ISA: unknown instruction set '") + wanted +
                                            "'; one of plain, x86-64-v2, x86-64-v3, x86-64-v4");
}

}  // namespace

const Table& best() {
  static const Table& table = choose<Table>({&table_v4, &table_v3, &table_v2, &plain()});
  return table;
}

const BeliefTable& best_belief() {
  static const BeliefTable& table = choose<BeliefTable>({&belief_v4, &belief_v3, &belief_v2, &plain_belief()});
  return table;
}

const BodyTable& best_body() {
  static const BodyTable& table = choose<BodyTable>({&body_v4, &body_v3, &body_v2, &plain_body()});
  return table;
}

const FieldTable& best_field() {
  static const FieldTable& table = choose<FieldTable>({&field_v4, &field_v3, &field_v2, &plain_field()});
  return table;
}

}  // namespace infans::kernels
