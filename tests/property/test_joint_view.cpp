// Every world that can be seen as joints goes on bitwise from what it saved.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "core/base/error.hpp"
#include "envs/api/callback_world.hpp"
#include "envs/api/joint_view.hpp"
#include "envs/worlds/worlds.hpp"

using namespace infans;
using envs::JointView;

namespace {

JointView view_of(envs::Task task, int hold) {
  envs::JointReading reading = envs::joint_reading(task.world->spec());
  return {std::move(task.world), std::move(reading), hold};
}

// Observations, rewards and ends under commands of a stream.
std::vector<double> live(JointView& view, std::uint64_t seed, int decisions) {
  random::Stream stream({seed, 0, random::Purpose::test, 0});
  std::vector<double> bits, command(static_cast<std::size_t>(view.spec().action_size));
  for (int k = 0; k < decisions; ++k) {
    for (double& u : command) u = stream.uniform(-1, 1);
    const auto seen = view.step(command);
    bits.insert(bits.end(), seen.begin(), seen.end());
    bits.push_back(view.outcome().reward);
    bits.push_back(view.outcome().terminated ? 1.0 : 0.0);
  }
  return bits;
}

void begin(JointView& view, std::uint64_t seed) {
  random::Stream stream({seed, 0, random::Purpose::reset, 0});
  view.reset(stream);
}

}  // namespace

TEST_CASE("a view of joints: save, live, restore, live, the same bits, here and in another view") {
  const envs::TaskTable table = envs::all_tasks();
  for (const char* id : {"tip-reacher-v0", "tip-pendulum-v0", "pilco-cartpole-v0", "pets-cartpole-v0"}) {
    CAPTURE(id);
    JointView view = view_of(table.make(id, {}), 3), other = view_of(table.make(id, {}), 3);
    begin(view, 1);
    live(view, 2, 5);
    std::vector<double> state(static_cast<std::size_t>(view.spec().state_size));
    view.save(state);
    const double reward = view.outcome().reward;
    const std::vector<double> straight = live(view, 3, 8);
    view.restore(state);
    CHECK(view.outcome().reward == reward);
    CHECK(live(view, 3, 8) == straight);
    begin(other, 9);
    live(other, 4, 7);
    other.restore(state);
    CHECK(live(other, 3, 8) == straight);
  }
}

TEST_CASE("a view of a world that cannot be restored refuses too, and stays as it is") {
  envs::Spec spec;
  spec.name = "elsewhere";
  spec.modalities = {{"place", "m", 0, 1}, {"velocity", "m/s", 1, 1}};
  spec.action_size = 1;
  spec.control_period = 0.1;
  envs::Callbacks calls;
  calls.reset = [](std::uint64_t) { return std::vector<double>{1.0, 2.0}; };
  calls.step = [](std::span<const double> u) { return envs::Callbacks::Reply{{u[0], 2.0}, {}}; };
  JointView view(make_callback_world(spec, calls), {{envs::Joint::slide}, {{.position = 0, .velocity = 1}}}, 1);
  begin(view, 1);
  std::vector<double> state(static_cast<std::size_t>(view.spec().state_size));
  view.save(state);
  CHECK_THROWS_AS(view.restore(state), base::UserError);
  const double u = 0.5;
  CHECK(view.step({&u, 1})[0] == 0.5);
}
