#include "experiments/run/fault_options.hpp"

#include <utility>

namespace infans::experiments {
namespace {

using Kind = Faults::Kind;

constexpr std::pair<const char*, Kind> kinds[] = {
    {"none", Kind::none},           {"full", Kind::full},       {"io", Kind::io},        {"sync", Kind::sync},
    {"read_only", Kind::read_only}, {"removed", Kind::removed}, {"memory", Kind::memory}};

}  // namespace

config::OptionTable fault_options() {
  config::Texts names;
  for (const auto& [name, kind] : kinds) names.emplace_back(name);
  return {{"debug.fault", std::string("none"), 0, 0, std::move(names), "",
           "on purpose: the disk is full, a write or an fsync fails, the file is read-only or removed by somebody, "
           "memory is refused"},
          {"debug.fault_in", std::string("record"), 0, 0, {"record", "checkpoint"}, "", "which file it befalls"},
          {"debug.fault_at", 1L, 1, 1000000000, {}, "", "the first write, fsync or block that fails, from 1"},
          {"debug.fault_lasting", true, 0, 0, {}, "", "all that come after it fail too"}};
}

Faults faults_of(const config::Options& o, const std::string& file) {
  Faults faults;
  if (o.text("debug.fault_in") != file) return faults;
  for (const auto& [name, kind] : kinds)
    if (name == o.text("debug.fault")) faults.kind = kind;
  faults.at = o.integer("debug.fault_at");
  faults.lasting = o.flag("debug.fault_lasting");
  return faults;
}

std::string recorded_toml(config::Options options) {
  for (const config::Option& o : fault_options()) options.set(o.key, o.standard, "");
  return options.toml();
}

}  // namespace infans::experiments
