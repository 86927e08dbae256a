// Times a pool of bodies beside the bare engine on the same work. experiments/benchmarks/pool.py drives it:
//   bench_pool SUBJECT FOLDER BODIES STEPS
// and then a command a line on stdin, an answer a line on stdout:
//   work FILE            writes the work: states (bodies x state_size), then actions (steps x bodies x action_size)
//   run NAME THREADS     seconds that the contender takes, by the clock and of processors, and whether it ended in the
//   states of the bare loop
// SUBJECT is a task, whose MJCF files are in FOLDER, or a body of `infant?...`, whose text is written into FOLDER. NAME
// is one of bare, pool, engine_rollout, engine_batch; of an infant also touch (proprioception, inner ear, skin) and
// eyes (these and two eyes).
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

#include "envs/bodies/bodies.hpp"
#include "envs/mujoco/body.hpp"
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

using Bodies = std::vector<std::unique_ptr<Environment>>;

class PoolContender final : public Yardstick {
 public:
  PoolContender(const Workload& work, Bodies bodies, int threads)
      : work_(work), pool_(std::move(bodies), {threads, 0, Autoreset::next_step}) {}

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
  Workload work_;
  Pool pool_;
};

// What is timed: a body and who steps it.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual Workload work() const = 0;  // without states and actions
  virtual std::vector<double> command_low() const = 0;
  virtual std::vector<double> command_high() const = 0;
  virtual Bodies bodies(const std::string& contender, int count, int threads) const = 0;
};

class TaskSubject final : public Subject {
 public:
  TaskSubject(std::string id, const std::string& folder) : id_(std::move(id)) {
    add_mujoco_tasks(table_);
    options_.assets = folder;
    options_.commands = Commands::native;
    one_ = table_.make(id_, options_);
  }
  Workload work() const override { return work_of_task(id_, options_.assets); }
  std::vector<double> command_low() const override { return one_.command_low; }
  std::vector<double> command_high() const override { return one_.command_high; }
  Bodies bodies(const std::string&, int count, int threads) const override {
    Bodies all = make_bodies(table_, id_, options_, count, threads);
    for (auto& body : all) body = std::make_unique<Endless>(std::move(body));
    return all;
  }

 private:
  std::string id_;
  TaskTable table_;
  TaskOptions options_;
  Task one_;
};

// Control steps of 25 ms, eyes at 20 Hz.
class InfantSubject final : public Subject {
 public:
  InfantSubject(std::string name, const std::string& folder)
      : name_(std::move(name)),
        text_(load_mjcf(name_)),
        path_((std::filesystem::path(folder) / "infant.xml").string()) {
    std::ofstream(path_, std::ios::binary) << text_;
  }
  Workload work() const override { return work_of_body(path_, 5); }
  std::vector<double> command_low() const override { return std::vector(commands(), -1.0); }
  std::vector<double> command_high() const override { return std::vector(commands(), 1.0); }
  Bodies bodies(const std::string& contender, int count, int) const override {
    Bodies all;
    for (int i = 0; i < count; ++i) all.push_back(make_body_world(name_, text_, name_, senses(contender)));
    return all;
  }

 private:
  std::size_t commands() const { return static_cast<std::size_t>(work().action_size); }

  static BodyOptions senses(const std::string& contender) {
    BodyOptions o;
    o.world = {0.025, 0.01};
    o.age_days = 6.0 * days_per_month;
    o.other_sensors = false;
    if (contender == "pool") {
      o.proprioception.clear();
      return o;
    }
    o.proprioception[0].force = o.proprioception[0].limits = true;
    o.vestibular.resize(1);
    o.vestibular[0].head = "vestibular";
    o.skin.resize(1);
    if (contender == "touch") return o;
    for (const char* eye : {"eye_left", "eye_right"}) {
      RetinaOptions& r = o.retina.emplace_back();
      r.name = r.eye = eye;
      r.channel.period = 2;
    }
    return o;
  }

  std::string name_, text_, path_;
};

Workload workload(const Subject& subject, int bodies, int steps) {
  const Bodies one = subject.bodies("pool", 1, 1);
  Workload work = subject.work();
  work.bodies = bodies;
  work.steps = steps;
  std::vector<double> state(static_cast<std::size_t>(one[0]->spec().state_size));
  for (int i = 0; i < bodies; ++i) {
    random::Stream start({static_cast<std::uint64_t>(i), 0, random::Purpose::reset, 0});
    one[0]->reset(start);
    one[0]->save(state);
    work.states.insert(work.states.end(), state.begin(), state.begin() + work.state_size);
  }
  const std::vector<double> low = subject.command_low(), high = subject.command_high();
  random::Stream commands({1, 0, random::Purpose::test, 0});
  for (int k = 0; k < steps * bodies; ++k)
    for (std::size_t a = 0; a < low.size(); ++a)
      work.actions.push_back(static_cast<float>(commands.uniform(low[a], high[a])));
  return work;
}

class Bench {
 public:
  Bench(std::unique_ptr<Subject> subject, int bodies, int steps)
      : subject_(std::move(subject)), work_(workload(*subject_, bodies, steps)) {
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
    return std::make_unique<PoolContender>(work_, subject_->bodies(name, work_.bodies, threads), threads);
  }

  std::unique_ptr<Subject> subject_;
  Workload work_;
  std::vector<double> expected_;
  std::map<std::pair<std::string, int>, std::unique_ptr<Yardstick>> contenders_;
};

std::unique_ptr<Subject> subject_of(const std::string& name, const std::string& folder) {
  if (name.rfind("infant", 0) == 0) return std::make_unique<InfantSubject>(name, folder);
  return std::make_unique<TaskSubject>(name, folder);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) {
    std::cerr << "usage: bench_pool SUBJECT FOLDER BODIES STEPS   (see scripts/bench pool)\n";
    return 2;
  }
  try {
    Bench bench(subject_of(arguments[1], arguments[2]), std::stoi(arguments[3]), std::stoi(arguments[4]));
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
