// Imagined steps of a readout on features, by the batched kernels, and their analytic linearisation.
#pragma once

#include <vector>

#include "core/inference/world_model.hpp"
#include "core/kernels/kernels.hpp"

namespace infans::inference {

// As floats, row after row.
std::vector<float> row_major(const Eigen::MatrixXd& m);

// Packed float tables for rollouts: const while many candidates are imagined.
struct RolloutTables {
  std::vector<float> frequency, phase, weight1, bias1, weight2, bias2, readout;
  kernels::FeatureModel model() const;
  int inputs = 0, fourier = 0, hidden = 0, outputs = 0, draws = 0;
};

class FeatureImagination final : public Imagination {
 public:
  FeatureImagination(const model::Encoding& encoding, const kernels::Table& kernels);

  // The model to imagine with, until the next call.
  void set_tables(RolloutTables tables) { tables_ = std::move(tables); }

  Operations operations(bool curious) const override;
  // gain[k] = O/2 ln(1 + v).
  void step(const Batch& state, const Batch& action, int n, Batch& next, float* gain) override;
  Deviations deviations() const override;
  void linearise(const Eigen::MatrixXd& state, const Eigen::MatrixXd& action, bool curious,
                 Linearisation& out) override;

 private:
  void encode(const Batch& state, const Batch& action, int n);
  void chain_through_encoding(int n);
  void add_gain_gradient(int n, Eigen::MatrixXd& gradient);
  // d z_j / d [state; action]_k is nonzero for one k: its index, and whether it is -sin, cos or a constant.
  struct Link {
    int source;
    float factor;      // constant part
    int partner = -1;  // row of z that multiplies: d sin = cos, d cos = -sin
  };

  model::Encoding encoding_;
  const kernels::Table& kernels_;
  RolloutTables tables_;
  std::vector<Link> links_;
  std::vector<float> velocity_limit_;
  Batch state_, action_, z_, out_, jacobian_z_;
  std::vector<float> scratch_, gain_factor_, sum_;
};

}  // namespace infans::inference
