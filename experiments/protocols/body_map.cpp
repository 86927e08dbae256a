// Body map: an arm babbles and learns its own kinematics through joints, skin and eyes. Groups differ by policy (own
// goals by expected free energy, random postures, a partner's postures), senses, lesions; the body grows with age.
#include "experiments/protocols/reaching_participant.hpp"

namespace infans::experiments {

Protocol body_map_protocol() {
  Protocol p;
  p.name = "body_map";
  p.summary = "A seated infant learns where its right hand is, and is asked to reach";
  p.options = reaching_options();
  p.fixed = reaching_fixed();
  p.variables = reaching_variables();
  p.probes = reaching_probes();
  p.criteria = reaching_criteria();
  p.yoked = true;
  p.signals = reaching_signals;
  p.make = [](const config::Options& options, const Identity& who) {
    return std::make_unique<ReachingParticipant>(options, who);
  };
  return p;
}

}  // namespace infans::experiments
