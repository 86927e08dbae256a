// Settled states against the joint Gaussian of a whole stretch, and the filter of a life against Kalman's formulas.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/inference/state_filter.hpp"
#include "core/model/symmetric.hpp"
#include "core/random/stream.hpp"
#include "tests/temporal_world.hpp"

using namespace infans;
using namespace infans::inference;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using tests::covariance;
using tests::normal;
using tests::worst;

namespace {

struct Stretch {
  Moves moves;
  Readings readings;
};

// T moves of S states with random laws; the reading `gap` did not come.
Stretch stretch(Index states, Index steps, Index gap) {
  random::Stream s({1, 0, random::Purpose::test, 40});
  Stretch x{{normal(states, steps, s), normal(states, steps, s), {}, {}},
            {normal(states, steps + 1, s), Mask::Constant(steps + 1, true), VectorXd::LinSpaced(states, 0.1, 0.4),
             normal(states, 1, s), covariance(static_cast<int>(states), 0.5, s)}};
  for (Index t = 0; t < steps; ++t) {
    x.moves.jacobian.push_back(normal(states, states, s));
    x.moves.covariance.push_back(covariance(static_cast<int>(states), 0.2, s));
  }
  x.readings.seen(gap) = false;
  return x;
}

struct Gaussian {
  VectorXd mean;
  MatrixXd covariance;
};

// All states stacked, before any reading: x_t is linear in x_0 and the noises of the moves.
Gaussian prior_of(const Stretch& x) {
  const Index n = x.readings.first_mean.size(), steps = x.moves.count(), all = n * (steps + 1);
  MatrixXd map = MatrixXd::Zero(all, all), noise = MatrixXd::Zero(all, all);
  Gaussian g{VectorXd(all), {}};
  map.topLeftCorner(n, n).setIdentity();
  noise.topLeftCorner(n, n) = x.readings.first_covariance;
  g.mean.head(n) = x.readings.first_mean;
  for (Index t = 0; t < steps; ++t) {
    const MatrixXd& f = x.moves.jacobian[static_cast<std::size_t>(t)];
    map.middleRows(n * (t + 1), n) = f * map.middleRows(n * t, n);
    map.block(n * (t + 1), n * (t + 1), n, n).setIdentity();
    noise.block(n * (t + 1), n * (t + 1), n, n) = x.moves.covariance[static_cast<std::size_t>(t)];
    g.mean.segment(n * (t + 1), n) = x.moves.end.col(t) + f * (g.mean.segment(n * t, n) - x.moves.point.col(t));
  }
  g.covariance = map * noise * map.transpose();
  return g;
}

// x' = A x + B u, known from the start and never changed by what is lived.
class LinearWorld final : public WorldModel, public Imagination {
 public:
  LinearWorld() {
    encoding_.coordinates = {model::Coordinate::linear};
    encoding_.position_scale = VectorXd::Constant(1, 1.0);
    encoding_.velocity_scale = VectorXd::Constant(1, 2.0);
    encoding_.actions = 1;
    encoding_.dt = 0.1;
    a << 1.0, 0.1, -0.4, 0.9;
    b << 0.02, 0.5;
    q << 0.002, 0.0005, 0.0005, 0.004;
  }

  const model::Encoding& encoding() const override { return encoding_; }
  Belief predict(const VectorXd& x, const VectorXd& u) const override {
    return {a * x + b * u, q.diagonal().cwiseSqrt(), q.diagonal().cwiseInverse(), q};
  }
  Surprise observe(const VectorXd&, const VectorXd&, const VectorXd&) override { return {}; }
  void replace(const model::Transitions& t) override { lived = t; }
  void refit() override { ++refits; }
  Imagination& imagine(bool, random::Stream&) override { return *this; }
  double log_evidence() const override { return 0.0; }
  VectorXd length_scale() const override { return VectorXd::Zero(3); }
  void describe(base::Archive&) override {}
  void step(const Batch&, const Batch&, int, Batch&, float*) override {}
  void linearise(const MatrixXd& x, const MatrixXd&, bool, Linearisation& out) override {
    MatrixXd j(2, 3);
    j << a, b;
    out.jacobian.assign(static_cast<std::size_t>(x.cols()), j);
  }

  Eigen::Matrix2d a, q;
  Eigen::Vector2d b;
  model::Transitions lived;
  int refits = 0;

 private:
  model::Encoding encoding_;
};

struct Lived {
  std::vector<VectorXd> command, reading;  // T, T + 1
};

Lived lived(const LinearWorld& w, int steps, std::uint64_t key) {
  random::Stream s({2, 0, random::Purpose::test, key});
  const MatrixXd root = MatrixXd(w.q).llt().matrixL();
  VectorXd x = normal(2, 1, s);
  Lived l;
  l.reading.emplace_back(x + 0.03 * normal(2, 1, s));
  for (int t = 0; t < steps; ++t) {
    l.command.emplace_back(VectorXd::Constant(1, s.uniform(-1, 1)));
    x = w.a * x + w.b * l.command.back() + root * normal(2, 1, s);
    l.reading.emplace_back(x + 0.03 * normal(2, 1, s));
  }
  return l;
}

// Kalman (1960) with the numbers that the filter believes in: the belief after the last command, of which the last
// `late` readings did not come, nor those named.
Gaussian kalman(const LinearWorld& w, const StateFilter& f, const Lived& l, int steps, int late, int missing) {
  const VectorXd root = (0.5 * f.noise().factor.array()).exp();
  MatrixXd q = root.asDiagonal() * w.q * root.asDiagonal();
  q.diagonal() += f.unknown();
  Gaussian x{f.first_mean(), f.first_covariance()};
  for (int t = 0; t <= steps; ++t) {
    if (t > 0) {
      x.mean = w.a * x.mean + w.b * l.command[static_cast<std::size_t>(t - 1)];
      x.covariance = w.a * x.covariance * w.a.transpose() + q;
    }
    if (t == missing || t > steps - late) continue;
    const MatrixXd s = x.covariance + MatrixXd(f.noise().reading.asDiagonal());
    const MatrixXd gain = x.covariance * s.inverse();
    x.mean += gain * (l.reading[static_cast<std::size_t>(t)] - x.mean);
    x.covariance = (MatrixXd::Identity(2, 2) - gain) * x.covariance;
  }
  return x;
}

}  // namespace

TEST_CASE("settled states are the joint Gaussian of the stretch given its readings") {
  const Index n = 3, steps = 4, gap = 2;
  const Stretch x = stretch(n, steps, gap);
  const Gaussian prior = prior_of(x);
  std::vector<Index> seen;
  for (Index t = 0; t <= steps; ++t)
    for (Index i = 0; i < n && t != gap; ++i) seen.push_back(n * t + i);
  const MatrixXd cross = prior.covariance(Eigen::all, seen);
  MatrixXd total = prior.covariance(seen, seen);
  VectorXd error(static_cast<Index>(seen.size()));
  for (std::size_t k = 0; k < seen.size(); ++k) {
    const auto i = static_cast<Index>(k);
    total(i, i) += x.readings.noise(seen[k] % n);
    error(i) = x.readings.observation(seen[k] % n, seen[k] / n) - prior.mean(seen[k]);
  }
  const Eigen::LLT<MatrixXd> factor(total);
  const VectorXd mean = prior.mean + cross * factor.solve(error);
  const MatrixXd rest = prior.covariance - cross * factor.solve(cross.transpose());
  const double evidence = -0.5 * (error.dot(factor.solve(error)) + model::log_det(factor) +
                                  static_cast<double>(error.size()) * model::log_two_pi);

  const FilteredStates filtered = filter_states(x.moves, x.readings);
  const Smoothed s = smooth_states(filtered);
  REQUIRE(s.mean.size() == steps + 1);
  CHECK(s.log_evidence == doctest::Approx(evidence).epsilon(1e-9));
  for (Index t = 0; t <= steps; ++t) {
    const auto i = static_cast<std::size_t>(t);
    CHECK(worst(s.mean[i], mean.segment(n * t, n)) < 1e-8);
    CHECK(worst(s.covariance[i], rest.block(n * t, n * t, n, n)) < 1e-8);
    if (t < steps) CHECK(worst(s.cross[i], rest.block(n * (t + 1), n * t, n, n)) < 1e-8);
  }
  // Before a reading and, where it did not come, after it.
  CHECK(filtered.predicted_mean(gap) == filtered.mean(gap));
  CHECK(worst(filtered.mean(steps), mean.tail(n)) < 1e-8);
}

// Constant acceleration a in a step of h: q and v deviate from coasting by h^2 a / 2 and h a.
TEST_CASE("coasting expects what a constant acceleration does, and a little more of positions") {
  const LinearWorld w;
  const MatrixXd state = (MatrixXd(2, 1) << 0.5, -2.0).finished();
  const double a = 7.0, h = 0.1;
  const Moves m = coast(w.encoding(), state, VectorXd::Constant(1, a));
  CHECK(m.end(0, 0) == doctest::Approx(0.5 - 2.0 * h));
  CHECK(m.end(1, 0) == -2.0);
  const Eigen::Vector2d deviation(0.5 * h * h * a, h * a);
  MatrixXd more = m.covariance.front() - deviation * deviation.transpose();
  CHECK(more(0, 0) == doctest::Approx(std::pow(h * h * a / 12.0, 2)));
  more(0, 0) = 0.0;
  CHECK(tests::largest(more) < 1e-12);
}

TEST_CASE("the belief of a life in a linear world is Kalman's, with late and missing readings") {
  for (const int delay : {0, 2}) {
    LinearWorld w;
    StateFilterOptions o;
    o.delay = delay;
    o.window = 3;  // shorter than the life: what is older is summed up exactly
    StateFilter f(w, o);
    const auto live = [&](const Lived& l, int steps, int missing) {
      f.begin_episode();
      for (int t = 0; t <= steps; ++t) {
        const int of = std::max(0, t - delay);
        f.perceive(t > 0 ? &l.command[static_cast<std::size_t>(t - 1)] : nullptr,
                   of == missing ? nullptr : &l.reading[static_cast<std::size_t>(of)]);
        if (t > 0) f.keep();
      }
    };
    live(lived(w, 12, 1), 12, -1);
    f.consolidate();
    CHECK(w.refits == o.passes);
    CHECK(w.lived.count() == 12 - delay);  // a move is learned from when both its ends were seen
    const Lived second = lived(w, 9, 2);
    live(second, 9, 5);
    const Gaussian wanted = kalman(w, f, second, 9, delay, 5);
    CHECK(worst(f.mean(), wanted.mean) < 1e-7);
    CHECK(worst(f.covariance(), wanted.covariance) < 1e-7);
  }
}

// With 400 readings the standard error of ln R is sqrt(2 / 400) = 0.07 and more for what the moves explain as well;
// its expectation is off the guess by ln(9). Noise R and moves Q are of one size here: within a factor of 1.5.
TEST_CASE("the noise of readings is found from a wrong guess") {
  LinearWorld w;
  StateFilterOptions o;
  o.noise = 0.09;
  StateFilter f(w, o);
  for (std::uint64_t episode = 0; episode < 10; ++episode) {
    const Lived l = lived(w, 40, 100 + episode);
    f.begin_episode();
    for (std::size_t t = 0; t <= 40; ++t) {
      f.perceive(t > 0 ? &l.command[t - 1] : nullptr, &l.reading[t]);
      if (t > 0) f.keep();
    }
  }
  for (int k = 0; k < 5; ++k) f.consolidate();
  for (const double r : f.noise().reading) {
    CHECK(std::sqrt(r) < 0.03 * 1.5);
    CHECK(std::sqrt(r) > 0.03 / 1.5);
  }
}
