// What every transition model makes of little data; scripts/bench small-data runs it. One JSON object a line on stdout:
// a model on a world with N transitions and one seed.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/inference/contact_model.hpp"
#include "core/inference/field_model.hpp"
#include "core/inference/mechanics_model.hpp"
#include "core/inference/mechanics_tables.hpp"
#include "core/inference/motion_stack.hpp"
#include "core/inference/readout_motion.hpp"
#include "core/kernels/operations.hpp"
#include "experiments/benchmarks/small_data.hpp"

namespace {

using namespace infans;
using namespace infans::inference;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

MechanicsModelOptions mechanics_options(const model::Encoding& e) {
  MechanicsModelOptions o;
  // Which joint the cart-pole's only motor drives is learned; a chain has a motor on every joint.
  if (e.actions < e.positions()) o.mechanics.commands = model::CommandMatrix::full;
  return o;
}

std::unique_ptr<MotionModel> make_mechanics(const model::Encoding& e, int) {
  return std::make_unique<MechanicsModel>(e, mechanics_options(e));
}

std::unique_ptr<ReadoutMotion> make_readout(const model::Encoding& e, int features, int seed) {
  return std::make_unique<ReadoutMotion>(e, ReadoutMotionOptions{features}, static_cast<std::uint64_t>(seed), 0);
}

std::unique_ptr<MotionModel> make_residual(const model::Encoding& e, int seed) {
  return std::make_unique<ResidualMotion>(make_mechanics(e, seed), make_readout(e, 200, seed));
}

std::unique_ptr<MotionModel> make_field(const model::Encoding& e, int features, int seed) {
  return make_fourier_field(e, features, static_cast<std::uint64_t>(seed), 0);
}

std::unique_ptr<MotionModel> make_harmonic_field(const model::Encoding& e, int) {
  const int joints = e.positions();
  return make_gated_harmonics(e, joints <= 2 ? 6 : joints == 3 ? 4 : 2);
}

std::unique_ptr<MotionModel> make_gate(const model::Encoding& e, int seed) {
  std::vector<std::unique_ptr<MotionModel>> models;
  models.push_back(make_residual(e, seed));
  models.push_back(make_readout(e, 400, seed));
  return std::make_unique<EvidenceGate>(std::move(models));
}

// steps: Runge-Kutta steps of a control step; the chains' own simulator takes 10. known_gap: the gap is of a planar
// chain, else any harmonic series up to order 2.
std::unique_ptr<MotionModel> make_contact(const model::Encoding& e, int steps, bool known_gap) {
  ContactModelOptions o;
  const int friction_terms = o.mechanics.mechanics.friction_terms;
  o.mechanics = mechanics_options(e);
  o.mechanics.mechanics.friction_terms = friction_terms;
  o.steps = steps;
  if (!known_gap) {
    const model::Harmonics h = model::make_harmonics(VectorXd::Ones(e.positions()), 2, 1);
    o.waves = h.wave.bottomRows(h.waves() - 1).cast<double>();
  }
  return std::make_unique<ContactModel>(e, o);
}

struct Contender {
  const char* name;
  std::function<std::unique_ptr<MotionModel>(const model::Encoding&, int)> make;
};

const std::vector<Contender>& contenders() {
  static const std::vector<Contender> all = {
      {"fourier-200",
       [](const model::Encoding& e, int s) -> std::unique_ptr<MotionModel> { return make_readout(e, 200, s); }},
      {"fourier-400",
       [](const model::Encoding& e, int s) -> std::unique_ptr<MotionModel> { return make_readout(e, 400, s); }},
      {"path-fourier-200", [](const model::Encoding& e, int s) { return make_field(e, 200, s); }},
      {"path-harmonics", make_harmonic_field},
      {"mechanics", make_mechanics},
      {"mechanics-residual", make_residual},
      {"gate", make_gate},
      {"contact", [](const model::Encoding& e, int) { return make_contact(e, 10, true); }},
      {"contact-8-steps", [](const model::Encoding& e, int) { return make_contact(e, 8, true); }},
      {"contact-any-gap", [](const model::Encoding& e, int) { return make_contact(e, 10, false); }},
  };
  return all;
}

struct Score {
  double nrmse, coverage, log_density;
};

// nRMSE: RMSE over the standard deviation of each target (what is left after constant velocity), mean over targets.
// coverage: of 95 % intervals. log_density: nats an output, of targets in units of their standard deviation.
Score score(const MotionBatch& p, const model::Transitions& t, double dt) {
  const MatrixXd end = ends(t), error = end - p.mean;
  MatrixXd target = end;
  target.leftCols(t.joints()) -= t.q0 + dt * t.v0;
  target.rightCols(t.joints()) -= t.v0;
  const MatrixXd centred = target.rowwise() - target.colwise().mean();
  const double rows = static_cast<double>(t.count());
  const VectorXd scale = (centred.colwise().squaredNorm() / rows).cwiseSqrt();
  const VectorXd rmse = (error.colwise().squaredNorm() / rows).cwiseSqrt();
  const MatrixXd z = error.cwiseQuotient(p.standard_deviation());
  return {rmse.cwiseQuotient(scale).mean(), (z.array().abs() < 1.96).cast<double>().mean(),
          p.log_density(end).mean() / static_cast<double>(scale.size()) + scale.array().log().mean()};
}

// Microseconds a prediction of the flight kernel over a batch of 4096 columns, one core, best of 20; 0: no mechanics.
double kernel_time(const MotionModel& m, const model::Transitions& t) {
  const auto* mechanics = dynamic_cast<const MechanicsModel*>(&m);
  if (mechanics == nullptr) return 0.0;
  const MechanicsTables tables(mechanics->law(), mechanics->period(), mechanics->steps());
  constexpr int batch = 4096;
  const Index inputs = 2 * t.joints() + t.commands();
  Eigen::MatrixXf z(batch, inputs), out(batch, 2 * t.joints());
  for (Index k = 0; k < batch; ++k)
    z.row(k) << t.q0.row(k % t.count()).cast<float>(), t.v0.row(k % t.count()).cast<float>(),
        t.u.row(k % t.count()).cast<float>();
  const kernels::BodyModel body = tables.model();
  double best = 1e9;
  for (int repeat = 0; repeat < 20; ++repeat) {
    const double from = seconds();
    kernels::best_body().fly(body, z.data(), batch, batch, out.data());
    best = std::min(best, seconds() - from);
  }
  const MatrixXd slow = m.mean(t.q0, t.v0, t.u);
  const double gap = (tables.ends(kernels::best_body(), t.q0, t.v0, t.u) - slow).cwiseAbs().maxCoeff();
  std::fprintf(stderr, "kernel %s: %d waves, %zu terms, %.0f operations, %.1f GFLOP/s, largest gap to double %.1e\n",
               kernels::best_body().isa, tables.waves, tables.terms.size(), kernels::fly_operations(tables.model()),
               kernels::fly_operations(tables.model()) * batch / best * 1e-9, gap);
  return best * 1e6 / batch;
}

// Bodies that touch have rarer events, so more states.
int test_states(const std::string& world) {
  if (world == "cartpole") return 600;
  return world.find('-') == std::string::npos ? 400 : 500;
}

// Times the batch of the test set: mean and full covariance, then means alone.
void run(const Contender& c, experiments::SmallWorld& world, const std::string& name, int count, int seed) {
  const model::Encoding e = world.encoding();
  random::Stream test = experiments::test_stream(), train = experiments::training_stream(seed);
  const model::Transitions tested = experiments::sample_uniform(world, test_states(name), test);
  const model::Transitions known = experiments::sample_uniform(world, count, train);
  const std::unique_ptr<MotionModel> m = c.make(e, seed);
  const double t0 = seconds();
  m->fit(known);
  const double t1 = seconds();
  const MotionBatch p = m->predict(tested.q0, tested.v0, tested.u);
  const double t2 = seconds();
  const MatrixXd mean = m->mean(tested.q0, tested.v0, tested.u);
  const double t3 = seconds(), per = 1e6 / static_cast<double>(tested.count());
  const Score s = score(p, tested, e.dt);
  std::printf(
      "{\"world\": \"%s\", \"n\": %d, \"seed\": %d, \"model\": \"%s\", \"nrmse\": %.6g, \"coverage\": %.4g, "
      "\"log_density\": %.4g, \"fit_s\": %.4g, \"predict_us\": %.4g, \"mean_us\": %.4g, \"kernel_us\": %.4g}\n",
      name.c_str(), count, seed, c.name, s.nrmse, s.coverage, s.log_density, t1 - t0, (t2 - t1) * per, (t3 - t2) * per,
      kernel_time(*m, tested));
  std::fflush(stdout);
}

}  // namespace

// bench_small_data WORLD MODEL N SEED
int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: bench_small_data WORLD MODEL N SEED\n", stderr);
    for (const Contender& c : contenders()) std::fprintf(stderr, "  model %s\n", c.name);
    return 2;
  }
  try {
    experiments::SmallWorld world = experiments::make_small_world(argv[1]);
    for (const Contender& c : contenders())
      if (std::string(argv[2]) == c.name) {
        run(c, world, argv[1], std::atoi(argv[3]), std::atoi(argv[4]));
        return 0;
      }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_small_data: %s\n", error.what());
    return 1;
  }
  std::fprintf(stderr, "bench_small_data: no model '%s'; there are:", argv[2]);
  for (const Contender& c : contenders()) std::fprintf(stderr, " %s", c.name);
  std::fprintf(stderr, "\n");
  return 2;
}
