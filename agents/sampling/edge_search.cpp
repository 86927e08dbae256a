#include "agents/sampling/edge_search.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace infans::agents {
namespace {

void expect(bool good, const char* rule) {
  if (!good) throw std::logic_error(rule);
}

double minus_p_log_p(double p) { return p > 0.0 ? -p * std::log(p) : 0.0; }

}  // namespace

double binary_entropy(double p) { return minus_p_log_p(p) + minus_p_log_p(1.0 - p); }

EdgeSearch::EdgeSearch(const EdgeSearchOptions& options) : options_(options) {
  expect(std::isfinite(options.low) && std::isfinite(options.high) && options.low < options.high,
         "an edge search needs low < high");
  expect(options.resolution > 0.0, "the resolution must be above 0");
  expect(options.flip >= 0.0 && options.flip < 0.5, "the chance of a wrong answer must be 0 or more and below 0.5");
  expect(options.price >= 0.0 && options.travel >= 0.0, "prices must be 0 or more");
  const double range = options.high - options.low;
  while (range / cells_ > options.resolution) cells_ *= 2.0;
  expect(cells_ <= 0x1p52, "a resolution that fine has no whole number of cells");
  cell_ = range / cells_;
  runs_ = {{0.0, cells_, 1.0}};
}

double EdgeSearch::border(const Eigen::VectorXd& sample) const {
  expect(sample.size() == 1, "a touch has one height");
  const double b = (sample(0) - options_.low) / cell_, nearest = std::round(b);
  expect(std::abs(b - nearest) <= 1e-6 && nearest >= 0.0 && nearest <= cells_, "touches are made at borders of cells");
  return nearest;
}

double EdgeSearch::above(double border) const {
  double sum = 0.0;
  for (const Run& r : runs_) sum += r.mass * std::clamp((r.last - border) / (r.last - r.first), 0.0, 1.0);
  return sum;
}

double EdgeSearch::information(double chance_above) const {
  const double touch = options_.flip + (1.0 - 2.0 * options_.flip) * std::clamp(chance_above, 0.0, 1.0);
  return std::max(0.0, binary_entropy(touch) - binary_entropy(options_.flip));
}

double EdgeSearch::travel(double border) const {
  return at_ < 0.0 ? 0.0 : options_.travel * cell_ * std::abs(border - at_);
}

// Inside a run and on one side of the last touch, information less price is concave in y: its top is where
// (1 - 2 flip) ln(P(touch) / P(no touch)) density = +-travel, or at an end. The borders beside it hold the best one.
Eigen::VectorXd EdgeSearch::propose() {
  double best = runs_.front().first, most = -1e300, upper = 1.0;
  const auto consider = [&](double border, double chance_above) {
    const double net = information(chance_above) - travel(border);
    if (net > most) {
      most = net;
      best = border;
    }
  };
  const double clear = 1.0 - 2.0 * options_.flip;
  for (const Run& run : runs_) {
    const double density = run.mass / (run.last - run.first);
    const auto chance = [&](double border) { return upper - density * (border - run.first); };
    consider(run.first, upper);
    for (const double side : {-1.0, 1.0}) {
      const double slope = at_ < 0.0 ? 0.0 : side * options_.travel * cell_ / (density * clear);
      const double touch = 1.0 / (1.0 + std::exp(-slope));
      const double top = run.first + (upper - (touch - options_.flip) / clear) / density;
      for (const double border : {std::floor(top), std::ceil(top), at_})
        if (border > run.first && border < run.last) consider(border, chance(border));
    }
    upper -= run.mass;
  }
  consider(runs_.back().last, 0.0);
  if (at_ >= 0.0) consider(at_, above(at_));
  return Eigen::VectorXd::Constant(1, options_.low + cell_ * best);
}

double EdgeSearch::expected_information(const Eigen::VectorXd& sample) const {
  return information(above(border(sample)));
}

double EdgeSearch::price(const Eigen::VectorXd& sample) const { return options_.price + travel(border(sample)); }

double EdgeSearch::observe(const Eigen::VectorXd& sample, const Eigen::VectorXd& seen) {
  expect(seen.size() == 1 && (seen(0) == 0.0 || seen(0) == 1.0), "a touch is answered by 0 or 1");
  const double at = border(sample), before = entropy();
  const double agree = 1.0 - options_.flip, above = seen(0) == 1.0 ? agree : options_.flip;
  std::vector<Run> after;
  double sum = 0.0;
  const auto keep = [&](double first, double last, double mass) {
    if (first < last && mass > 0.0) after.push_back({first, last, mass});
    sum += first < last ? mass : 0.0;
  };
  for (const Run& r : runs_) {
    const double middle = std::clamp(at, r.first, r.last), density = r.mass / (r.last - r.first);
    keep(r.first, middle, density * (middle - r.first) * (1.0 - above));
    keep(middle, r.last, density * (r.last - middle) * above);
  }
  expect(sum > 0.0, "the answer was held for impossible: is the chance of a wrong one really 0?");
  for (Run& r : after) r.mass /= sum;
  runs_ = std::move(after);
  at_ = at;
  return before - entropy();
}

double EdgeSearch::chance_above(double y) const { return above((y - options_.low) / cell_); }

double EdgeSearch::quantile(double p) const {
  double below = 0.0;
  for (const Run& r : runs_) {
    if (below + r.mass >= p) return options_.low + cell_ * (r.first + (p - below) / r.mass * (r.last - r.first));
    below += r.mass;
  }
  return options_.low + cell_ * runs_.back().last;
}

double EdgeSearch::entropy() const {
  double sum = 0.0;
  for (const Run& r : runs_) sum += minus_p_log_p(r.mass) + r.mass * std::log(r.last - r.first);
  return sum;
}

}  // namespace infans::agents
