#include "experiments/run/extra_probes.hpp"

#include <memory>
#include <utility>

#include "core/base/error.hpp"

namespace infans::experiments {
namespace {

using Probes = std::shared_ptr<const std::vector<ExtraProbe>>;

// A participant whose laboratory knows more tests.
class Tested final : public Participant {
 public:
  Tested(std::unique_ptr<Participant> inner, Probes probes) : inner_(std::move(inner)), probes_(std::move(probes)) {}

  void begin_stage(const config::Options& options) override { inner_->begin_stage(options); }
  void set_age(double days) override { inner_->set_age(days); }
  Sample live(std::span<const double> partner) override { return inner_->live(partner); }
  double seconds() const override { return inner_->seconds(); }
  bool reached(const std::string& criterion) const override { return inner_->reached(criterion); }
  std::unique_ptr<Participant> clone() const override { return std::make_unique<Tested>(inner_->clone(), probes_); }
  std::vector<double> test(const Trial& trial) override {
    for (const ExtraProbe& p : *probes_)
      if (p.kind.name == trial.kind) return p.test(*inner_, trial);
    return inner_->test(trial);
  }
  void describe(base::Archive& archive) override { inner_->describe(archive); }
  std::vector<double> signals() const override { return inner_->signals(); }
  bool event() const override { return inner_->event(); }
  std::string body() const override { return inner_->body(); }
  std::vector<double> physics() const override { return inner_->physics(); }
  Work work() const override { return inner_->work(); }

 private:
  std::unique_ptr<Participant> inner_;
  Probes probes_;
};

}  // namespace

Protocol with_probes(Protocol protocol, const std::vector<ExtraProbe>& probes) {
  if (probes.empty()) return protocol;
  for (const ExtraProbe& p : probes) {
    for (const ProbeKind& own : protocol.probes)
      if (own.name == p.kind.name)
        throw base::OptionError("probes", "protocol " + protocol.name + " has a probe '" + own.name +
                                              "' itself; give the new one another name");
    protocol.probes.push_back(p.kind);
  }
  protocol.make = [make = std::move(protocol.make), shared = std::make_shared<const std::vector<ExtraProbe>>(probes)](
                      const config::Options& options, const Identity& who) -> std::unique_ptr<Participant> {
    return std::make_unique<Tested>(make(options, who), shared);
  };
  return protocol;
}

}  // namespace infans::experiments
