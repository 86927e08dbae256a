// Amortised initialisation (hybrid predictive coding; Tschantz et al. 2023): a discriminative chain guesses the free
// activities of a generative hierarchy from its clamped leaf, and learns from where settling ends.
#pragma once

#include <vector>

#include "core/inference/learn.hpp"

namespace infans::inference {

template <typename T>
class Amortiser {
 public:
  // path: nodes of the generative model from the observed one upwards, e.g. {3, 2, 1, 0}; the guess flows along it
  // through dense layers with the activation of each inner node. Throws std::invalid_argument for fewer than two nodes.
  Amortiser(const model::Hierarchy<T>& generative, const std::vector<int>& path, int batch, random::Stream& stream,
            const AdamOptions& options = {});

  // Sets the free units along the path to the guess; clamped units stay. Both calls throw std::invalid_argument for a
  // state of another hierarchy or another batch.
  void initialise(model::HierarchyState<T>& state);
  // One local step towards the settled activities. Returns the squared error of the guess, summed over units, mean over
  // the batch.
  double learn(const model::HierarchyState<T>& settled);

  const model::Hierarchy<T>& network() const { return network_; }

 private:
  void check(const model::HierarchyState<T>& state) const;

  std::vector<int> path_;
  model::Hierarchy<T> network_;
  model::HierarchyState<T> state_;
  Adam<T> adam_;
};

}  // namespace infans::inference
