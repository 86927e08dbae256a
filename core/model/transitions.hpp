// What a law of motion learns from: one row per transition, so that a column holds one coordinate of all of them.
#pragma once

#include <Eigen/Dense>

namespace infans::model {

struct Transitions {
  Eigen::MatrixXd q0, v0;  // N x n: positions (m, rad) and velocities at the start of a control step
  Eigen::MatrixXd u;       // N x m: command held during the step
  Eigen::MatrixXd q1, v1;  // N x n: at its end; angles are not wrapped

  Eigen::Index count() const { return q0.rows(); }
  int joints() const { return static_cast<int>(q0.cols()); }
  int commands() const { return static_cast<int>(u.cols()); }

  // The rows that `index` names, in its order.
  template <typename Index>
  Transitions rows(const Index& index) const {
    return {q0(index, Eigen::all), v0(index, Eigen::all), u(index, Eigen::all), q1(index, Eigen::all),
            v1(index, Eigen::all)};
  }
};

}  // namespace infans::model
