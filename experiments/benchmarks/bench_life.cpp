// What a life costs beside its physics: an infant that acts by habit (perceive, act, learning off, every 10th sample
// recorded) through the whole engine of `infans run`, set-up and files included, and the same bodies under the same
// commands by themselves, on the same threads, in turns.
// Usage: bench_life [THREADS [SAMPLES [ROUNDS]]]; Markdown on stdout.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "core/base/error.hpp"
#include "core/parallel/parallel.hpp"
#include "envs/worlds/worlds.hpp"
#include "experiments/protocols/protocol.hpp"
#include "experiments/run/study.hpp"

namespace {

using namespace infans;
namespace fs = std::filesystem;

struct Setting {
  std::string scene;
  config::Texts senses;
};

using Commands = std::vector<std::vector<double>>;

experiments::Protocol habit() {
  for (experiments::Protocol& p : experiments::shipped_protocols())
    if (p.name == "habit") return std::move(p);
  throw std::logic_error("bench_life: there is no protocol habit");
}

// The commands of one life.
Commands commands_of(const Setting& s, std::uint64_t seed, long samples) {
  const experiments::Protocol protocol = habit();
  config::Options o(protocol.options);
  o.set("body.scene", s.scene, "");
  o.set("body.senses", s.senses, "");
  o.set("mind.learn", false, "");
  const auto infant = protocol.make(o, {1, seed});
  infant->begin_stage(o);
  Commands commands;
  for (long k = 0; k < samples; ++k) commands.push_back(infant->live({}).tape);
  return commands;
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double bare_seconds(const Setting& s, const std::vector<Commands>& lives) {
  envs::TaskOptions options;
  options.values = {{"age_months", 6.0}, {"senses", config::Texts{}}};
  return seconds_of([&] {
    parallel::for_each(static_cast<int>(lives.size()), static_cast<int>(lives.size()), [&](int k) {
      const auto task = envs::all_tasks().make("infant-" + s.scene + "-v0", options);
      random::Stream start({static_cast<std::uint64_t>(k + 1), 0, random::Purpose::reset, 0});
      task.world->reset(start);
      for (const auto& command : lives[static_cast<std::size_t>(k)]) task.world->step(command);
    });
  });
}

double life_seconds(const Setting& s, int threads, long samples, const fs::path& folder) {
  fs::remove_all(folder);
  fs::create_directories(folder);
  std::string senses;
  for (const std::string& sense : s.senses) senses += (senses.empty() ? "\"" : ", \"") + sense + "\"";
  std::ofstream(folder / "study.toml") << "[study]\nname = \"habit\"\nprotocol = \"habit\"\n[record]\nevery = 10\n"
                                       << "[body]\nscene = \"" << s.scene << "\"\nsenses = [" << senses << "]\n"
                                       << "[mind]\nlearn = false\n[[stage]]\nname = \"play\"\nsamples = " << samples
                                       << "\n";
  experiments::RunRequest request;
  request.spec = (folder / "study.toml").string();
  request.out = (folder / "out").string();
  request.agents = request.threads = threads;
  request.quiet = true;
  return seconds_of([&] { experiments::run_study(request); });
}

double middle(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

void compare(const Setting& s, const char* name, int threads, long samples, int rounds) {
  std::vector<Commands> lives;
  for (int k = 0; k < threads; ++k) lives.push_back(commands_of(s, static_cast<std::uint64_t>(k + 1), samples));
  const fs::path folder = fs::temp_directory_path() / ("infans-bench-life-" + std::to_string(getpid()));
  std::vector<double> bare, life, ratio;
  for (int r = 0; r < rounds; ++r) {
    bare.push_back(bare_seconds(s, lives));
    life.push_back(life_seconds(s, threads, samples, folder));
    ratio.push_back(bare.back() / life.back());
  }
  fs::remove_all(folder);
  const double unit = 1e6 / static_cast<double>(samples);
  std::printf("| %s | %s | %.0f | %.0f | %.2f [%.2f, %.2f] |\n", s.scene.c_str(), name, unit * middle(bare),
              unit * middle(life), middle(ratio), *std::min_element(ratio.begin(), ratio.end()),
              *std::max_element(ratio.begin(), ratio.end()));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int k, long standard) { return argc > k ? std::atol(argv[k]) : standard; };
  const int threads = static_cast<int>(argument(1, parallel::available_threads()));
  const long samples = argument(2, 3000);
  const int rounds = static_cast<int>(argument(3, 5));
  std::printf("%d threads, %ld samples a life of 20 ms, %d rounds; bare / life is the share of physics in a life\n\n",
              threads, samples, rounds);
  std::printf("| scene | senses | bare, us a sample | life, us a sample | bare / life: median [min, max] |\n");
  std::printf("|---|---|---|---|---|\n");
  const config::Texts touch = {"proprioception", "skin", "vestibular"};
  const config::Texts all = {"proprioception", "skin", "vestibular", "retina"};
  for (const char* scene : {"seated", "supine"}) {
    compare({scene, touch}, "joints, skin, inner ear", threads, samples, rounds);
    compare({scene, all}, "and two eyes", threads, samples, rounds);
  }
  return 0;
}
