// Times a pool of bodies beside the bare engine on the same work. experiments/benchmarks/pool.py drives it:
//   bench_pool TASK ASSETS BODIES STEPS
// and then a command a line on stdin, an answer a line on stdout:
//   work FILE            writes the work: states (bodies x state_size), then actions (steps x bodies x action_size)
//   run NAME THREADS     seconds that the contender takes, by the clock and of processors, and whether it ended in the
//   states of the bare loop
// NAME is one of bare, pool, engine_rollout, engine_batch.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "envs/mujoco/pool.hpp"
#include "envs/mujoco/tasks/tasks.hpp"
#include "envs/mujoco/tasks/yardsticks.hpp"

namespace {

using namespace infans;
using namespace infans::envs;

// A fallen body goes on, so that every contender does the same work.
class Endless final : public Environment {
 public:
  explicit Endless(std::unique_ptr<Environment> world) : world_(std::move(world)) {}
  const Spec& spec() const override { return world_->spec(); }
  std::span<const double> reset(random::Stream& stream) override { return world_->reset(stream); }
  std::span<const double> step(std::span<const double> action) override { return world_->step(action); }
  Outcome outcome() const override { return {world_->outcome().reward, false}; }
  void save(std::span<double> state) const override { world_->save(state); }
  void restore(std::span<const double> state) override { world_->restore(state); }
  void set_joints(std::span<const double> q, std::span<const double> v) override { world_->set_joints(q, v); }

 private:
  std::unique_ptr<Environment> world_;
};

class PoolContender final : public Yardstick {
 public:
  PoolContender(const std::string& id, const std::string& assets, const Workload& work, int threads)
      : work_(work), pool_(bodies(id, assets, work.bodies, threads), {threads, 0, Autoreset::next_step}) {}

  void rewind() override { pool_.reset(seeds(work_.bodies)); }

  void run() override {
    const std::size_t size = static_cast<std::size_t>(work_.bodies) * static_cast<std::size_t>(work_.action_size);
    for (int step = 0; step < work_.steps; ++step)
      pool_.step(std::span(work_.actions).subspan(static_cast<std::size_t>(step) * size, size));
  }

  // The engine's part of each body's state: it stands first.
  std::vector<double> states() const override {
    std::vector<double> out, state(static_cast<std::size_t>(pool_.spec().state_size));
    for (int i = 0; i < pool_.size(); ++i) {
      const_cast<Pool&>(pool_).body(i).save(state);
      out.insert(out.end(), state.begin(), state.begin() + work_.state_size);
    }
    return out;
  }

  static std::vector<std::uint64_t> seeds(int n) {
    std::vector<std::uint64_t> all;
    for (int i = 0; i < n; ++i) all.push_back(static_cast<std::uint64_t>(i));
    return all;
  }

 private:
  static std::vector<std::unique_ptr<Environment>> bodies(const std::string& id, const std::string& assets, int n,
                                                          int threads) {
    TaskTable table;
    add_mujoco_tasks(table);
    auto all = make_bodies(table, id, {assets, Commands::native}, n, threads);
    for (auto& body : all) body = std::make_unique<Endless>(std::move(body));
    return all;
  }

  Workload work_;
  Pool pool_;
};

Workload workload(const std::string& id, const std::string& assets, int bodies, int steps) {
  const Task task = make_task(id, {assets, Commands::native});
  Workload work = work_of_task(id, assets);
  work.bodies = bodies;
  work.steps = steps;
  std::vector<double> state(static_cast<std::size_t>(task.world->spec().state_size));
  for (int i = 0; i < bodies; ++i) {
    random::Stream start({static_cast<std::uint64_t>(i), 0, random::Purpose::reset, 0});
    task.world->reset(start);
    task.world->save(state);
    work.states.insert(work.states.end(), state.begin(), state.begin() + work.state_size);
  }
  random::Stream commands({1, 0, random::Purpose::test, 0});
  for (int k = 0; k < steps * bodies; ++k)
    for (std::size_t a = 0; a < task.command_low.size(); ++a)
      work.actions.push_back(static_cast<float>(commands.uniform(task.command_low[a], task.command_high[a])));
  return work;
}

class Bench {
 public:
  Bench(std::string id, std::string assets, int bodies, int steps)
      : id_(std::move(id)), assets_(std::move(assets)), work_(workload(id_, assets_, bodies, steps)) {
    const auto bare = make_bare_loop(work_, 1);
    bare->rewind();
    bare->run();
    expected_ = bare->states();
  }

  void write(const std::string& path) const {
    std::ofstream file(path, std::ios::binary);
    for (const std::vector<double>* part : {&work_.states, &work_.actions})
      file.write(reinterpret_cast<const char*>(part->data()),
                 static_cast<std::streamsize>(part->size() * sizeof(double)));
    std::cout << work_.state_size << ' ' << work_.action_size << ' ' << work_.substeps << ' ' << work_.body_path
              << std::endl;
  }

  void time(const std::string& name, int threads) {
    auto& contender = contenders_[{name, threads}];
    if (!contender) contender = make(name, threads);
    contender->rewind();
    const std::clock_t clock = std::clock();
    const auto start = std::chrono::steady_clock::now();
    contender->run();
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    const double processors = static_cast<double>(std::clock() - clock) / CLOCKS_PER_SEC;
    std::cout << wall.count() << ' ' << processors << ' ' << (contender->states() == expected_ ? "equal" : "different")
              << std::endl;
  }

 private:
  std::unique_ptr<Yardstick> make(const std::string& name, int threads) const {
    if (name == "bare") return make_bare_loop(work_, threads);
    if (name == "engine_rollout") return make_engine_rollout(work_, threads);
    if (name == "engine_batch") return make_engine_batch(work_, threads);
    return std::make_unique<PoolContender>(id_, assets_, work_, threads);
  }

  std::string id_, assets_;
  Workload work_;
  std::vector<double> expected_;
  std::map<std::pair<std::string, int>, std::unique_ptr<Yardstick>> contenders_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) {
    std::cerr << "usage: bench_pool TASK ASSETS BODIES STEPS   (see scripts/bench pool)\n";
    return 2;
  }
  try {
    Bench bench(arguments[1], arguments[2], std::stoi(arguments[3]), std::stoi(arguments[4]));
    for (std::string line; std::getline(std::cin, line);) {
      std::istringstream words(line);
      std::string verb, name;
      int threads = 1;
      words >> verb >> name >> threads;
      verb == "work" ? bench.write(name) : bench.time(name, threads);
    }
  } catch (const std::exception& e) {
    std::cerr << "bench_pool: " << e.what() << '\n';
    return 1;
  }
  return 0;
}
