// Where is the edge? A touch at height y answers whether y is at or below the edge h, wrongly with chance `flip`.
//
// The question is a finite one, or it would never end (each touch at the median of a continuous belief buys the same):
// in which of n equal cells h lies, n the least power of two whose cells are no wider than the resolution. Touches are
// made at the cells' borders, where the chance of an answer depends on the cell alone:
//   P(touch) = flip + (1 - 2 flip) P(h >= y),   I(touch; cell) = H(P(touch)) - H(flip)   nats, exact.
// The belief stays piecewise constant, with a step at each border touched: exact Bayes, O(touches) a touch. Without
// noise and travel this is bisection, with noise probabilistic bisection (Horstein 1963; Burnashev & Zigangirov 1974).
#pragma once

#include <vector>

#include "agents/sampling/sampler.hpp"

namespace infans::agents {

struct EdgeSearchOptions {
  double low = 0.0, high = 1.0;  // h is uniform between them
  double resolution = 1e-3;      // heights closer together need not be told apart, > 0
  double flip = 0.0;             // 0 <= flip < 0.5
  double price = 0.01;           // nats a touch, >= 0
  double travel = 0.0;           // nats per unit of the way from the last touch, >= 0; the first is free
};

// H(p) = -p ln p - (1 - p) ln(1 - p), nats; 0 at 0 and 1.
double binary_entropy(double p);

class EdgeSearch final : public Sampler {
 public:
  // Throws std::logic_error for options outside their range or more than 2^52 cells.
  explicit EdgeSearch(const EdgeSearchOptions& options);

  // Sample: {y}, a border of a cell (another height throws std::logic_error). Seen: {1} touched, {0} not.
  Eigen::VectorXd propose() override;
  double expected_information(const Eigen::VectorXd& sample) const override;
  double price(const Eigen::VectorXd& sample) const override;
  // Throws std::logic_error for an answer that the belief holds for impossible (flip 0).
  double observe(const Eigen::VectorXd& sample, const Eigen::VectorXd& seen) override;

  double chance_above(double y) const;  // P(h >= y), h spread evenly inside its cell
  double quantile(double p) const;      // of h, 0 < p < 1
  double entropy() const;               // of the cell, nats
  double cell() const { return cell_; }

 private:
  // Cells [first, last) that no touch has told apart.
  struct Run {
    double first, last;
    double mass;
  };

  double border(const Eigen::VectorXd& sample) const;
  double above(double border) const;
  double information(double chance_above) const;
  double travel(double border) const;

  EdgeSearchOptions options_;
  double cells_ = 1.0, cell_ = 1.0;
  std::vector<Run> runs_;
  double at_ = -1.0;  // border touched last; below 0: none
};

}  // namespace infans::agents
