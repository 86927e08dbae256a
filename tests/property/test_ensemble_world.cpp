// An ensemble of hierarchies as a model of the world: it imagines what it predicts, its derivatives are those of what
// it imagines, and it disagrees less where it has lived.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/inference/ensemble_world.hpp"
#include "tests/cart_and_pole.hpp"

using namespace infans;
using namespace infans::inference;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

VectorXd random_state(random::Stream& s, double width) {
  VectorXd x(4);
  x << s.uniform(-1, 1), s.uniform(-1, 1), s.uniform(-2, 2), s.uniform(-3, 3);
  return width * x;
}

VectorXd moved(const VectorXd& x, double u) {
  VectorXd next = x;
  next(2) += u;
  next(3) -= 0.5 * std::sin(x(1)) + 0.2 * u;
  next.head(2) += 0.1 * next.tail(2);
  return next;
}

EnsembleWorld lived(std::uint64_t seed, int transitions) {
  EnsembleOptions o;
  o.hidden = 24;
  o.epochs = 60;
  EnsembleWorld m(tests::cart_and_pole(), o, seed, 0);
  random::Stream s({6, 0, random::Purpose::test, 0});
  for (int n = 0; n < transitions; ++n) {
    const VectorXd x = random_state(s, 1.0);
    const double u = s.uniform(-1, 1);
    m.observe(x, VectorXd::Constant(1, u), moved(x, u));
  }
  m.refit();
  return m;
}

// Step and gain at one point.
VectorXd imagined(Imagination& thought, const VectorXd& x, double u, float* gain) {
  Batch state, action, next;
  state.resize(4, 1);
  action.resize(1, 1);
  for (int i = 0; i < 4; ++i) std::fill_n(state.row(i), state.stride, static_cast<float>(x(i)));
  std::fill_n(action.row(0), action.stride, static_cast<float>(u));
  std::vector<float> all(static_cast<std::size_t>(state.stride));
  thought.step(state, action, 1, next, all.data());
  *gain = all[0];
  VectorXd out(4);
  for (int i = 0; i < 4; ++i) out(i) = double{next.row(i)[0]};
  return out;
}

}  // namespace

TEST_CASE("an ensemble imagines what it predicts, with the derivatives of what it imagines") {
  EnsembleWorld m = lived(3, 120);
  random::Stream s({8, 0, random::Purpose::test, 0});
  Imagination& thought = m.imagine(true, s);
  for (int n = 0; n < 10; ++n) {
    const VectorXd x = random_state(s, 1.0), u = VectorXd::Constant(1, s.uniform(-1, 1));
    float gain = 0.0F, high = 0.0F, low = 0.0F;
    const Belief b = m.predict(x, u);
    // Floats of size 1 to 10 over some tens of roundings.
    CHECK((imagined(thought, x, u(0), &gain) - b.mean).cwiseAbs().maxCoeff() < 1e-4);
    const VectorXd ratio = b.standard_deviation.cwiseAbs2().cwiseProduct(b.precision);
    CHECK(gain == doctest::Approx(0.5 * ratio.array().log().sum()).epsilon(1e-2));  // of differences of floats
    Linearisation linear;
    thought.linearise(x, u, true, linear);
    for (int i = 0; i < 5; ++i) {
      const double h = 0.01;  // third derivative's share and the remainder of floats are both below 1e-2
      VectorXd up = x, down = x;
      double u_up = u(0), u_down = u(0);
      (i < 4 ? up(i) : u_up) += h;
      (i < 4 ? down(i) : u_down) -= h;
      const VectorXd slope = (imagined(thought, up, u_up, &high) - imagined(thought, down, u_down, &low)) / (2.0 * h);
      CHECK((slope - linear.jacobian[0].col(i)).cwiseAbs().maxCoeff() < 1e-2);
      CHECK(linear.gain_gradient(i, 0) == doctest::Approx((high - low) / (2.0 * h)).epsilon(0.05).scale(1.0));
    }
  }
}

// Where it lived it is right and sure, far outside its members go apart: on average over 50 points a factor, not a
// matter of chance.
TEST_CASE("an ensemble learns, and disagrees where it has not been") {
  const EnsembleWorld few = lived(4, 20), many = lived(4, 400);
  random::Stream s({9, 0, random::Purpose::test, 0});
  double error_few = 0, error_many = 0, inside = 0, outside = 0;
  for (int n = 0; n < 50; ++n) {
    const VectorXd x = random_state(s, 1.0), u = VectorXd::Constant(1, s.uniform(-1, 1));
    const VectorXd next = moved(x, u(0));
    error_few += (few.predict(x, u).mean - next).squaredNorm();
    error_many += (many.predict(x, u).mean - next).squaredNorm();
    const auto unknown = [&](const VectorXd& at) {
      const Belief b = many.predict(at, u);
      return (b.standard_deviation.cwiseAbs2().cwiseProduct(b.precision).array() - 1.0).sum();
    };
    inside += unknown(x);
    outside += unknown(4.0 * x);
  }
  CHECK(error_many < 0.2 * error_few);
  CHECK(outside > 4.0 * inside);
}

TEST_CASE("equal keys give equal ensembles; one member is none") {
  const VectorXd x = VectorXd::Constant(4, 0.3), u = VectorXd::Constant(1, 0.5);
  CHECK(lived(5, 40).predict(x, u).mean == lived(5, 40).predict(x, u).mean);
  CHECK(lived(5, 40).predict(x, u).mean != lived(6, 40).predict(x, u).mean);
  EnsembleOptions o;
  o.members = 1;
  CHECK_THROWS_AS(EnsembleWorld(tests::cart_and_pole(), o, 1, 0), std::logic_error);
}
