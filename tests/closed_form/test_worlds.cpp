// Oracle: the tasks' definitions, written again from their equations of motion and their cost in the literature.
#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/random/stream.hpp"
#include "envs/analytic/tasks.hpp"
#include "tests/lives.hpp"

namespace {

using namespace infans;
using namespace infans::envs;
using namespace infans::tests;

// A few roundings of numbers up to some tens, relative to what they are.
constexpr double kTight = 1e-12;
const double kPi = std::acos(-1.0);

TaskTable table() {
  TaskTable tasks;
  add_analytic_tasks(tasks);
  return tasks;
}

Task make(const std::string& name, const TaskOptions& options = {}) { return table().make(name + "-v0", options); }

std::unique_ptr<Environment> make_world(const std::string& name) { return make(name).world; }

int time_limit(const std::string& name) { return table().info(name + "-v0").time_limit; }

random::Stream stream(std::uint64_t seed, random::Purpose purpose = random::Purpose::reset) {
  return random::Stream({seed, 0, purpose, 0});
}

bool close(double a, double b) { return std::abs(a - b) <= kTight * std::max(1.0, std::abs(b)); }

struct Step {
  std::vector<double> observation;
  double reward;
  bool terminated;
};

// Follows a world for 1,000 commands, some outside [-1, 1]; `wanted` says from the state before what must come. Starts
// again after the time limit. Returns the number of steps that ended an episode.
template <class Wanted>
int follow(const std::string& name, Wanted wanted) {
  auto world = make_world(name);
  auto starts = stream(7), commands = stream(7, random::Purpose::test);
  int ended = 0, wrong = 0;
  std::vector<double> before;
  for (int k = 0, in_episode = 0; k < 1000; ++k, ++in_episode) {
    if (in_episode % time_limit(name) == 0 || world->outcome().terminated) {
      const auto first = world->reset(starts);
      before.assign(first.begin(), first.end());
      in_episode = 0;
    }
    const double command = commands.uniform(-1.3, 1.3);
    const auto after = world->step({&command, 1});
    const Step expected = wanted(before, std::fmin(std::fmax(command, -1.0), 1.0));
    for (std::size_t i = 0; i < after.size(); ++i) wrong += !close(after[i], expected.observation[i]);
    wrong += !close(world->outcome().reward, expected.reward);
    wrong += world->outcome().terminated != expected.terminated;
    ended += expected.terminated;
    before.assign(after.begin(), after.end());
  }
  CHECK(wrong == 0);
  return ended;
}

// A uniform rod (m l^2 / 3) of 1 kg and 1 m, gravity 10, th = 0 upright: semi-implicit Euler, angle before clipping.
Step pendulum_step(const std::vector<double>& s, double command) {
  const double torque = 2.0 * command, inertia = 1.0 / 3.0, weight_moment = 10.0 * 0.5;
  const double w = s[1] + 0.05 * (weight_moment * std::sin(s[0]) + torque) / inertia;
  const double th = s[0] + 0.05 * w;
  const double clipped = std::abs(w) > 8.0 ? std::copysign(8.0, w) : w;
  const double turned = std::atan2(std::sin(th), std::cos(th));
  return {{th, clipped}, -(turned * turned + 0.1 * clipped * clipped + 0.001 * torque * torque), false};
}

// Lagrange's equations of cart and uniform rod with its centre at (x - a sin t, a cos t), a = l/2, solved as a 2 x 2
// system, then one explicit Euler step. The cost takes the tip at x + l sin t, as the reference implementation does.
Step cartpole_step(const std::vector<double>& s, double command) {
  const double m = 0.5, cart = 0.5, l = 0.6, a = 0.3, g = 9.82, b = 0.1;
  const double sine = std::sin(s[1]), cosine = std::cos(s[1]);
  const double m11 = cart + m, m12 = -m * a * cosine, m22 = m * l * l / 12.0 + m * a * a;
  const double f1 = 10.0 * command - b * s[2] - m * a * sine * s[3] * s[3], f2 = m * g * a * sine;
  const double determinant = m11 * m22 - m12 * m12;
  const double ax = (m22 * f1 - m12 * f2) / determinant, at = (m11 * f2 - m12 * f1) / determinant;
  const double x = s[0] + 0.1 * s[2], t = s[1] + 0.1 * s[3];
  const double distance = std::hypot(x + l * std::sin(t), l * std::cos(t) - l);
  return {{x, t, s[2] + 0.1 * ax, s[3] + 0.1 * at}, std::exp(-0.5 * std::pow(distance / 0.25, 2)) - 1.0, false};
}

Step car_step(const std::vector<double>& s, double a) {
  double v = s[1] + 0.0015 * a - 0.0025 * std::cos(3.0 * s[0]);
  v = v > 0.07 ? 0.07 : v < -0.07 ? -0.07 : v;
  double x = s[0] + v;
  if (x > 0.6) x = 0.6;
  if (x <= -1.2) {
    x = -1.2;
    v = std::fmax(v, 0.0);
  }
  const bool goal = x >= 0.45 && v >= 0.0;
  return {{x, v}, 100.0 * goal - 0.1 * a * a, goal};
}

Step feef_car_step(const std::vector<double>& s, double a) {
  Step result{s, 0.0, false};
  for (int raw = 0; raw < 3 && !result.terminated; ++raw) result = car_step(result.observation, a);
  result.reward = result.terminated ? 1.0 : 0.0;
  return result;
}

}  // namespace

TEST_CASE("tip-pendulum is the rod of its equations") { CHECK(follow("tip-pendulum", pendulum_step) == 0); }

TEST_CASE("pilco-cartpole is the cart and rod of its equations") {
  CHECK(follow("pilco-cartpole", cartpole_step) == 0);
}

TEST_CASE("the mountain cars follow their hill") {
  follow("mountain-car", car_step);
  follow("mountain-car-feef", feef_car_step);
}

TEST_CASE("driving with the speed reaches the goal, ends the episode and pays once") {
  for (const std::string name : {"mountain-car", "mountain-car-feef"}) {
    auto world = make_world(name);
    auto starts = stream(1);
    auto seen = world->reset(starts);
    double paid = 0.0, returned = 0.0;
    int steps = 0;
    while (!world->outcome().terminated && steps < time_limit(name)) {
      const double command = seen[1] >= 0.0 ? 1.0 : -1.0;
      paid += 0.1 * command * command;
      seen = world->step({&command, 1});
      returned += world->outcome().reward;
      ++steps;
    }
    CHECK(world->outcome().terminated);
    CHECK(seen[0] >= 0.45);
    if (name == "mountain-car") {
      CHECK(returned == doctest::Approx(100.0 - paid).epsilon(kTight));
    } else {
      CHECK(returned == 1.0);
    }
    world->reset(starts);
    CHECK_FALSE(world->outcome().terminated);
    CHECK(world->outcome().reward == 0.0);
  }
}

TEST_CASE("native commands are the task's own, clipped to its limits") {
  const Task unit = make("tip-pendulum");
  TaskOptions options;
  options.commands = Commands::native;
  const Task native = make("tip-pendulum", options);
  REQUIRE(native.command_high == std::vector<double>{2.0});
  const double th = 0.3, w = 0.1;
  for (const double torque : {-3.0, -1.5, 0.25, 2.0}) {
    const double command = std::fmax(-1.0, torque / 2.0);
    unit.world->set_joints({&th, 1}, {&w, 1});
    native.world->set_joints({&th, 1}, {&w, 1});
    CHECK(unit.world->step({&command, 1})[1] == native.world->step({&torque, 1})[1]);
  }
}

TEST_CASE("walls stop the mountain car and speeds are limited") {
  auto world = make_world("mountain-car");
  const double x = -1.19, v = -0.07, push = -1.0;
  world->set_joints({&x, 1}, {&v, 1});
  auto seen = world->step({&push, 1});
  CHECK(seen[0] == -1.2);
  CHECK(seen[1] == 0.0);
  auto pendulum = make_world("tip-pendulum");
  const double th = 0.5 * kPi, fast = 7.9, push_on = 1.0;
  pendulum->set_joints({&th, 1}, {&fast, 1});
  seen = pendulum->step({&push_on, 1});
  CHECK(seen[1] == 8.0);
  CHECK(seen[0] == doctest::Approx(th + 0.05 * (7.9 + 0.05 * (15.0 + 6.0))).epsilon(kTight));  // before clipping
}

// 4,000 starts; |z| <= 4.5 for each of 8 checks: a false alarm in 1 of 18,000 runs.
TEST_CASE("starts are distributed as defined") {
  constexpr int n = 4000;
  struct Wanted {
    std::string name;
    int element;
    double mean, sd, kurtosis;  // of a uniform 1.8, of a normal 3
  };
  for (const Wanted& w :
       {Wanted{"tip-pendulum", 0, 0.0, kPi / std::sqrt(3.0), 1.8},
        Wanted{"tip-pendulum", 1, 0.0, 1.0 / std::sqrt(3.0), 1.8}, Wanted{"pilco-cartpole", 1, kPi, 0.02, 3.0},
        Wanted{"mountain-car", 0, -0.5, 0.1 / std::sqrt(3.0), 1.8}}) {
    auto world = make_world(w.name);
    auto starts = stream(11);
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < n; ++i) {
      const double d = (world->reset(starts)[static_cast<std::size_t>(w.element)] - w.mean) / w.sd;
      sum += d;
      squares += d * d;
    }
    CAPTURE(w.name);
    CHECK(std::abs(sum / std::sqrt(n)) < 4.5);
    CHECK(std::abs(squares / n - 1.0) * std::sqrt(n / (w.kurtosis - 1.0)) < 4.5);
  }
}

TEST_CASE("save and restore give the same bits in every world") {
  for (const std::string& id : table().ids()) {
    CAPTURE(id);
    auto world = table().make(id, {}).world;
    auto other = table().make(id, {}).world;
    auto starts = stream(5), others = stream(6);
    world->reset(starts);
    steps(*world, 3, 10);
    std::vector<double> saved(static_cast<std::size_t>(world->spec().state_size));
    world->save(saved);
    const Outcome outcome = world->outcome();
    const Bits wanted = steps(*world, 3, 50);
    world->restore(saved);
    CHECK(world->outcome().reward == outcome.reward);
    CHECK(steps(*world, 3, 50) == wanted);
    other->reset(others);
    other->restore(saved);
    CHECK(steps(*other, 3, 50) == wanted);
    // A second start of the same stream key gives the first start again: nothing of the last episode is left.
    auto again = stream(5);
    world->reset(again);
    steps(*world, 3, 10);
    std::vector<double> second(saved.size());
    world->save(second);
    CHECK(second == saved);
  }
}

TEST_CASE("wrong spans, numbers, names and options are typed errors") {
  for (const std::string& id : table().ids()) {
    CAPTURE(id);
    auto world = table().make(id, {}).world;
    auto starts = stream(5);
    world->reset(starts);
    const Spec& spec = world->spec();
    std::vector<double> action(static_cast<std::size_t>(spec.action_size) + 1), joints(spec.joints.size() + 1),
        state(static_cast<std::size_t>(spec.state_size) + 1);
    CHECK_THROWS_AS(world->step(action), base::UserError);
    CHECK_THROWS_AS(world->save(state), base::UserError);
    CHECK_THROWS_AS(world->restore(state), base::UserError);
    CHECK_THROWS_AS(world->set_joints(joints, joints), base::UserError);
    action.pop_back();
    action[0] = std::numeric_limits<double>::quiet_NaN();
    CHECK(caught<base::SimulationError>([&] { world->step(action); }).step == 1);
    action[0] = 0.0;
    CHECK_THROWS_AS(world->step(action), base::SimulationError);
    world->reset(starts);
    world->step(action);
  }
  const std::string message = caught<base::OptionError>([] { make_world("mountan-car"); }).what();
  CHECK(message.find("'mountain-car-v0'") != std::string::npos);
  const auto with = [](const char* key, double value) {
    TaskOptions options;
    options.values = {{key, value}};
    return caught<base::OptionError>([&] { make("mountain-car", options); });
  };
  const auto misspelt = with("powr", 0.001);
  CHECK(std::string(misspelt.what()).find("power") != std::string::npos);
  CHECK(with("power", -1.0).key == "power");
}
