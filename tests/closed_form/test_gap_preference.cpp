// A learned effector against the geometry of a two-link arm.
#include <doctest/doctest.h>

#include <cmath>

#include "agents/drives/gap_preference.hpp"

using namespace infans;
using Eigen::Vector2d;
using Eigen::VectorXd;

namespace {

Vector2d hand(const Vector2d& q) {
  return {0.1 * std::cos(q(0)) + 0.12 * std::cos(q(0) + q(1)), 0.1 * std::sin(q(0)) + 0.12 * std::sin(q(0) + q(1))};
}

VectorXd observation(const Vector2d& q, const Vector2d& goal) {
  VectorXd o(6);
  o << q, 0.0, 0.0, goal - hand(q);
  return o;
}

std::span<const double> view(const VectorXd& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }

// Two episodes with a goal each: more equations than the eight features have weights.
agents::GapPreference taught(double width) {
  agents::GapPreference p(2, 2, width, 0.0, kernels::best());
  random::Stream stream({3, 0, random::Purpose::probe, 0});
  for (int episode = 0; episode < 2; ++episode) {
    const Vector2d goal(stream.uniform(-0.2, 0.2), stream.uniform(-0.2, 0.2));
    p.begin_episode();
    for (int k = 0; k < 20; ++k) {
      const VectorXd o = observation({stream.uniform(-3, 3), stream.uniform(-3, 3)}, goal);
      p.see(view(o));
      p.learn(view(o));
    }
  }
  return p;
}

}  // namespace

TEST_SUITE("gap preference") {
  TEST_CASE("gaps of every posture follow from one that is seen, for a goal that is new") {
    agents::GapPreference p = taught(0.02);
    p.begin_episode();
    const Vector2d goal(0.05, -0.1);
    p.see(view(observation({0.3, -0.4}, goal)));
    for (const Vector2d& q : {Vector2d(0.3, -0.4), Vector2d(2.0, 1.0), Vector2d(-1.0, 2.5)})
      // The noise belief starts at 0.1 mm, and its prior is felt.
      CHECK((p.gap(q) - (goal - hand(q))).norm() < 2e-4);
  }

  TEST_CASE("the density is that of the gap, its residual has that slope, and a clone keeps what was learned") {
    agents::GapPreference p = taught(0.02);
    p.see(view(observation({0.3, -0.4}, {0.05, -0.1})));
    const auto copy = p.clone();
    VectorXd s(4), r;
    Eigen::MatrixXd slope, unused;
    s << 0.7, 1.1, 0.2, -0.3;
    inference::Batch batch;
    batch.resize(4, 1);
    for (int i = 0; i < 4; ++i) std::fill_n(batch.row(i), batch.stride, static_cast<float>(s(i)));
    float density = 0.0F;
    copy->add_log_density(batch, 1, &density);
    p.residual(s, r, slope);
    CHECK(density == doctest::Approx(-0.5 * r.squaredNorm()).epsilon(1e-4));  // floats, gaps of some widths
    CHECK(r.isApprox(p.gap(s.head(2)) / 0.02, 1e-12));
    for (int i = 0; i < 4; ++i) {
      const double h = 1e-6;
      VectorXd up = s, low = s, r_up, r_low;
      up(i) += h;
      low(i) -= h;
      p.residual(up, r_up, unused);
      p.residual(low, r_low, unused);
      CHECK(((r_up - r_low) / (2 * h) - slope.col(i)).norm() < 1e-6);  // h^2 and rounding / h
    }
  }

  TEST_CASE("before anything is learned no posture is better than another") {
    agents::GapPreference p(2, 2, 0.02, 0.0, kernels::best());
    p.see(view(observation({0.3, -0.4}, {0.05, -0.1})));
    CHECK(p.gap(Vector2d(1.0, 2.0)).isApprox(p.gap(Vector2d(-2.0, 0.5))));
    CHECK_THROWS_AS(agents::GapPreference(7, 2, 0.02, 0.0, kernels::best()), std::logic_error);
  }
}
