// Free play by habit: an infant moves by itself, feels what comes of it and learns to predict it; it never plans. The
// plainest whole life, and the yardstick of what a life costs beside its physics.
#include "agents/habit/habit.hpp"

#include <memory>
#include <numeric>

#include "envs/mujoco/body.hpp"
#include "envs/worlds/worlds.hpp"
#include "experiments/protocols/protocol.hpp"

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

class Player final : public Participant {
 public:
  Player(const Options& o, const Identity& who)
      : task_options_(o),
        task_(make_task(o)),
        world_(dynamic_cast<envs::BodyWorld&>(*task_.world)),
        period_(world_.spec().control_period),
        mind_(scales_of(world_.spec()), world_.spec().action_size, habit_options(o), who.seed) {
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
        mind_(other.mind_),
        senses_(other.senses_),
        learns_(other.learns_),
        lived_(other.lived_) {
    world_.restore(envs::saved(other.world_));
  }

  void see(std::span<const double> observation) { senses_.assign(observation.begin(), observation.end()); }

  Options task_options_;
  envs::Task task_;
  envs::BodyWorld& world_;
  double period_;
  agents::Habit mind_;
  std::vector<double> senses_;
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
  p.make = [](const Options& o, const Identity& who) { return std::make_unique<Player>(o, who); };
  return p;
}

}  // namespace infans::experiments
