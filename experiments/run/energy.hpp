// The energy that the processors took, from RAPL's counters (Linux powercap); nothing that is lived depends on it.
#pragma once

#include <string>
#include <vector>

namespace infans::experiments {

class EnergyMeter {
 public:
  // root: where the kernel shows the counters.
  explicit EnergyMeter(const std::string& root = "/sys/class/powercap");

  // Since it was made, J, of all packages and everything that ran on them; NaN where no counter can be read. Counters
  // run over (after about an hour under load at the earliest): ask more often than that.
  double joules();

 private:
  struct Package {
    std::string file;
    double last = 0.0, range = 0.0;  // uJ
  };
  std::vector<Package> packages_;
  double microjoules_ = 0.0;
};

}  // namespace infans::experiments
