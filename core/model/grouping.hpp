// How the prior precisions of many weights follow from few numbers: ln lambda_k = theta_group(k) + decay_k . delta.
// decay_k counts how fine the feature k is along each joint, so a joint that needs no fine harmonics says so once.
#pragma once

#include <Eigen/Dense>

namespace infans::model {

struct Grouping {
  int groups = 0;
  Eigen::VectorXi group;  // C, in 0 .. groups - 1
  Eigen::MatrixXd decay;  // C x J, >= 0

  Eigen::Index weights() const { return group.size(); }
  Eigen::Index parameters() const { return groups + decay.cols(); }
  // ln lambda of every weight from [theta; delta].
  Eigen::VectorXd log_precision(const Eigen::VectorXd& parameters) const {
    Eigen::VectorXd out = decay * parameters.tail(decay.cols());
    for (Eigen::Index k = 0; k < out.size(); ++k) out(k) += parameters(group(k));
    return out;
  }
  // The chain rule back: from d/d ln lambda_k to d/d[theta; delta].
  Eigen::VectorXd gather(const Eigen::VectorXd& effect) const {
    Eigen::VectorXd out = Eigen::VectorXd::Zero(parameters());
    for (Eigen::Index k = 0; k < effect.size(); ++k) out(group(k)) += effect(k);
    out.tail(decay.cols()) = decay.transpose() * effect;
    return out;
  }
  // Only the weights that `index` names.
  template <typename Index>
  Grouping kept(const Index& index) const {
    return {groups, group(index), decay(index, Eigen::all)};
  }
};

}  // namespace infans::model
