// A pool is its bodies, whatever threads step them; bodies that share working memory are as if each had its own.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "envs/mujoco/pool.hpp"
#include "envs/mujoco/tasks/tasks.hpp"

namespace {

using namespace infans;
using namespace infans::envs;

// A folder with a pendulum of our own under the name that the task looks for: 1 kg at 0.5 m, hanging from y.
class Assets {
 public:
  Assets()
      : folder_(std::filesystem::temp_directory_path() / ("infans_pool_" + std::to_string(std::random_device{}()))) {
    std::filesystem::create_directory(folder_);
    std::ofstream(folder_ / "pendulum.xml")
        << "<mujoco><option timestep='0.02'/><worldbody><body name='pole' pos='0 0 1'><joint name='hinge' axis='0 1 0' "
           "damping='0.1'/><geom type='sphere' size='0.05' pos='0 0 0.5' mass='1' contype='0'/></body></worldbody>"
           "<actuator><motor joint='hinge' ctrlrange='-1 1' ctrllimited='true'/></actuator></mujoco>";
    std::ofstream(folder_ / "reacher.xml") << "<mujoco><worldbody><body><joint/><geom size='1'/></body></worldbody>"
                                              "<actuator><motor joint='none'/></actuator></mujoco>";
    std::ofstream(folder_ / "cartpole.xml") << "<mujoco><worldbody><body name='cart'><joint name='j'/><geom size='1'/>"
                                               "</body></worldbody></mujoco>";
  }
  ~Assets() { std::filesystem::remove_all(folder_); }
  std::string path() const { return folder_.string(); }

 private:
  std::filesystem::path folder_;
};

const std::string pendulum = "dmc-pendulum-swingup-v0";

TaskTable table() {
  TaskTable tasks;
  add_mujoco_tasks(tasks);
  return tasks;
}

Pool pool_of(const Assets& assets, int bodies, PoolOptions options) {
  return {make_bodies(table(), pendulum, {assets.path(), Commands::native}, bodies, options.threads), options};
}

std::vector<double> commands(int bodies, int step) {
  random::Stream stream({9, 0, random::Purpose::test, static_cast<std::uint64_t>(step)});
  std::vector<double> all;
  for (int i = 0; i < bodies; ++i) all.push_back(stream.uniform(-1.0, 1.0));
  return all;
}

std::vector<double> copy(std::span<const double> values) { return {values.begin(), values.end()}; }

}  // namespace

TEST_CASE("a pool gives the bits of bodies that live alone, with any number of threads") {
  const Assets assets;
  const int n = 37;
  std::vector<std::uint64_t> seeds;
  for (int i = 0; i < n; ++i) seeds.push_back(100 + static_cast<std::uint64_t>(i));
  for (const int threads : {1, 2, 3}) {
    Pool pool = pool_of(assets, n, {threads, 25, Autoreset::same_step});
    std::vector<Task> alone;
    for (int i = 0; i < n; ++i) alone.push_back(make_task(pendulum, {assets.path(), Commands::native}));
    const auto restart = [&](int i, std::uint64_t episode) {
      random::Stream stream({seeds[static_cast<std::size_t>(i)], 0, random::Purpose::reset, episode});
      return copy(alone[static_cast<std::size_t>(i)].world->reset(stream));
    };
    Batch batch = pool.reset(seeds);
    for (int i = 0; i < n; ++i) CHECK(copy(batch.observations.subspan(3 * i, 3)) == restart(i, 0));
    for (int step = 1; step <= 60; ++step) {
      const std::vector<double> actions = commands(n, step);
      batch = pool.step(actions);
      const bool cut = step % 25 == 0;
      for (int i = 0; i < n; ++i) {
        const auto k = static_cast<std::size_t>(i);
        Environment& body = *alone[k].world;
        const std::vector<double> last = copy(body.step({&actions[k], 1}));
        REQUIRE(batch.rewards[k] == body.outcome().reward);
        REQUIRE(batch.truncated[k] == (cut ? 1 : 0));
        REQUIRE(batch.terminated[k] == 0);
        if (cut) REQUIRE(copy(batch.final.subspan(3 * k, 3)) == last);
        REQUIRE(copy(batch.observations.subspan(3 * k, 3)) ==
                (cut ? restart(i, static_cast<std::uint64_t>(step) / 25) : last));
      }
    }
  }
}

TEST_CASE("the next step after an end starts an episode, and a limit of 0 never ends one") {
  const Assets assets;
  Pool pool = pool_of(assets, 2, {1, 3, Autoreset::next_step}), endless = pool_of(assets, 2, {1, 0});
  pool.reset();
  endless.reset();
  for (int step = 1; step <= 12; ++step) {
    const std::vector<double> actions = commands(2, step);
    const Batch batch = pool.step(actions);
    CHECK(batch.truncated[0] == (step % 4 == 3 ? 1 : 0));                                 // three steps and a start
    if (step % 4 == 0) CHECK((batch.rewards[0] == 0.0 && batch.observations[2] == 0.0));  // starts at rest
    CHECK(endless.step(actions).truncated[1] == 0);
  }
}

TEST_CASE("a body that fails does not disturb those that share its memory") {
  const Assets assets;
  const int n = 6;
  Pool pool = pool_of(assets, n, {1}), calm = pool_of(assets, n, {1});
  pool.reset();
  calm.reset();
  std::vector<double> actions = commands(n, 0);
  std::vector<double> broken = actions;
  broken[2] = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> expected = copy(calm.step(actions).observations);
  CHECK_THROWS_AS(pool.step(broken), base::SimulationError);
  std::vector<std::uint8_t> second(n, 0);
  second[2] = 1;
  Batch batch = pool.reset({}, second);
  for (std::size_t i = 0; i < 3 * n; ++i)
    if (i / 3 != 2) CHECK(batch.observations[i] == expected[i]);
  batch = pool.step(actions);
  const Batch other = calm.step(actions);
  for (std::size_t i = 0; i < 3 * n; ++i)
    if (i / 3 != 2) CHECK(batch.observations[i] == other.observations[i]);
}

TEST_CASE("saved states move between bodies that share memory and bodies that do not") {
  const Assets assets;
  const auto bodies = make_bodies(table(), pendulum, {assets.path(), Commands::unit}, 3, 1);
  const Task alone = make_task(pendulum, {assets.path(), Commands::unit});
  random::Stream stream({1, 0, random::Purpose::reset, 0});
  for (const auto& body : bodies) body->reset(stream);
  std::vector<double> state(static_cast<std::size_t>(alone.world->spec().state_size)), again(state.size());
  bodies[0]->save(state);  // the memory is the last body's now
  alone.world->restore(state);
  bodies[2]->restore(state);
  bodies[2]->save(again);
  CHECK(again == state);
  for (int step = 0; step < 20; ++step) {
    const double command = std::sin(step);
    const std::vector<double> expected = copy(alone.world->step({&command, 1}));
    CHECK(copy(bodies[0]->step({&command, 1})) == expected);
    CHECK(copy(bodies[2]->step({&command, 1})) == expected);
    bodies[1]->step({&command, 1});
  }
}

TEST_CASE("the pendulum task pays within 8 degrees of upright and sees the pole's direction") {
  const Assets assets;
  const Task task = make_task(pendulum, {assets.path(), Commands::native});
  CHECK(task.positions == 1);
  CHECK(task.command_low == std::vector<double>{-1.0});
  CHECK(task.world->spec().joints.empty());
  const double rest = 0.0;
  for (const double degrees : {0.0, 7.0, -7.0, 9.0, -9.0, 90.0, 180.0}) {
    const double angle = degrees * std::acos(-1.0) / 180.0;
    task.world->set_joints({&angle, 1}, {&rest, 1});
    const auto seen = task.world->step({&rest, 1});
    // A step of 0.02 s under 9.81 m/s2 turns the pole by less than 0.5 degrees.
    CHECK(seen[0] == doctest::Approx(std::cos(angle)).epsilon(0.01));
    CHECK(seen[1] == doctest::Approx(std::sin(angle)).epsilon(0.01));
    CHECK(task.world->outcome().reward == (std::abs(degrees) < 8.0 ? 1.0 : 0.0));
  }
}

TEST_CASE("mistakes about tasks and pools are typed") {
  const Assets assets;
  const TaskTable tasks = table();
  CHECK(tasks.ids().size() == 9 + 5 + 2);  // Gymnasium, dm_control, own bodies
  CHECK(tasks.info("Hopper-v5").time_limit == 1000);
  CHECK_THROWS_AS(tasks.info("Hoper-v5"), base::OptionError);
  CHECK_THROWS_AS(make_task(pendulum, {}), base::OptionError);
  CHECK_THROWS_AS(make_task("Hopper-v5", {assets.path()}), base::FileError);
  CHECK_THROWS_AS(make_task("dmc-reacher-easy-v0", {assets.path()}), base::BodyError);
  CHECK_THROWS_AS(make_task("dmc-cartpole-swingup-v0", {assets.path()}), base::BodyError);  // no pole_1
  TaskTable twice = table();
  CHECK_THROWS_AS(twice.add(tasks.info(pendulum), nullptr), std::logic_error);
  CHECK_THROWS_AS(Pool({}, {}), base::OptionError);
  Pool pool = pool_of(assets, 2, {1, 1, Autoreset::disabled});
  const std::array<double, 2> two{};
  CHECK_THROWS_AS(pool.step(two), base::UserError);  // not started
  pool.reset();
  CHECK_THROWS_AS(pool.step(std::span(two).first(1)), base::UserError);
  pool.step(two);
  CHECK_THROWS_AS(pool.step(two), base::UserError);  // ended
}
