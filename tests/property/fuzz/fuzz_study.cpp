// Fuzz target: the text of a life or of a study, from TOML to the whole design. Whatever it says is refused with a
// typed error or can be run.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/error.hpp"
#include "experiments/run/design.hpp"
#include "experiments/run/life_file.hpp"
#include "experiments/run/options.hpp"
#include "tests/coin_protocol.hpp"

using namespace infans;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string lines = text + "\n";  // more than one line: a text, not a name
  try {
    config::Options options(experiments::life_options());
    std::vector<base::OptionError> mistakes;
    experiments::read_life_file(text, "life.toml", options, &mistakes);
  } catch (const base::UserError&) {
  }
  try {
    experiments::protocol_of(lines);
    const auto design = experiments::make_design(experiments::read_study_file(lines, tests::coin_protocol(), {}));
    experiments::design_json(*design);
    for (int k = 1; k <= std::min(design->participants, 100); ++k) design->person(k);
  } catch (const base::UserError&) {
  }
  return 0;
}
