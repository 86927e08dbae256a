// The laboratory of the mobile protocol.
#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/protocols/mobile_infant.hpp"

namespace infans::experiments {
namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

}  // namespace

// Of the decisions of a trial.
struct MobileInfant::Play {
  double seconds = 0.0;
  std::array<double, 2> kicks{};        // left, right
  double effect = 0.0, surprise = 0.0;  // means
  double first = nothing;               // leg that kicked first: 0 left, 1 right
  double latency = nothing;             // s
};

MobileInfant::Play MobileInfant::play(const Trial& trial, double seconds, bool until_kick) {
  constexpr std::uint64_t most = 1ULL << 14;
  const auto decisions = static_cast<std::uint64_t>(std::max(1.0, std::round(seconds / decision)));
  const std::uint64_t begin = (trial.occasion * most + static_cast<std::uint64_t>(trial.index)) * most;
  Play p;
  std::uint64_t n = 0;
  while (n < decisions && !(until_kick && !std::isnan(p.first))) {
    const Moment m = decide({1, begin + n}, {}, false);
    ++n;
    p.effect += m.effect;
    p.surprise += m.update.surprise;
    for (std::size_t i = 0; i < 2; ++i) p.kicks[i] += m.kicks[i];
    if (std::isnan(p.first) && m.kicks[0] != m.kicks[1]) {
      p.first = m.kicks[1] > m.kicks[0] ? 1.0 : 0.0;
      p.latency = static_cast<double>(n) * decision;
    }
  }
  p.seconds = static_cast<double>(n) * decision;
  p.effect /= static_cast<double>(n);
  p.surprise /= static_cast<double>(n);
  return p;
}

std::vector<double> MobileInfant::test(const Trial& trial) {
  options_ = read_mobile_options(trial.options);
  policy_.set_options(policy_options(options_));
  const MobileOptions::Laboratory& laboratory = options_.laboratory;
  const auto a_minute = [](double count, const Play& p) { return 60.0 * count / p.seconds; };
  tie(mobile_of(options_.tied));
  if (trial.kind == "free_play") {
    const Play p = play(trial, laboratory.play, false);
    return {a_minute(p.kicks[1], p), a_minute(p.kicks[0], p), a_minute(p.kicks[0] + p.kicks[1], p), p.effect,
            p.surprise};
  }
  if (trial.kind == "violation_of_expectation") {
    const bool unexpected = trial.index % 2 == 1;
    const Tied other = laboratory.change == Change::untied ? Tied::free
                       : options_.tied == Tied::left       ? Tied::right
                                                           : Tied::left;
    if (unexpected) tie(mobile_of(other));
    const Play p = play(trial, laboratory.violation, false);
    return {unexpected ? 1.0 : 0.0, p.surprise, a_minute(p.kicks[0] + p.kicks[1], p), p.effect};
  }
  const Play p = play(trial, laboratory.choice, true);
  return {p.first, p.latency};
}

}  // namespace infans::experiments
