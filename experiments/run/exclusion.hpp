// Exclusion rules, declared before a study and applied to each participant at the end of its life.
#pragma once

#include <span>
#include <vector>

#include "core/base/archive.hpp"
#include "experiments/run/design.hpp"

namespace infans::experiments {

class Exclusions {
 public:
  // `design` must outlive it.
  explicit Exclusions(const Design& design);

  // Values of one sample (the protocol's variables), and of one trial (the measures of probe k).
  void see_sample(std::span<const double> values);
  void see_trial(int probe, std::span<const double> measures);
  // Number of the first rule that leaves the participant out, from 1; 0: it is kept. Nothing measured: kept.
  int verdict() const;

  void describe(base::Archive& archive);

 private:
  struct Rule {
    const Entry* entry;
    int probe, column;  // probe -1: of life
    double first, last, sum, smallest, largest;
    long count = 0;
  };
  static void see(Rule& rule, double value);

  std::vector<Rule> rules_;
};

}  // namespace infans::experiments
