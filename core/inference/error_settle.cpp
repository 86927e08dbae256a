#include "core/inference/error_settle.hpp"

#include <stdexcept>
#include <vector>

#include "core/inference/descent.hpp"

namespace infans::inference {
namespace {

void require_free_hidden_levels(const model::Hierarchy& m, const model::HierarchyState& s) {
  if (!s.clamped.back()) throw std::logic_error("settle_errors: the bottom level must be clamped");
  for (int l = 1; l + 1 < m.levels(); ++l)
    if (s.clamped[l]) throw std::logic_error("settle_errors: a hidden level is clamped; use settle()");
}

// back = f'(x_l) .* W_l' below: what the level below sends up to level l.
void send_up(const model::Hierarchy& m, const model::HierarchyState& s, int l, const Eigen::MatrixXd& below,
             Eigen::MatrixXd& back) {
  back.noalias() = m.weight[l].transpose() * below;
  if (m.shape.activation == model::Activation::tanh) back.array() *= 1.0 - s.rate[l].array().square();
}

// Activities that follow from the hidden errors, top down; returns F.
double unfold(const model::Hierarchy& m, model::HierarchyState& s, const std::vector<Eigen::MatrixXd>& error) {
  s.rate[0] = s.activity[0];
  for (int l = 1; l + 1 < m.levels(); ++l) {
    s.activity[l].noalias() = m.weight[l - 1] * s.rate[l - 1];
    s.activity[l].colwise() += m.bias[l - 1];
    s.activity[l] += error[l];
    if (m.shape.activation == model::Activation::tanh)
      s.rate[l].array() = s.activity[l].array().tanh();
    else
      s.rate[l] = s.activity[l];
  }
  return model::free_energy(m, s);
}

}  // namespace

SettleReport settle_errors(const model::Hierarchy& m, model::HierarchyState& s, const SettleOptions& o) {
  require_free_hidden_levels(m, s);
  const int last = m.levels() - 1;
  // dF/de_l = Pi_l e_l - (output error carried up the whole chain of predictions)
  const auto refresh_gradient = [&] {
    for (int l = last - 1; l >= 1; --l) {
      send_up(m, s, l, l + 1 == last ? s.weighted[last] : s.prediction[l + 1], s.prediction[l]);
      s.gradient[l] = s.weighted[l] - s.prediction[l];
    }
  };
  const double energy = model::free_energy(m, s);
  std::vector<Eigen::MatrixXd> error = s.error;
  std::vector<bool> free(error.size(), true);
  free.front() = free.back() = false;
  return descend(
      error, free, o, energy, [&](std::size_t l) -> const Eigen::MatrixXd& { return s.gradient[l]; }, refresh_gradient,
      [&] { return unfold(m, s, error); });
}

void settle_fixed_prediction(const model::Hierarchy& m, model::HierarchyState& s) {
  if (!s.clamped.back()) throw std::logic_error("settle_fixed_prediction: the bottom level must be clamped");
  model::predict_all(m, s);
  model::free_energy(m, s);
  for (int l = m.levels() - 2; l >= 1; --l) {
    send_up(m, s, l, s.weighted[l + 1], s.weighted[l]);
    s.error[l] = m.precision[l - 1].cwiseInverse().asDiagonal() * s.weighted[l];
  }
}

}  // namespace infans::inference
