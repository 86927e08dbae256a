#include "core/model/hierarchy.hpp"

#include <cmath>
#include <stdexcept>

namespace infans::model {
namespace {

void activate(Activation f, const Eigen::MatrixXd& x, Eigen::MatrixXd& out) {
  if (f == Activation::tanh)
    out.array() = x.array().tanh();
  else
    out = x;
}

}  // namespace

Hierarchy::Hierarchy(const HierarchyShape& s, random::Stream& stream) : shape(s) {
  if (levels() < 2) throw std::logic_error("Hierarchy: at least two levels are needed");
  for (int l = 0; l + 1 < levels(); ++l) {
    const int rows = s.widths[l + 1], columns = s.widths[l];
    if (rows < 1 || columns < 1) throw std::logic_error("Hierarchy: a level needs at least one unit");
    // Tanh layers lose variance: the first gets 1.5; a small last layer starts near zero predictions.
    const bool last = l + 2 == levels();
    const double gain = s.activation == Activation::identity ? 1.0 : last ? 0.3 : l == 0 ? 1.5 : 1.0;
    Eigen::MatrixXd w(rows, columns);
    for (int j = 0; j < columns; ++j)
      for (int i = 0; i < rows; ++i) w(i, j) = gain / std::sqrt(columns) * stream.normal();
    Eigen::VectorXd b = Eigen::VectorXd::Zero(rows);
    if (l == 0 && !last)
      for (int i = 0; i < rows; ++i) b(i) = 0.5 * stream.normal();
    weight.push_back(std::move(w));
    bias.push_back(std::move(b));
    precision.push_back(Eigen::VectorXd::Ones(rows));
  }
}

HierarchyState::HierarchyState(const Hierarchy& model, int batch) {
  for (const int width : model.shape.widths) {
    const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(width, batch);
    for (auto* values : {&activity, &rate, &prediction, &error, &weighted, &gradient}) values->push_back(zero);
    clamped.push_back(false);
  }
  clamped[0] = true;
}

void predict_all(const Hierarchy& m, HierarchyState& s) {
  for (int l = 0; l < m.levels(); ++l) {
    if (l > 0) {
      s.prediction[l].noalias() = m.weight[l - 1] * s.rate[l - 1];
      s.prediction[l].colwise() += m.bias[l - 1];
      if (!s.clamped[l]) s.activity[l] = s.prediction[l];
    }
    activate(l == 0 ? Activation::identity : m.shape.activation, s.activity[l], s.rate[l]);
  }
}

double free_energy(const Hierarchy& m, HierarchyState& s) {
  double energy = 0.0;
  activate(Activation::identity, s.activity[0], s.rate[0]);
  for (int l = 1; l < m.levels(); ++l) {
    if (l + 1 < m.levels()) activate(m.shape.activation, s.activity[l], s.rate[l]);
    s.prediction[l].noalias() = m.weight[l - 1] * s.rate[l - 1];
    s.prediction[l].colwise() += m.bias[l - 1];
    s.error[l] = s.activity[l] - s.prediction[l];
    s.weighted[l].noalias() = m.precision[l - 1].asDiagonal() * s.error[l];
    energy += 0.5 * s.error[l].cwiseProduct(s.weighted[l]).sum();
    energy -= 0.5 * static_cast<double>(s.error[l].cols()) * m.precision[l - 1].array().log().sum();
  }
  return energy;
}

}  // namespace infans::model
