#include "envs/mujoco/pool.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/base/error.hpp"

namespace infans::envs {
namespace {

void check_size(const char* what, std::size_t size, std::size_t wanted) {
  if (size == wanted) return;
  throw base::UserError(std::string("the pool's ") + what + " have " + std::to_string(size) +
                        " numbers; they must be " + std::to_string(wanted));
}

bool same(const Spec& a, const Spec& b) {
  return a.name == b.name && a.action_size == b.action_size && a.observation_size() == b.observation_size();
}

// Neighbours in blocks: few enough to cost nothing, enough to even out bodies of different cost.
std::size_t block_count(std::size_t bodies, int threads) {
  constexpr std::size_t blocks_per_thread = 8;
  return threads <= 1 ? 1 : std::min(bodies, blocks_per_thread * static_cast<std::size_t>(threads));
}

}  // namespace

std::vector<std::unique_ptr<Environment>> make_bodies(const TaskTable& table, const std::string& id,
                                                      const TaskOptions& options, int bodies, int threads) {
  std::vector<std::unique_ptr<Environment>> all;
  const auto n = static_cast<std::size_t>(std::max(0, bodies));
  const std::size_t blocks = block_count(n, threads);
  for (std::size_t b = 0; b < blocks; ++b) {
    TaskOptions neighbour = options;
    for (std::size_t i = b * n / blocks; i < (b + 1) * n / blocks; ++i) {
      all.push_back(table.make(id, neighbour).world);
      neighbour.beside = all.back().get();
    }
  }
  return all;
}

Pool::Pool(std::vector<std::unique_ptr<Environment>> bodies, const PoolOptions& options)
    : options_(options), bodies_(std::move(bodies)) {
  if (bodies_.empty()) throw base::OptionError("bodies", "a pool needs at least one body");
  if (options.threads < 1) throw base::OptionError("threads", "a pool needs at least one thread");
  if (options.time_limit < 0) throw base::OptionError("time_limit", "time_limit must be 0 (endless) or more");
  for (const auto& body : bodies_)
    if (!same(body->spec(), spec())) throw std::logic_error("bodies of one pool must be of one task");
  crew_ = std::make_unique<parallel::Crew>(std::min(options.threads, size()));
  width_ = static_cast<std::size_t>(spec().observation_size());
  lives_.resize(bodies_.size());
  for (std::size_t i = 0; i < lives_.size(); ++i) lives_[i].seed = i;
  observations_.resize(bodies_.size() * width_);
  if (options_.autoreset == Autoreset::same_step) final_.resize(observations_.size());
  rewards_.resize(bodies_.size());
  terminated_.resize(bodies_.size());
  truncated_.resize(bodies_.size());
}

Batch Pool::reset(std::span<const std::uint64_t> seeds) {
  const std::vector<std::uint8_t> all(bodies_.size(), 1);
  return reset(seeds, all);
}

Batch Pool::reset(std::span<const std::uint64_t> seeds, std::span<const std::uint8_t> mask) {
  if (!seeds.empty()) check_size("seeds", seeds.size(), bodies_.size());
  check_size("mask", mask.size(), bodies_.size());
  for_each_body([&](std::size_t i) {
    if (!mask[i]) return;
    if (!seeds.empty()) lives_[i] = {seeds[i]};
    start(i, row(observations_, i));
    rewards_[i] = 0.0;
    terminated_[i] = truncated_[i] = 0;
  });
  return batch();
}

Batch Pool::step(std::span<const double> actions) {
  const auto size = static_cast<std::size_t>(spec().action_size);
  check_size("actions", actions.size(), bodies_.size() * size);
  for (const Life& life : lives_) {
    if (!life.started) throw base::UserError("call the pool's reset before its first step");
    if (life.over && options_.autoreset == Autoreset::disabled)
      throw base::UserError("an episode has ended; reset its body before the next step");
  }
  for_each_body([&](std::size_t i) { step_one(i, actions.subspan(i * size, size)); });
  return batch();
}

void Pool::start(std::size_t i, std::span<double> observation) {
  Life& life = lives_[i];
  random::Stream stream({life.seed, 0, random::Purpose::reset, life.episode++});
  life.elapsed = 0;
  life.started = true;
  life.over = false;
  std::ranges::copy(bodies_[i]->reset(stream), observation.begin());
}

void Pool::step_one(std::size_t i, std::span<const double> action) {
  Life& life = lives_[i];
  const std::span<double> observation = row(observations_, i);
  if (life.over) {
    start(i, observation);
    rewards_[i] = 0.0;
    terminated_[i] = truncated_[i] = 0;
    return;
  }
  std::ranges::copy(bodies_[i]->step(action), observation.begin());
  const Outcome outcome = bodies_[i]->outcome();
  rewards_[i] = outcome.reward;
  terminated_[i] = outcome.terminated ? 1 : 0;
  truncated_[i] = ++life.elapsed == options_.time_limit ? 1 : 0;
  life.over = terminated_[i] || truncated_[i];
  if (!life.over || options_.autoreset != Autoreset::same_step) return;
  std::ranges::copy(observation, row(final_, i).begin());
  start(i, observation);
}

template <typename Task>
void Pool::for_each_body(Task&& task) {
  const std::size_t n = bodies_.size();
  const std::size_t blocks = block_count(n, options_.threads);
  crew_->for_each(static_cast<int>(blocks), [&](int b) {
    const auto block = static_cast<std::size_t>(b);
    std::exception_ptr first;
    for (std::size_t i = block * n / blocks; i < (block + 1) * n / blocks; ++i) {
      try {
        task(i);
      } catch (...) {
        if (!first) first = std::current_exception();
      }
    }
    if (first) std::rethrow_exception(first);
  });
}

Batch Pool::batch() const { return {observations_, rewards_, terminated_, truncated_, final_}; }

std::span<double> Pool::row(std::vector<double>& rows, std::size_t i) const {
  return std::span(rows).subspan(i * width_, width_);
}

}  // namespace infans::envs
