// The energy meter against counters of known values.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "experiments/run/energy.hpp"
#include "tests/coin_protocol.hpp"

using namespace infans;

TEST_CASE("energy is the difference of the packages' counters, also where one ran over") {
  const tests::TemporaryFolder folder;
  const auto set = [&](const std::string& zone, const std::string& name, const std::string& value) {
    std::filesystem::create_directories(folder.file(zone));
    std::ofstream(folder.file(zone + "/" + name)) << value << "\n";
  };
  for (const char* zone : {"intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0", "dtpm"}) {
    set(zone, "energy_uj", "1000000");
    set(zone, "max_energy_range_uj", "9000000");
  }
  experiments::EnergyMeter meter(folder.file("."));
  set("intel-rapl:0", "energy_uj", "4000000");    // + 3 J
  set("intel-rapl:0:0", "energy_uj", "3000000");  // a part of it
  set("dtpm", "energy_uj", "8000000");            // no counter of RAPL's
  CHECK(meter.joules() == doctest::Approx(3.0));
  set("intel-rapl:1", "energy_uj", "500000");  // 0.5 J after it ran over at 9 J: + 8.5 J
  CHECK(meter.joules() == doctest::Approx(11.5));
}

TEST_CASE("without counters the energy is not a number") {
  CHECK(std::isnan(experiments::EnergyMeter("/nowhere").joules()));
}
