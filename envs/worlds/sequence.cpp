#include "envs/worlds/sequence.hpp"

#include <numeric>
#include <utility>

#include "core/random/gamma.hpp"

namespace infans::envs {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

std::vector<Index> shuffled(int places, random::Stream& stream) {
  std::vector<Index> order(static_cast<std::size_t>(places));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[stream.index(static_cast<std::uint32_t>(i))]);
  return order;
}

// One of `places` with probability `bias`, the others alike.
VectorXd peaked(int places, Index peak, double bias) {
  VectorXd p = VectorXd::Constant(places, (1.0 - bias) / (places - 1));
  p[peak] = bias;
  return p;
}

VectorXd dirichlet(int places, double spread, random::Stream& stream) {
  VectorXd p = VectorXd::Zero(places);
  for (double& x : p) x = random::gamma(spread, stream);
  return p / p.sum();
}

MatrixXd same_for_all(const VectorXd& p) { return p.replicate(1, p.size()); }

MatrixXd followers(int places, double bias, random::Stream& stream) {
  const std::vector<Index> order = shuffled(places, stream);
  MatrixXd law(places, places);
  for (std::size_t i = 0; i < order.size(); ++i)
    law.col(order[i]) = peaked(places, order[(i + 1) % order.size()], bias);
  return law;
}

MatrixXd law_of(SequenceKind kind, int places, const SequenceLaw& law, random::Stream& stream) {
  const auto one = [&] { return static_cast<Index>(stream.index(static_cast<std::uint32_t>(places))); };
  switch (kind) {
    case SequenceKind::constant:
      return same_for_all(peaked(places, one(), 1.0));
    case SequenceKind::cycle:
      return followers(places, 1.0, stream);
    case SequenceKind::biased:
      return same_for_all(peaked(places, one(), law.bias));
    case SequenceKind::markov:
      return followers(places, law.bias, stream);
    case SequenceKind::random:
      return same_for_all(dirichlet(places, law.spread, stream));
    case SequenceKind::uniform:
      break;
  }
  return MatrixXd::Constant(places, places, 1.0 / places);
}

bool has_memory(SequenceKind kind) { return kind == SequenceKind::cycle || kind == SequenceKind::markov; }

}  // namespace

const std::vector<std::string>& sequence_kinds() {
  static const std::vector<std::string> names = {"constant", "cycle", "biased", "markov", "random", "uniform"};
  return names;
}

Sequence::Sequence(SequenceKind kind, int places, const SequenceLaw& law, random::Stream& stream)
    : law_(law_of(kind, places, law, stream)) {
  start_ = has_memory(kind) ? VectorXd::Constant(places, 1.0 / places) : VectorXd(law_.col(0));
}

int Sequence::next(random::Stream& stream) {
  const VectorXd p = now_ < 0 ? start_ : VectorXd(law_.col(now_));
  const double u = stream.uniform();
  double sum = 0.0;
  Index place = 0;
  // Rounding can leave the sum below u; the last place that can come is taken then.
  for (Index s = 0; s < p.size() && u >= sum; ++s) {
    if (p[s] > 0.0) place = s;
    sum += p[s];
  }
  now_ = static_cast<int>(place);
  return now_;
}

}  // namespace infans::envs
