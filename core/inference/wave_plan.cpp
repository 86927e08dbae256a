#include "core/inference/wave_plan.hpp"

#include <algorithm>
#include <map>

namespace infans::inference {
namespace {

using Wave = std::vector<int>;

bool is_zero(const Wave& k) {
  return std::all_of(k.begin(), k.end(), [](int x) { return x == 0; });
}

// One step closer to zero: its last joint turned back by one.
Wave parent_of(Wave k, std::size_t* joint) {
  *joint = k.size();
  while (k[--*joint] == 0) {
  }
  k[*joint] -= k[*joint] > 0 ? 1 : -1;
  return k;
}

// Places a wave after all its ancestors; -1: it is zero.
int put(const Wave& k, std::map<Wave, int>& at, WavePlan& plan) {
  if (is_zero(k)) return -1;
  if (const auto found = at.find(k); found != at.end()) return found->second;
  std::size_t joint = 0;
  const int parent = put(parent_of(k, &joint), at, plan);
  plan.wave.push_back(k);
  plan.parent.push_back(parent);
  plan.turn.push_back(static_cast<int>(joint));
  plan.back.push_back(k[joint] > 0 ? 1.0F : -1.0F);
  return at[k] = plan.count() - 1;
}

}  // namespace

WavePlan::WavePlan(const Eigen::MatrixXi& waves) {
  std::map<Wave, int> at;
  for (Eigen::Index w = 0; w < waves.rows(); ++w)
    place.push_back(put({waves.row(w).begin(), waves.row(w).end()}, at, *this));
}

}  // namespace infans::inference
