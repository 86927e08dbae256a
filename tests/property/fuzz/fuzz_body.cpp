// Fuzz target: the text of a body (MJCF), from the loader through its senses to a few steps.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/random/stream.hpp"
#include "envs/mujoco/body.hpp"
#include "envs/mujoco/inspection.hpp"

using namespace infans;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    envs::inspect_body(text, "body.xml");
    envs::BodyOptions options;
    options.skin.emplace_back();
    const auto world = envs::make_body_world("body", text, "body.xml", options);
    random::Stream stream({1, 0, random::Purpose::test, 0});
    world->reset(stream);
    const std::vector<double> command(static_cast<std::size_t>(world->spec().action_size), 0.5);
    for (int k = 0; k < 3; ++k) world->step(command);
    world->restore(envs::saved(*world));
  } catch (const base::Error&) {
  }
  return 0;
}
