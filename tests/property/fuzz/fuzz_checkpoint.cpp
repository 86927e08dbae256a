// Fuzz target: a checkpoint. The first byte chooses: the file as it lies on the disk, or the state in it, read back by
// things of every kind that an archive takes. Damage is a typed error, and never asks for much more than the file
// holds.
#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/state.hpp"
#include "experiments/record/checkpoint.hpp"
#include "tests/coin_protocol.hpp"

using namespace infans;

namespace {

enum class Colour { red, green };

struct Leaf {
  double weight = 1.0;
  std::vector<float> trace{1.0F, 2.0F};
  void describe(base::Archive& a) { a("weight", weight)("trace", trace); }
};

struct Everything {
  bool flag = true;
  int count = 3;
  std::uint64_t seed = 7;
  Colour colour = Colour::green;
  std::string name = "leaf";
  std::array<double, 3> place{1, 2, 3};
  std::array<Leaf, 2> pair{};
  std::vector<Leaf> leaves{{}, {}};
  std::vector<bool> bits{true, false};
  std::deque<double> recent{0.5};
  std::deque<Leaf> queue{{}};
  std::optional<Leaf> maybe = Leaf{};
  std::vector<std::pair<std::string, double>> named{{"a", 1.0}};
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Ones(2, 3);
  Eigen::VectorXf vector = Eigen::VectorXf::Ones(4);
  Eigen::Matrix3d fixed = Eigen::Matrix3d::Identity();
  Eigen::Matrix<double, 3, Eigen::Dynamic> columns = Eigen::Matrix<double, 3, Eigen::Dynamic>::Ones(3, 2);

  void describe(base::Archive& a) {
    a("flag", flag)("count", count)("seed", seed)("colour", colour)("name", name)("place", place)("pair", pair);
    a("leaves", leaves)("bits", bits)("recent", recent)("queue", queue)("maybe", maybe)("named", named);
    a("matrix", matrix)("vector", vector)("fixed", fixed)("columns", columns);
  }
};

void read_state(std::span<const std::uint8_t> bytes) {
  try {
    Everything everything;
    base::restore_state(everything, bytes);
    if (base::state_of(everything).size() > bytes.size()) __builtin_trap();  // it cannot be more than it was made of
  } catch (const base::UserError&) {
  }
  try {
    tests::CoinWatcher coin({1, 1});
    base::restore_state(coin, bytes);
  } catch (const base::UserError&) {
  }
}

void read_file(std::span<const std::uint8_t> bytes) {
  static const tests::TemporaryFolder folder;
  const std::string path = folder.file("checkpoint.h5");
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  try {
    const experiments::Checkpoint checkpoint = experiments::read_checkpoint(path);
    read_state(checkpoint.state);
  } catch (const base::UserError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span<const std::uint8_t> bytes(data + 1, size - 1);
  if (data[0] == 'f')
    read_file(bytes);
  else
    read_state(bytes);
  return 0;
}
