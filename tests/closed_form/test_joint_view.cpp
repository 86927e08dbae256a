// A world seen as joints: what a formula says of angles that turn, of held commands and their rewards.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "core/base/error.hpp"
#include "envs/api/callback_world.hpp"
#include "envs/api/joint_view.hpp"

using namespace infans;
using envs::JointReading;
using envs::JointView;

namespace {

constexpr double period = 0.1, speed = 9.0;  // 0.9 rad a control step: seven steps make a turn

// A clock's hand, seen by its direction: cos, sin, velocity, gap. Angle 3 + 0.9 k after k steps, reward k.
std::unique_ptr<envs::Environment> clock_hand(int last = 1000) {
  envs::Spec spec;
  spec.name = "clock";
  spec.modalities = {{"direction", "1", 0, 2}, {"velocity", "rad/s", 2, 1}, {"gap", "m", 3, 1}};
  spec.action_size = 1;
  spec.control_period = period;
  envs::Callbacks calls;
  const auto step = std::make_shared<int>(0);
  const auto seen = [step] {
    const double angle = 3.0 + speed * period * *step;
    return std::vector<double>{std::cos(angle), std::sin(angle), speed, 0.5};
  };
  calls.reset = [step, seen](std::uint64_t) {
    *step = 0;
    return seen();
  };
  calls.step = [step, seen, last](std::span<const double>) {
    ++*step;
    return envs::Callbacks::Reply{seen(), {static_cast<double>(*step), *step == last}};
  };
  return make_callback_world(spec, calls);
}

const JointReading hand{{envs::Joint::hinge}, {{-1, 0, 1, 2, true}}, {3}};

}  // namespace

TEST_SUITE("joint_view") {
  TEST_CASE("an angle read by its direction goes on turning, and starts anew with the episode") {
    JointView view(clock_hand(), hand, 3);
    random::Stream stream({1, 0, random::Purpose::reset, 0});
    CHECK(view.reset(stream)[0] == doctest::Approx(3.0));
    const double none = 0.0;
    for (int k = 1; k <= 20; ++k) {
      const auto o = view.step({&none, 1});
      CHECK(o[0] == doctest::Approx(3.0 + 3 * k * speed * period).epsilon(1e-12));
      CHECK(o[1] == speed);
      CHECK(o[2] == 0.5);
    }
    CHECK(view.reset(stream)[0] == doctest::Approx(3.0));
  }

  TEST_CASE("a command is held, and its rewards are added up to the end") {
    JointView view(clock_hand(5), hand, 3);
    CHECK(view.spec().control_period == doctest::Approx(3 * period));
    random::Stream stream({1, 0, random::Purpose::reset, 0});
    view.reset(stream);
    const double none = 0.0;
    view.step({&none, 1});
    CHECK(view.outcome().reward == 1 + 2 + 3);
    CHECK(view.held() == 3);
    view.step({&none, 1});
    CHECK(view.outcome().reward == 4 + 5);
    CHECK(view.outcome().terminated);
    CHECK(view.held() == 2);
  }

  TEST_CASE("readings that do not fit are refused") {
    CHECK_THROWS_AS(JointView(clock_hand(), {{envs::Joint::hinge}, {{-1, 0, 1, 4, true}}}, 1), std::logic_error);
    CHECK_THROWS_AS(JointView(clock_hand(), hand, 0), std::logic_error);
    CHECK_THROWS_WITH_AS(envs::joint_reading(clock_hand()->spec()), doctest::Contains("'clock'"), base::OptionError);
  }
}
