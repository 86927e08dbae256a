// Free play by habit: an infant moves by itself, feels what comes of it and learns to predict it; it never plans. The
// plainest whole life, and the yardstick of what a life costs beside its physics.
#include "agents/habit/habit.hpp"

#include <algorithm>
#include <memory>
#include <numeric>

#include "envs/mujoco/body.hpp"
#include "envs/worlds/worlds.hpp"
#include "experiments/protocols/protocol.hpp"
#include "experiments/protocols/signal_values.hpp"

namespace infans::experiments {
namespace {

using config::Options;

envs::Task make_task(const Options& o) {
  const std::string scene = o.text("body.scene");
  envs::TaskOptions task;
  task.values = {{"age_months", o.number("body.age_months")}, {"senses", o.value("body.senses")}};
  return envs::all_tasks().make("infant-" + scene + "-v0", task);
}

// What 1 means, by unit: about the spread of each sense while an infant moves.
double scale_of(const std::string& unit) {
  if (unit == "rad/s") return 3.0;
  if (unit == "N" || unit == "N m") return 1.0;
  if (unit == "m/s2") return 9.81;
  return 1.0;
}

Eigen::VectorXd scales_of(const envs::Spec& body) {
  Eigen::VectorXd scale(body.observation_size());
  for (const envs::Modality& m : body.modalities) scale.segment(m.offset, m.size).setConstant(scale_of(m.unit));
  return scale;
}

agents::HabitOptions habit_options(const Options& o) {
  return {static_cast<int>(o.integer("mind.causes")), static_cast<int>(o.integer("mind.settle_steps")),
          o.number("mind.rate"), o.number("mind.rhythm"), o.number("mind.vigour")};
}

// Of the observation that the sample began with: what the commands answered.
std::vector<Signal> signals_of(const envs::Spec& body, int causes) {
  std::vector<Signal> list;
  const auto all = [&](const std::string& kind, const std::string& doc) {
    for (const envs::Modality& m : body.modalities) {
      const bool precision = kind == "precision";
      const std::string unit = precision ? (m.unit == "1" ? "1" : "1/(" + m.unit + ")2") : m.unit;
      list.push_back({kind + "/" + m.name, unit, doc, precision ? std::vector<int>{} : std::vector<int>{m.size}});
    }
  };
  all("observation", "what the commands answered");
  list.push_back({"belief/causes", "1", "settled", {causes}});
  all("error", "observation - prediction by the causes");
  all("precision", "fixed: 1 / scale^2");
  list.push_back({"vfe/total", "nats", "without constants; causes have no prior, so it is -accuracy"});
  list.push_back({"action/command", "1", "of each actuator, -1 to 1", {body.action_size}});
  list.push_back({"contact/skin", "N", "pressure on all of the skin after the sample; NaN without a skin"});
  return list;
}

class Player final : public Participant {
 public:
  Player(const Options& o, const Identity& who)
      : task_options_(o),
        task_(make_task(o)),
        world_(dynamic_cast<envs::BodyWorld&>(*task_.world)),
        period_(world_.spec().control_period),
        scale_(scales_of(world_.spec())),
        mind_(scale_, world_.spec().action_size, habit_options(o), who.seed),
        signals_(std::make_shared<const std::vector<Signal>>(
            signals_of(world_.spec(), static_cast<int>(o.integer("mind.causes"))))) {
    random::Stream start({who.seed, 0, random::Purpose::reset, 0});
    see(world_.reset(start));
  }

  void begin_stage(const Options& o) override { learns_ = o.flag("mind.learn"); }
  void set_age(double days) override { world_.set_age(days); }
  double seconds() const override { return static_cast<double>(lived_) * period_; }
  bool reached(const std::string&) const override { return false; }

  // A yoked infant is moved as its partner moved itself.
  Sample live(std::span<const double> partner) override {
    const Eigen::VectorXd& own = mind_.act(senses_, seconds());
    const std::vector<double> command = partner.empty() ? std::vector<double>(own.begin(), own.end())
                                                        : std::vector<double>(partner.begin(), partner.end());
    const double effort =
        std::inner_product(command.begin(), command.end(), command.begin(), 0.0) / static_cast<double>(command.size());
    see(world_.step(command));
    command_ = command;
    ++lived_;
    if (learns_) mind_.learn();
    return {{mind_.vfe(), mind_.prediction_error(), effort}, command};
  }

  std::unique_ptr<Participant> clone() const override { return std::unique_ptr<Participant>(new Player(*this)); }

  void describe(base::Archive& archive) override {
    archive("world", world_)("mind", mind_)("senses", senses_)("lived", lived_);
    if (static_cast<int>(senses_.size()) != world_.spec().observation_size())
      throw base::StateError("senses", "they are of another body");
  }

  std::string body() const override { return world_.mjcf(); }
  std::vector<double> physics() const override { return world_.physics(); }
  Work work() const override { return {mind_.belief_updates(), mind_.operations()}; }

  // Something touches where nothing did.
  bool event() const override {
    const envs::Modality* const s = skin();
    if (s == nullptr || command_.empty()) return false;
    for (auto i = static_cast<std::size_t>(s->offset); i < static_cast<std::size_t>(s->offset + s->size); ++i)
      if (felt_[i] == 0.0 && senses_[i] > 0.0) return true;
    return false;
  }

  std::vector<double> signals() const override {
    if (command_.empty()) return none_of(*signals_);
    using Eigen::VectorXd;
    const VectorXd felt = VectorXd::Map(felt_.data(), std::ssize(felt_)), error = mind_.error().cwiseProduct(scale_);
    SignalValues v(*signals_);
    const auto all = [&](const std::string& kind, const VectorXd& values) {
      for (const envs::Modality& m : world_.spec().modalities)
        v.put(kind + "/" + m.name, values.segment(m.offset, m.size));
    };
    all("observation", felt);
    v.put("belief/causes", mind_.causes());
    all("error", error);
    for (const envs::Modality& m : world_.spec().modalities)
      v.put("precision/" + m.name, 1.0 / (scale_(m.offset) * scale_(m.offset)));
    v.put("vfe/total", mind_.vfe()).put("action/command", command_.data(), std::ssize(command_));
    const envs::Modality* const s = skin();
    v.put_some("contact/skin", s == nullptr
                                   ? std::vector<double>()
                                   : std::vector<double>{std::accumulate(senses_.begin() + s->offset,
                                                                         senses_.begin() + s->offset + s->size, 0.0)});
    return v.take();
  }

  // A second of play without learning, from where it is.
  std::vector<double> test(const Trial&) override {
    double error = 0.0, vfe = 0.0;
    const int steps = static_cast<int>(1.0 / period_);
    for (int k = 0; k < steps; ++k) {
      const Eigen::VectorXd& command = mind_.act(senses_, seconds());
      see(world_.step({command.data(), static_cast<std::size_t>(command.size())}));
      ++lived_;
      error += mind_.prediction_error() / steps;
      vfe += mind_.vfe() / steps;
    }
    return {error, vfe};
  }

 private:
  Player(const Player& other)
      : task_options_(other.task_options_),
        task_(make_task(task_options_)),
        world_(dynamic_cast<envs::BodyWorld&>(*task_.world)),
        period_(other.period_),
        scale_(other.scale_),
        mind_(other.mind_),
        signals_(other.signals_),
        senses_(other.senses_),
        felt_(other.felt_),
        command_(other.command_),
        learns_(other.learns_),
        lived_(other.lived_) {
    world_.restore(envs::saved(other.world_));
  }

  void see(std::span<const double> observation) {
    felt_.swap(senses_);
    senses_.assign(observation.begin(), observation.end());
  }

  const envs::Modality* skin() const {
    const auto& all = world_.spec().modalities;
    const auto found = std::find_if(all.begin(), all.end(), [](const envs::Modality& m) { return m.name == "skin"; });
    return found == all.end() ? nullptr : &*found;
  }

  Options task_options_;
  envs::Task task_;
  envs::BodyWorld& world_;
  double period_;
  Eigen::VectorXd scale_;
  agents::Habit mind_;
  std::shared_ptr<const std::vector<Signal>> signals_;
  std::vector<double> senses_, felt_, command_;  // felt, commanded: of the sample just lived
  bool learns_ = true;
  long lived_ = 0;
};

}  // namespace

Protocol habit_protocol() {
  const auto whole = [](long x) { return config::Value(x); };
  const config::Texts senses = {"proprioception", "skin", "vestibular", "retina"};
  config::Texts known = senses;
  known.emplace_back("effect");
  const agents::HabitOptions habit;
  Protocol p;
  p.name = "habit";
  p.summary = "Free play by habit: an infant moves by itself and learns to predict what it feels";
  p.options = {
      {"body.scene", std::string("seated"), 0, 0, {"seated", "supine"}, "", "how the infant is placed"},
      {"body.age_months", 6.0, 0, 24, {}, "months", "size of the body"},
      {"body.senses", senses, 0, 0, known, "", "what it feels"},
      {"mind.causes", whole(habit.causes), 1, 512, {}, "", "units of the belief"},
      {"mind.settle_steps", whole(habit.settle_steps), 0, 100, {}, "", "descents of free energy a moment"},
      {"mind.rate", habit.rate, 0, 1, {}, "", "of learning"},
      {"mind.rhythm", habit.rhythm, 0, 10, {}, "Hz", "of the movements that come by themselves"},
      {"mind.vigour", habit.vigour, 0, 10, {}, "", "scale of the innate commands"},
      {"mind.learn", true, 0, 0, {}, "", "learns to predict its senses"},
  };
  p.fixed = {"body.", "mind.causes", "mind.settle_steps", "mind.rate", "mind.rhythm", "mind.vigour"};
  p.variables = {{"vfe", "nats", "variational free energy of the moment, without constants"},
                 {"prediction_error", "1", "root mean square of what was sensed minus what was predicted, in scales"},
                 {"effort", "1", "mean square of the commands"}};
  p.probes = {{"play",
               "a second of play without learning",
               {{"prediction_error", "1", "root mean square, in scales"}, {"vfe", "nats", "mean"}}}};
  p.yoked = true;
  p.signals = [](const Options& o) {
    return signals_of(make_task(o).world->spec(), static_cast<int>(o.integer("mind.causes")));
  };
  p.make = [](const Options& o, const Identity& who) { return std::make_unique<Player>(o, who); };
  return p;
}

}  // namespace infans::experiments
