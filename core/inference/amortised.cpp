#include "core/inference/amortised.hpp"

#include <stdexcept>

namespace infans::inference {
namespace {

template <typename T>
model::HierarchySpec along(const model::Hierarchy<T>& generative, const std::vector<int>& path) {
  if (path.size() < 2) throw std::invalid_argument("Amortiser: the path needs at least two nodes");
  std::vector<int> widths;
  for (const int node : path) {
    if (node < 0 || node >= generative.nodes())
      throw std::invalid_argument("Amortiser: there is no node " + std::to_string(node));
    widths.push_back(generative.spec.nodes[node].width);
  }
  // The guess of a node is a linear readout of what the node below it guessed, passed through that one's activation.
  model::HierarchySpec spec = model::chain(widths, model::Activation::identity);
  for (std::size_t i = 1; i + 1 < path.size(); ++i)
    spec.nodes[i].activation = generative.spec.nodes[path[i]].activation;
  return spec;
}

}  // namespace

template <typename T>
Amortiser<T>::Amortiser(const model::Hierarchy<T>& generative, const std::vector<int>& path, int batch,
                        random::Stream& stream, const AdamOptions& options)
    : path_(path), network_(along(generative, path), stream), state_(network_, batch), adam_(network_, options) {}

template <typename T>
void Amortiser<T>::check(const model::HierarchyState<T>& s) const {
  for (std::size_t i = 0; i < path_.size(); ++i) {
    const auto node = static_cast<std::size_t>(path_[i]);
    if (node >= s.activity.size() || s.activity[node].rows() != state_.activity[i].rows() ||
        s.activity[node].cols() != state_.activity[i].cols())
      throw std::invalid_argument("Amortiser: the state is of another hierarchy or another batch");
  }
}

template <typename T>
void Amortiser<T>::initialise(model::HierarchyState<T>& s) {
  check(s);
  for (int i = 0; i < network_.nodes(); ++i) state_.release(i);
  state_.clamp(network_, 0, s.activity[path_[0]]);
  model::predict_all(network_, state_);
  for (std::size_t i = 1; i < path_.size(); ++i) {
    auto& x = s.activity[path_[i]];
    x = (s.free[path_[i]].array() != T(0)).select(state_.activity[i], x);
  }
}

template <typename T>
double Amortiser<T>::learn(const model::HierarchyState<T>& settled) {
  check(settled);
  for (std::size_t i = 0; i < path_.size(); ++i)
    state_.clamp(network_, static_cast<int>(i), settled.activity[path_[i]]);
  const double energy = model::free_energy(network_, state_);
  adam_.learn(network_, state_);
  return 2.0 * energy / state_.batch();
}

template class Amortiser<float>;
template class Amortiser<double>;

}  // namespace infans::inference
