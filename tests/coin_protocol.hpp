// A protocol small enough to work out by hand: somebody watches a coin and counts. No body, no MuJoCo.
#pragma once

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/random/stream.hpp"
#include "experiments/protocols/protocol.hpp"
#include "experiments/run/study.hpp"

namespace infans::tests {

class CoinWatcher : public experiments::Participant {
 public:
  explicit CoinWatcher(const experiments::Identity& who) : who_(who) {}

  void begin_stage(const config::Options& o) override {
    bias_ = o.number("coin.bias");
    breaks_ = o.integer("coin.breaks");
    if (bias_ == 0.25 && o.text("coin.metal") == "tin")
      throw base::OptionError("coin.bias",
                              o.where("coin.bias") + ": coin.bias = 0.25: no tin coin is that unfair; take gold");
    learns_ = o.flag("mind.learn");
    ++stages_;
  }
  void set_age(double days) override { age_ = days; }
  // Beta(1, 1) prior over the coin; what is seen is thrown, or comes from the partner.
  experiments::Sample live(std::span<const double> partner) override {
    if (breaks_ > 0 && lived_ + 1 >= breaks_) throw base::SimulationError("coin", lived_, "it broke");
    random::Stream coin({who_.seed, 0, random::Purpose::test, static_cast<std::uint64_t>(lived_)});
    const double head = partner.empty() ? (coin.uniform() < bias_ ? 1.0 : 0.0) : partner[0];
    const double p = heads_ / (heads_ + tails_);
    if (learns_) (head > 0.5 ? heads_ : tails_) += 1.0;
    ++lived_;
    head_ = head;
    return {{head, -std::log(head > 0.5 ? p : 1.0 - p), age_}, {head}};
  }
  double seconds() const override { return 0.5 * static_cast<double>(lived_); }
  bool reached(const std::string&) const override { return heads_ >= 6.0; }  // five heads seen
  std::unique_ptr<experiments::Participant> clone() const override { return std::make_unique<CoinWatcher>(*this); }
  // The guess with the bias in force, one more head learned a trial: a copy remembers the trials before.
  std::vector<double> test(const experiments::Trial& trial) override {
    const double guess = heads_ / (heads_ + tails_);
    heads_ += 1.0;
    return {guess, std::abs(guess - trial.options.number("coin.bias")), static_cast<double>(stages_)};
  }
  void describe(base::Archive& a) override {
    a("heads", heads_)("tails", tails_)("lived", lived_)("stages", stages_)("head", head_);
  }
  std::vector<double> signals() const override { return {heads_, tails_, head_}; }
  bool event() const override { return head_ > 0.5; }
  std::string body() const override { return "<mujoco model='coin " + std::to_string(stages_) + "'/>"; }
  std::vector<double> physics() const override { return {age_, static_cast<double>(lived_)}; }
  experiments::Work work() const override { return {static_cast<double>(lived_), 3.0 * static_cast<double>(lived_)}; }

 private:
  experiments::Identity who_;
  double bias_ = 0.5, heads_ = 1.0, tails_ = 1.0, age_ = 0.0, head_ = 0.0;
  long lived_ = 0, breaks_ = 0;
  int stages_ = 0;
  bool learns_ = true;
};

inline experiments::Protocol coin_protocol() {
  experiments::Protocol p;
  p.name = "coin";
  p.summary = "somebody watches a coin";
  p.options = {{"coin.bias", 0.5, 0, 1, {}, "", "probability of heads"},
               {"coin.metal", std::string("gold"), 0, 0, {"gold", "tin"}, "", "what it is of"},
               {"coin.breaks", 0L, 0, 1000, {}, "samples", "it breaks at this sample; 0: never"},
               {"mind.learn", true, 0, 0, {}, "", "count"}};
  p.fixed = {"coin.metal"};
  p.variables = {{"head", "", "1 heads"}, {"surprise", "nats", "-ln p"}, {"felt_age", "d", "age it was told"}};
  p.probes = {{"guess", "how likely heads is", {{"guess", "", ""}, {"error", "", ""}, {"stages", "", ""}}}};
  p.criteria = {{"five_heads", "", "five heads were seen"}};
  p.yoked = true;
  p.signals = [](const config::Options&) {
    return std::vector<experiments::Signal>{{"belief/counts", "", "heads, tails", {2}}, {"observation/head", "", ""}};
  };
  p.make = [](const config::Options&, const experiments::Identity& who) { return std::make_unique<CoinWatcher>(who); };
  return p;
}

// A new folder under the system's, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "infans-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = path;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name)) << text;
    return file(name);
  }

 private:
  std::filesystem::path path_;
};

// "[study]" of the coin with what is given after it.
inline std::string coin_study(const std::string& rest) {
  return "[study]\nname = \"coins\"\nprotocol = \"coin\"\n" + rest;
}

}  // namespace infans::tests
