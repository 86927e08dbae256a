// Learning of a body schema: Gauss-Newton predictive coding on the axes and links of a serial chain, with a Laplace
// posterior over them.
//
//   F(theta) = sum_n w_n |x_n - hand(q_n)|^2 / 2 sigma^2 + sum_i |t_i|^2 / 2 tau^2      (axes uniform)
//   P = (sum_n w_n J' J / sigma^2 + P_0^-1)^-1 max(1, chi^2),  J = d hand / d theta,  chi^2 = sum w e^2 / (3 W sigma^2)
// descended by Levenberg-Marquardt steps from the last schema, and from random ones while the fit is young or bad.
#pragma once

#include <Eigen/Dense>

#include "core/inference/hand_model.hpp"
#include "core/model/body_schema.hpp"

namespace infans::inference {

struct SchemaOptions {
  double noise = 0.003;     // sigma, m: of seen positions, given or expected
  bool learn_noise = true;  // sigma from the residuals (MacKay 1992), `noise` worth noise_dof seen coordinates
  double noise_dof = 1.0;
  double precision = 1.0;  // factor on 1 / sigma^2, given or found
  double link_sd = 0.15;   // tau, m
  int iterations = 15;     // steps from the last schema a new sample
  int restarts = 16;       // random starts at a time: every restart_every samples below restart_below, and at every
  int restart_every = 1;   // sample below give_up while chi^2 by the given sigma > chi_limit
  int restart_below = 25;
  int give_up = 40;
  int restart_iterations = 40;
  double chi_limit = 2.0;
};

class SchemaLearner final : public HandModel {
 public:
  // The stream draws the random starts.
  SchemaLearner(int joints, const SchemaOptions& options, random::Stream stream);

  void add(const Eigen::VectorXd& q, const Eigen::Vector3d& x, double weight = 1.0) override;
  void discount(double share) override;
  // Covariance J P J', noise sigma^2 max(1, chi^2).
  HandBelief predict(const Eigen::VectorXd& q) const override;
  int joints() const override { return schema_.joints(); }
  std::unique_ptr<HandModel> clone() const override { return std::make_unique<SchemaLearner>(*this); }
  void describe(base::Archive& archive) override;
  int links() const override { return schema_.joints() + 1; }
  // Moves the schema only: what was seen stays as it was.
  void shift_link(int link, const Eigen::Vector3d& by) override { schema_.link.col(link) += by; }
  int samples() const override { return static_cast<int>(rows_); }

  const model::BodySchema& schema() const { return schema_; }
  const Eigen::MatrixXd& covariance() const { return covariance_; }  // P, over model::BodySchema::move
  double chi_squared() const { return chi_squared_; }                // 0 before the first sample
  double noise() const { return noise_; }                            // sigma in use, m
  int random_starts() const { return random_starts_; }               // tried so far
  int steps() const { return steps_; }                               // Levenberg-Marquardt steps so far

 private:
  struct Fit {
    model::BodySchema schema;
    double energy;  // 2 F
  };
  double energy(const model::BodySchema& schema) const;
  double squared_error(const model::BodySchema& schema) const;  // sum w e^2, m^2
  // Precision of theta at a schema, and minus the gradient of F, unless null. Without the 1/max(1, chi^2).
  Eigen::MatrixXd curvature(const model::BodySchema& schema, Eigen::VectorXd* descent) const;
  Fit descend(model::BodySchema from, int iterations);
  void fit();
  void believe();

  SchemaOptions options_;
  random::Stream stream_;
  model::BodySchema schema_;
  Eigen::MatrixXd angles_;   // n x capacity
  Eigen::Matrix3Xd hands_;   // 3 x capacity
  Eigen::VectorXd weights_;  // capacity
  Eigen::MatrixXd covariance_;
  Eigen::Index rows_ = 0;
  double noise_, chi_squared_ = 0.0;
  int next_restart_ = 6, random_starts_ = 0, steps_ = 0;
};

}  // namespace infans::inference
