// Growth: the infant of the body map, shown things within reach, whose arm changes: at once (body.kind, in a stage with
// body.change) or slowly; its map watches for changes. `anew` is who was born with the changed arm.
#include <algorithm>

#include "experiments/protocols/reaching_participant.hpp"

namespace infans::experiments {
namespace {

void set_standard(config::OptionTable& table, const std::string& key, const config::Value& value) {
  std::find_if(table.begin(), table.end(), [&](const config::Option& o) { return o.key == key; })->standard = value;
}

}  // namespace

Protocol growth_protocol() {
  Protocol p = body_map_protocol();
  p.name = "growth";
  p.summary = "The arm of a seated infant changes: what it costs, and how many samples repair it";
  set_standard(p.options, "body.grow", false);
  set_standard(p.options, "mind.goals", std::string("task"));
  set_standard(p.options, "mind.watch", true);
  return p;
}

}  // namespace infans::experiments
