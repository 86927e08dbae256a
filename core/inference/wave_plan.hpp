// The order in which the kernels build the waves of a harmonic series: each turns an earlier one by one joint.
#pragma once

#include <Eigen/Dense>
#include <vector>

namespace infans::inference {

struct WavePlan {
  // wave: K x n, as in model::Harmonics. Waves that lead to another are added where they lack; zero is left out.
  explicit WavePlan(const Eigen::MatrixXi& wave);

  int count() const { return static_cast<int>(parent.size()); }

  std::vector<int> place;  // of every row of `wave`; -1: the constant
  std::vector<std::vector<int>> wave;
  std::vector<int> parent, turn;  // parent -1: none
  std::vector<float> back;        // 1 or -1
};

}  // namespace infans::inference
