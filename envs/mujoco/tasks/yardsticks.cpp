#include "envs/mujoco/tasks/yardsticks.hpp"

#include <mujoco/mjbatch.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "core/parallel/parallel.hpp"
#include "envs/mujoco/engine.hpp"
#include "envs/mujoco/tasks/rules.hpp"

namespace infans::envs {
namespace {

std::shared_ptr<const mjModel> model_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  install_log_handler();
  return load_model(text, path);
}

class BareLoop final : public Yardstick {
 public:
  BareLoop(const Workload& work, int threads) : work_(work), threads_(threads), model_(model_of(work.body_path)) {
    for (int i = 0; i < work.bodies; ++i) data_.emplace_back(mj_makeData(model_.get()));
  }

  void rewind() override {
    for (std::size_t i = 0; i < data_.size(); ++i) {
      mj_resetData(model_.get(), data_[i].get());
      mj_setState(model_.get(), data_[i].get(), work_.states.data() + i * state_size(), mjSTATE_INTEGRATION);
    }
  }

  void run() override {
    const int n = work_.bodies;
    parallel::for_each(threads_, threads_, [&](int t) {
      for (int step = 0; step < work_.steps; ++step)
        for (int i = n * t / threads_; i < n * (t + 1) / threads_; ++i) step_one(step, i);
    });
  }

  std::vector<double> states() const override {
    std::vector<double> out(data_.size() * state_size());
    for (std::size_t i = 0; i < data_.size(); ++i)
      mj_getState(model_.get(), data_[i].get(), out.data() + i * state_size(), mjSTATE_INTEGRATION);
    return out;
  }

 private:
  std::size_t state_size() const { return static_cast<std::size_t>(work_.state_size); }

  void step_one(int step, int i) {
    mjData* const d = data_[static_cast<std::size_t>(i)].get();
    const auto row = static_cast<std::ptrdiff_t>(step) * work_.bodies + i;
    std::copy_n(work_.actions.begin() + row * work_.action_size, work_.action_size, d->ctrl);
    for (int k = 0; k < work_.substeps; ++k) mj_step(model_.get(), d);
  }

  Workload work_;
  int threads_;
  std::shared_ptr<const mjModel> model_;
  std::vector<DataPtr> data_;
};

class EngineBatch final : public Yardstick {
 public:
  EngineBatch(const Workload& work, int threads, bool at_once)
      : work_(work), at_once_(at_once), model_(model_of(work.body_path)) {
    mjBatchConfig config;
    mjb_defaultConfig(&config);
    config.nthread = threads;
    std::array<char, 512> error{};
    batch_.reset(mjb_makeBatch(model_.get(), work.bodies, &config, error.data(), static_cast<int>(error.size())));
    if (!batch_) throw std::runtime_error(error.data());
    if (at_once_) hold_commands();
  }

  void rewind() override { std::ranges::copy(work_.states, mjb_state(batch_.get())); }

  void run() override {
    int failed = 0;
    if (at_once_) {
      failed = mjb_rollout(batch_.get(), nullptr, work_.bodies, work_.steps * work_.substeps, held_.data(),
                           mjSTATE_CTRL, nullptr, 0);
    } else {
      for (int step = 0; step < work_.steps; ++step) failed += step_all(step);
    }
    if (failed != 0) throw std::runtime_error("the engine's batch failed");
  }

  std::vector<double> states() const override {
    const mjtNum* const first = mjb_state(batch_.get());
    return {first, first + work_.states.size()};
  }

 private:
  struct Deleter {
    void operator()(mjBatch* b) const { mjb_deleteBatch(b); }
  };

  int step_all(int step) {
    int size = 0;
    mjtNum* const commands = mjb_stateComponent(batch_.get(), mjSTATE_CTRL, &size);
    for (int i = 0; i < work_.bodies; ++i) {
      const auto row = static_cast<std::ptrdiff_t>(step) * work_.bodies + i;
      std::copy_n(work_.actions.begin() + row * work_.action_size, work_.action_size,
                  commands + static_cast<std::ptrdiff_t>(i) * mjb_nstate(batch_.get()));
    }
    return mjb_step(batch_.get(), nullptr, work_.bodies, work_.substeps, mjSTAGE_NONE);
  }

  // bodies x (steps * substeps) x action_size
  void hold_commands() {
    for (int i = 0; i < work_.bodies; ++i) {
      for (int step = 0; step < work_.steps; ++step) {
        const auto row = (static_cast<std::ptrdiff_t>(step) * work_.bodies + i) * work_.action_size;
        const auto first = work_.actions.begin() + row;
        for (int k = 0; k < work_.substeps; ++k) held_.insert(held_.end(), first, first + work_.action_size);
      }
    }
  }

  Workload work_;
  bool at_once_;
  std::shared_ptr<const mjModel> model_;
  std::unique_ptr<mjBatch, Deleter> batch_;
  std::vector<double> held_;
};

}  // namespace

Workload work_of_task(const std::string& id, const std::string& assets) {
  std::vector<Definition> known = gymnasium_definitions();
  std::ranges::copy(dm_control_definitions(), std::back_inserter(known));
  const auto found = std::ranges::find_if(known, [&](const Definition& d) { return id == d.id; });
  if (found == known.end()) throw std::invalid_argument("no task " + id);
  return work_of_body((std::filesystem::path(assets) / found->file).string(), found->substeps);
}

Workload work_of_body(const std::string& path, int substeps) {
  Workload work;
  work.body_path = path;
  const std::shared_ptr<const mjModel> model = model_of(path);
  work.substeps = substeps;
  work.action_size = static_cast<int>(model->nu);
  work.state_size = static_cast<int>(mj_stateSize(model.get(), mjSTATE_INTEGRATION));
  return work;
}

std::unique_ptr<Yardstick> make_bare_loop(const Workload& work, int threads) {
  return std::make_unique<BareLoop>(work, threads);
}
std::unique_ptr<Yardstick> make_engine_rollout(const Workload& work, int threads) {
  return std::make_unique<EngineBatch>(work, threads, true);
}
std::unique_ptr<Yardstick> make_engine_batch(const Workload& work, int threads) {
  return std::make_unique<EngineBatch>(work, threads, false);
}

}  // namespace infans::envs
