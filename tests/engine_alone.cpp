// What the engine of a population names but a study of the coin never uses: minds, bodies and shipped studies. With
// these, a few dozen sources are a whole engine, quickly built again under each sanitizer and for fuzzing.
#include <string>
#include <vector>

#include "agents/agent.hpp"
#include "core/kernels/kernels.hpp"
#include "envs/mujoco/world.hpp"
#include "experiments/protocols/protocol.hpp"
#include "experiments/run/options.hpp"
#include "experiments/run/population.hpp"
#include "tests/coin_protocol.hpp"

namespace infans {

const kernels::Table& kernels::best() {
  static constexpr Table none{"none", nullptr, nullptr, nullptr, nullptr, nullptr};
  return none;
}

namespace experiments {

std::vector<Protocol> shipped_protocols() { return {tests::coin_protocol()}; }

const std::vector<ShippedStudy>& shipped_studies() {
  static const std::vector<ShippedStudy> none;
  return none;
}

std::string run_study(const RunRequest& request) { return run_population(request); }
std::string resume_run(const std::string& path, const RunRequest&) {
  throw base::FileError(path, "is no record of a study");
}

}  // namespace experiments
}  // namespace infans
