// What to observe next, what it is expected to teach, and whether that pays. A sample is whatever is paid for: a touch,
// a step of the body, a saccade. Information is counted in nats about what the sampler wants to know; so is the price:
// a cost in any other currency divided by what a nat is worth in it.
#pragma once

#include <Eigen/Dense>

namespace infans::agents {

// One line of the account of samples, nats.
struct Purchase {
  double expected = 0.0;  // mutual information of the sample and what is asked, before it is taken
  double price = 0.0;
  double bought = 0.0;  // entropy that the belief lost; below 0 where a surprise made it less sure. Sums over samples.
};

class Sampler {
 public:
  virtual ~Sampler() = default;

  // The sample that is worth most, expected information less price, as far as the sampler looks.
  virtual Eigen::VectorXd propose() = 0;
  virtual double expected_information(const Eigen::VectorXd& sample) const = 0;  // nats
  virtual double price(const Eigen::VectorXd& sample) const = 0;                 // nats
  // False: stop here. Of a sample that propose() gave.
  virtual bool worth_it(const Eigen::VectorXd& sample) const { return expected_information(sample) > price(sample); }
  // Learns what the sample showed; returns the nats bought.
  virtual double observe(const Eigen::VectorXd& sample, const Eigen::VectorXd& seen) = 0;

  // observe(), with its line of the account.
  Purchase buy(const Eigen::VectorXd& sample, const Eigen::VectorXd& seen) {
    Purchase line{expected_information(sample), price(sample), 0.0};
    line.bought = observe(sample, seen);
    return line;
  }
};

}  // namespace infans::agents
