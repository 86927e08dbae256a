#include "envs/mujoco/senses/retina.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.hpp"
#include "envs/mujoco/senses/blur.hpp"
#include "envs/mujoco/senses/lookup.hpp"
#include "envs/mujoco/senses/receptors.hpp"

namespace infans::envs::senses {
namespace {

constexpr double acuity_step = 0.002;
constexpr long sharp_sight = std::numeric_limits<long>::max();

void check(const RetinaOptions& o) {
  if (o.depth || o.identity || o.colour) return;
  throw base::OptionError(o.name + ".depth", written(o.name + ".depth", o.channel.origin) +
                                                 " must be on, or identity or colour: an eye must see something");
}

class Eye final : public Retina {
 public:
  Eye(const mjModel& m, const RetinaOptions& o, const std::string& source)
      : Retina(o.name, o.channel), options_(o), receptors_(lay_receptors(o)) {
    attach(m, source);
    for (std::size_t g = 0; g < 6; ++g) groups_[g] = o.groups[g] ? 1 : 0;
    const auto n = static_cast<int>(receptors_.size());
    rays_.resize(3 * receptors_.size());
    distance_.resize(receptors_.size());
    seen_.resize(receptors_.size());
    sharp_.resize(3 * receptors_.size());
    if (o.depth) parts_.push_back({o.name + ".depth", "m", n});
    if (o.identity) parts_.push_back({o.name + ".identity", "1", n});
    if (o.colour) parts_.push_back({o.name + ".colour", "1", 3 * n});
  }

  const std::vector<Receptor>& receptors() const override { return receptors_; }

  // In steps of 0.2 % of acuity, which are a function of the age alone: a life may set its age at every step.
  void set_age(double days) override {
    const double acuity = acuity_at(days);
    const bool blurred = options_.blur_by_age && acuity < options_.acuity;
    const long step = blurred ? std::lround(std::log(acuity) / acuity_step) : sharp_sight;
    if (step == step_) return;
    step_ = step;
    blur_ = blurred ? Blur(receptors_, std::exp(acuity_step * static_cast<double>(step))) : Blur();
  }

  void sample(const Instant& at, std::span<double> out) override {
    look(at);
    const std::size_t n = receptors_.size();
    if (options_.depth) {
      blur_.apply(distance_, 1, out.first(n));
      out = out.subspan(n);
    }
    if (options_.identity) {
      for (std::size_t i = 0; i < n; ++i) out[i] = seen_[i] < 0 ? -1 : at.m.geom_bodyid[seen_[i]];
      out = out.subspan(n);
    }
    if (options_.colour) {
      for (std::size_t i = 0; i < n; ++i) paint(at.m, seen_[i], &sharp_[3 * i]);
      blur_.apply(sharp_, 3, out);
    }
  }

 private:
  void attach(const mjModel& m, const std::string& source) {
    const auto [type, id] = find_any(m, {mjOBJ_CAMERA, mjOBJ_SITE, mjOBJ_BODY}, options_.eye, source,
                                     written(options_.name, options_.channel.origin));
    if (type == mjOBJ_CAMERA) camera_ = id;
    if (type == mjOBJ_SITE) site_ = id;
    body_ = camera_ >= 0 ? m.cam_bodyid[id] : site_ >= 0 ? m.site_bodyid[id] : id;
  }

  void look(const Instant& at) {
    const mjData& d = at.d;
    const mjtNum* const place = camera_ >= 0 ? d.cam_xpos + 3 * camera_
                                : site_ >= 0 ? d.site_xpos + 3 * site_
                                             : d.xpos + 3 * body_;
    const mjtNum* const frame = camera_ >= 0 ? d.cam_xmat + 9 * camera_
                                : site_ >= 0 ? d.site_xmat + 9 * site_
                                             : d.xmat + 9 * body_;
    for (std::size_t i = 0; i < receptors_.size(); ++i) {
      mju_mulMatVec3(&rays_[3 * i], frame, receptors_[i].direction.data());
    }
    // An eye that stands in the world itself has no body of its own to overlook.
    mj_multiRay(&at.m, &at.d, place, rays_.data(), groups_, 1, body_ > 0 ? body_ : -1, seen_.data(), distance_.data(),
                nullptr, static_cast<int>(receptors_.size()), options_.range);
    for (std::size_t i = 0; i < receptors_.size(); ++i) {
      if (distance_[i] >= 0.0 && distance_[i] <= options_.range) continue;
      distance_[i] = options_.range;
      seen_[i] = -1;
    }
  }

  void paint(const mjModel& m, int geom, double* rgb) const {
    if (geom < 0) {
      std::copy(options_.background.begin(), options_.background.end(), rgb);
      return;
    }
    const int material = m.geom_matid[geom];
    const float* const colour = material >= 0 ? m.mat_rgba + 4 * material : m.geom_rgba + 4 * geom;
    std::copy_n(colour, 3, rgb);
  }

  RetinaOptions options_;
  std::vector<Receptor> receptors_;
  int camera_ = -1, site_ = -1, body_ = 0;
  mjtByte groups_[mjNGROUP] = {};
  Blur blur_;
  long step_ = sharp_sight;
  std::vector<mjtNum> rays_, distance_, sharp_;
  std::vector<int> seen_;
};

}  // namespace

std::unique_ptr<Retina> make_retina(const mjModel& m, const RetinaOptions& options, const std::string& source) {
  check(options);
  return std::make_unique<Eye>(m, options, source);
}

}  // namespace infans::envs::senses
