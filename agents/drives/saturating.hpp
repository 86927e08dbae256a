// A reward with a ceiling and a floor, as a preference.
#pragma once

#include <memory>
#include <vector>

#include "agents/drives/preference.hpp"

namespace infans::agents {

// ln C(s) = (exp(ln W(s)) - 1) / temperature - 1/2 sum_i weight_i s_i^2, where W is a Gaussian preference of peak 1: a
// reward exp(ln W) between 0 and 1 as nats, the saturating cost of Deisenroth & Rasmussen (2011, "PILCO"). Far from the
// goal all places are equally bad, so plans buy time at the goal instead of distance on the way; what keeps the state
// near 0 there are the weights (S, 1/unit^2).
class Saturating final : public Preference {
 public:
  // Throws std::logic_error unless temperature > 0.
  Saturating(std::shared_ptr<Preference> wanted, double temperature, Eigen::VectorXd weight,
             double command_precision = 0.0);
  std::unique_ptr<Preference> clone() const override;
  void add_log_density(const Batch& state, int n, float* sum) override;
  void residual(const Eigen::VectorXd& state, Eigen::VectorXd& r, Eigen::MatrixXd& jacobian) const override;
  double curvature() const override { return wanted_->curvature() / temperature_; }
  double command_precision() const override { return command_precision_; }
  void describe(base::Archive& archive) override { wanted_->describe(archive); }

 private:
  std::shared_ptr<Preference> wanted_;
  double temperature_;
  Eigen::VectorXd weight_;
  double command_precision_;
  std::vector<float> log_wanted_;
};

}  // namespace infans::agents
