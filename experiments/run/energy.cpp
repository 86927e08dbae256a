#include "experiments/run/energy.hpp"

#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <system_error>

namespace infans::experiments {
namespace {

namespace fs = std::filesystem;

std::optional<double> read_number(const std::string& path) {
  std::ifstream file(path);
  double value = 0.0;
  if (!(file >> value)) return std::nullopt;
  return value;
}

}  // namespace

EnergyMeter::EnergyMeter(const std::string& root) {
  std::error_code none;
  for (const fs::directory_entry& zone : fs::directory_iterator(root, none)) {
    // "intel-rapl:0" is a package (AMD's too); "intel-rapl:0:1" a part of it.
    const std::string name = zone.path().filename().string();
    const std::size_t colon = name.find(':');
    if (!name.starts_with("intel-rapl") || colon == std::string::npos || name.find(':', colon + 1) != std::string::npos)
      continue;
    const std::string file = (zone.path() / "energy_uj").string();
    const auto now = read_number(file), range = read_number((zone.path() / "max_energy_range_uj").string());
    if (now && range) packages_.push_back({file, *now, *range});
  }
}

double EnergyMeter::joules() {
  if (packages_.empty()) return std::numeric_limits<double>::quiet_NaN();
  for (Package& p : packages_) {
    const std::optional<double> now = read_number(p.file);
    if (!now) return std::numeric_limits<double>::quiet_NaN();
    microjoules_ += *now - p.last + (*now < p.last ? p.range : 0.0);
    p.last = *now;
  }
  return 1e-6 * microjoules_;
}

}  // namespace infans::experiments
