// Looking: sequences of places that differ in how predictable they are, each watched until the infant looks away (Kidd,
// Piantadosi & Aslin 2012, "The Goldilocks effect"; Poli, Serino, Mars & Hunnius 2020, "Infants tailor their attention
// to maximize learning"). One sample of life is one event. The mind (agents/sampling/looker) stays for what the next
// event is expected to teach and leaves for the price of time.
#include "experiments/protocols/looking_lab.hpp"
#include "experiments/protocols/looking_life.hpp"
#include "experiments/protocols/looking_options.hpp"
#include "experiments/protocols/protocol.hpp"

namespace infans::experiments {

Protocol looking_protocol() {
  Protocol protocol;
  protocol.name = "looking";
  protocol.summary = "Looks at sequences of places, or away, by expected information against the price of time";
  protocol.options = looking_options();
  protocol.fixed = {"body.", "sequence.event"};
  protocol.variables = looking_variables();
  protocol.probes = looking_probes();
  protocol.criteria = looking_criteria();
  protocol.yoked = true;
  protocol.signals = [](const config::Options&) { return looking_signals(); };
  protocol.make = [](const config::Options& options, const Identity& who) -> std::unique_ptr<Participant> {
    return std::make_unique<LookingLife>(options, who);
  };
  return protocol;
}

}  // namespace infans::experiments
