#include "core/inference/lbfgs.hpp"

#include <cmath>
#include <deque>

namespace infans::inference {
namespace {

constexpr std::size_t memory = 8;

struct Pair {
  Eigen::VectorXd s, y;
  double rho;
};

// Coordinates that the bounds hold: at a bound with the descent pointing outwards.
Eigen::ArrayXd free_mask(const Eigen::VectorXd& x, const Eigen::VectorXd& g, const Eigen::VectorXd& low,
                         const Eigen::VectorXd& high) {
  Eigen::ArrayXd mask(x.size());
  for (Eigen::Index i = 0; i < x.size(); ++i)
    mask(i) = (x(i) <= low(i) && g(i) > 0.0) || (x(i) >= high(i) && g(i) < 0.0) ? 0.0 : 1.0;
  return mask;
}

Eigen::VectorXd two_loop(const std::deque<Pair>& pairs, const Eigen::VectorXd& gradient) {
  Eigen::VectorXd q = gradient;
  std::vector<double> alpha(pairs.size());
  for (std::size_t i = pairs.size(); i-- > 0;) {
    alpha[i] = pairs[i].rho * pairs[i].s.dot(q);
    q -= alpha[i] * pairs[i].y;
  }
  if (!pairs.empty()) q *= pairs.back().s.dot(pairs.back().y) / pairs.back().y.squaredNorm();
  for (std::size_t i = 0; i < pairs.size(); ++i) q += (alpha[i] - pairs[i].rho * pairs[i].y.dot(q)) * pairs[i].s;
  return q;
}

}  // namespace

LbfgsResult minimise(const Objective& f, Eigen::VectorXd& x, const Eigen::VectorXd& low, const Eigen::VectorXd& high,
                     int iterations) {
  LbfgsResult result;
  Eigen::VectorXd g(x.size()), g_new(x.size());
  std::deque<Pair> pairs;
  x = x.cwiseMax(low).cwiseMin(high);
  result.value = f(x, g);
  ++result.evaluations;
  for (; result.iterations < iterations; ++result.iterations) {
    const Eigen::ArrayXd mask = free_mask(x, g, low, high);
    const Eigen::VectorXd pg = (g.array() * mask).matrix();
    if (pg.cwiseAbs().maxCoeff() < 1e-5) break;
    Eigen::VectorXd d = -(two_loop(pairs, pg).array() * mask).matrix();
    if (!(d.dot(pg) < 0.0)) d = -pg;
    // The first step has no curvature yet: at most 0.5 in any log-parameter.
    double t = pairs.empty() ? std::min(1.0, 0.5 / d.cwiseAbs().maxCoeff()) : 1.0;
    bool moved = false;
    for (int tries = 0; tries < 12; ++tries, t *= 0.4) {
      const Eigen::VectorXd x_new = (x + t * d).cwiseMax(low).cwiseMin(high);
      const double value = f(x_new, g_new);
      ++result.evaluations;
      if (!std::isfinite(value) || value > result.value + 1e-4 * g.dot(x_new - x)) continue;
      Pair p{x_new - x, g_new - g, 0.0};
      const double sy = p.s.dot(p.y);
      if (sy > 1e-10 * p.y.squaredNorm()) {
        p.rho = 1.0 / sy;
        pairs.push_back(std::move(p));
        if (pairs.size() > memory) pairs.pop_front();
      }
      moved = result.value - value > 1e-6 * (1.0 + std::abs(value));
      x = x_new;
      g = g_new;
      result.value = value;
      break;
    }
    if (!moved) break;
  }
  return result;
}

}  // namespace infans::inference
