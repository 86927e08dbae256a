#include "core/inference/learn.hpp"

#include <cmath>

namespace infans::inference {

Adam::Adam(const model::Hierarchy& m, const AdamOptions& options) : options_(options) {
  for (const auto& w : m.weight) {
    const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(w.rows(), w.cols() + 1);
    for (auto* values : {&mean_, &square_, &gradient_}) values->push_back(zero);
  }
}

void Adam::learn(model::Hierarchy& m, const model::HierarchyState& s, double rate_factor) {
  ++steps_;
  const double c1 = 1.0 - std::pow(options_.beta1, static_cast<double>(steps_));
  const double c2 = 1.0 - std::pow(options_.beta2, static_cast<double>(steps_));
  const double rate = options_.rate * rate_factor / c1;
  for (std::size_t l = 0; l < m.weight.size(); ++l) {
    const double scale = 1.0 / static_cast<double>(s.weighted[l + 1].cols());
    auto& g = gradient_[l];
    const Eigen::Index columns = m.weight[l].cols();
    g.leftCols(columns).noalias() = scale * s.weighted[l + 1] * s.rate[l].transpose();
    g.col(columns) = scale * s.weighted[l + 1].rowwise().sum();
    mean_[l] = options_.beta1 * mean_[l] + (1.0 - options_.beta1) * g;
    square_[l].array() = options_.beta2 * square_[l].array() + (1.0 - options_.beta2) * g.array().square();
    g.array() = rate * mean_[l].array() / ((square_[l].array() / c2).sqrt() + 1e-8);
    m.weight[l] = (1.0 - options_.decay) * m.weight[l] + g.leftCols(columns);
    m.bias[l] += g.col(columns);
  }
}

}  // namespace infans::inference
