#include "core/inference/learn.hpp"

#include <cmath>

namespace infans::inference {

template <typename T>
LocalGradient<T>::LocalGradient(const model::Hierarchy<T>& m) {
  for (const auto& w : m.weight) weight.push_back(model::MatrixOf<T>::Zero(w.rows(), w.cols()));
  for (const auto& b : m.bias) bias.push_back(model::VectorOf<T>::Zero(b.size()));
}

template <typename T>
void local_gradient(const model::Hierarchy<T>& m, model::HierarchyState<T>& s, LocalGradient<T>& out) {
  const T share = T(1) / static_cast<T>(s.batch());
  for (int j = 0; j < m.nodes(); ++j) {
    if (!m.predicted(j)) continue;
    model::through_slope(m, s, j, s.weighted[j]);
    out.bias[j].noalias() = -share * s.drive[j].rowwise().sum();
    for (const int k : m.incoming[j]) {
      const model::EdgeSpec& e = m.spec.edges[k];
      if (e.kind == model::EdgeKind::residual) continue;
      out.weight[k].noalias() = -share * static_cast<T>(e.scale) * s.drive[j] * s.rate[e.from].transpose();
    }
  }
}

template <typename T>
Sgd<T>::Sgd(const model::Hierarchy<T>& m, const SgdOptions& options) : options_(options), gradient_(m), velocity_(m) {}

template <typename T>
void Sgd<T>::learn(model::Hierarchy<T>& m, model::HierarchyState<T>& s, double rate_factor) {
  local_gradient(m, s, gradient_);
  const T rate = static_cast<T>(options_.rate * rate_factor), keep = static_cast<T>(1.0 - options_.decay);
  const auto step = [&](auto& parameter, auto& velocity, const auto& gradient, T kept) {
    velocity = static_cast<T>(options_.momentum) * velocity - rate * gradient;
    parameter = kept * parameter + velocity;
  };
  for (std::size_t k = 0; k < m.weight.size(); ++k) step(m.weight[k], velocity_.weight[k], gradient_.weight[k], keep);
  for (std::size_t j = 0; j < m.bias.size(); ++j) step(m.bias[j], velocity_.bias[j], gradient_.bias[j], T(1));
}

template <typename T>
Adam<T>::Adam(const model::Hierarchy<T>& m, const AdamOptions& options)
    : options_(options), gradient_(m), mean_(m), square_(m) {}

template <typename T>
void Adam<T>::learn(model::Hierarchy<T>& m, model::HierarchyState<T>& s, double rate_factor) {
  local_gradient(m, s, gradient_);
  ++steps_;
  const double c1 = 1.0 - std::pow(options_.beta1, static_cast<double>(steps_));
  const T c2 = static_cast<T>(1.0 - std::pow(options_.beta2, static_cast<double>(steps_)));
  const T rate = static_cast<T>(options_.rate * rate_factor / c1), keep = static_cast<T>(1.0 - options_.decay);
  const T b1 = static_cast<T>(options_.beta1), b2 = static_cast<T>(options_.beta2);
  const auto step = [&](auto& parameter, auto& mean, auto& square, const auto& gradient, T kept) {
    mean = b1 * mean + (T(1) - b1) * gradient;
    square.array() = b2 * square.array() + (T(1) - b2) * gradient.array().square();
    parameter.array() = kept * parameter.array() - rate * mean.array() / ((square.array() / c2).sqrt() + T(1e-8));
  };
  for (std::size_t k = 0; k < m.weight.size(); ++k)
    step(m.weight[k], mean_.weight[k], square_.weight[k], gradient_.weight[k], keep);
  for (std::size_t j = 0; j < m.bias.size(); ++j)
    step(m.bias[j], mean_.bias[j], square_.bias[j], gradient_.bias[j], T(1));
}

#define INFANS_INSTANTIATE(T)                                                                             \
  template struct LocalGradient<T>;                                                                       \
  template void local_gradient(const model::Hierarchy<T>&, model::HierarchyState<T>&, LocalGradient<T>&); \
  template class Sgd<T>;                                                                                  \
  template class Adam<T>;
INFANS_INSTANTIATE(float)
INFANS_INSTANTIATE(double)
#undef INFANS_INSTANTIATE

}  // namespace infans::inference
