#include "envs/mujoco/senses/skin.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "envs/mujoco/senses/lookup.hpp"
#include "envs/mujoco/senses/taxels.hpp"

namespace infans::envs::senses {
namespace {

constexpr double most_taxels = 1e6;
constexpr double far_away = 20.0;  // receptive fields end where they are e^-20 of the nearest taxel's
constexpr double edge_on = 1e-6;   // a cosine below it is rounding
constexpr double not_facing = 1e300;

struct Patch {
  int geom = 0;
  int first = 0;  // taxel of the whole skin
  std::vector<Spot> spots;
  double sharpness = 0.0;  // 1 / (2 spread^2), 1/m2
};

// The geoms that have skin when none is named: what moves, can touch and has a surface.
bool touches(const mjModel& m, int geom) {
  return has_surface(m.geom_type[geom]) && m.body_weldid[m.geom_bodyid[geom]] != 0 &&
         (m.geom_contype[geom] != 0 || m.geom_conaffinity[geom] != 0);
}

class Patches final : public Skin {
 public:
  Patches(const mjModel& m, const SkinOptions& o, const std::string& source)
      : Skin(o.name, o.channel),
        touch_(o.touch),
        width_(o.touch == Touch::pressure ? 1
               : o.touch == Touch::force  ? 3
                                          : 6),
        spread_(o.spread),
        patch_of_(static_cast<std::size_t>(m.ngeom), -1) {
    for (const int geom : geoms(m, o, source)) {
      const double wanted = std::max(1.0, std::round(o.density * surface_area(m.geom_type[geom], size_of(m, geom))));
      if (taxels_ + wanted > most_taxels) {
        throw base::BodyError(source, written(o.name, o.channel.origin) +
                                          " asks for more than 1e6 taxels at the geom " +
                                          label_of(m, mjOBJ_GEOM, geom) + "; lower its density");
      }
      Patch patch;
      patch.geom = geom;
      patch.first = taxels_;
      patch.spots.resize(static_cast<std::size_t>(wanted));
      taxels_ += static_cast<int>(wanted);
      patch_of_[static_cast<std::size_t>(geom)] = static_cast<int>(patches_.size());
      weights_.resize(std::max(weights_.size(), patch.spots.size()));
      patches_.push_back(std::move(patch));
    }
    parts_ = {{o.name, "N", taxels_ * width_}};
    lay(m);
  }

  void fit(const mjModel& m) override { lay(m); }

  void sample(const Instant& at, std::span<double> out) override {
    std::fill(out.begin(), out.end(), 0.0);
    for (int c = 0; c < at.d.ncon; ++c) {
      const mjContact& contact = at.d.contact[c];
      const int first = patch_of(contact.geom[0]), second = patch_of(contact.geom[1]);
      if (contact.efc_address < 0 || (first < 0 && second < 0)) continue;
      mjtNum wrench[6], force[3];  // by the first geom on the second, along the rows of the contact's frame
      mj_contactForce(&at.m, &at.d, c, wrench);
      mju_mulMatTVec3(force, contact.frame, wrench);
      if (first >= 0) press(at, patches_[static_cast<std::size_t>(first)], contact, wrench[0], force, -1.0, out);
      if (second >= 0) press(at, patches_[static_cast<std::size_t>(second)], contact, wrench[0], force, 1.0, out);
    }
  }

  std::vector<Taxel> taxels(const mjModel& m, const mjData& d) const override {
    std::vector<Taxel> list;
    for (const Patch& patch : patches_) {
      const int body = m.geom_bodyid[patch.geom];
      for (const Spot& spot : patch.spots) {
        Taxel& taxel = list.emplace_back();
        taxel.geom = name_of(m, mjOBJ_GEOM, patch.geom);
        taxel.body = name_of(m, mjOBJ_BODY, body);
        mju_rotVecQuat(taxel.place.data(), spot.place.data(), m.geom_quat + 4 * patch.geom);
        mju_addTo3(taxel.place.data(), m.geom_pos + 3 * patch.geom);
        mju_mulMatVec3(taxel.world.data(), d.geom_xmat + 9 * patch.geom, spot.place.data());
        mju_addTo3(taxel.world.data(), d.geom_xpos + 3 * patch.geom);
        mju_rotVecQuat(taxel.normal.data(), spot.normal.data(), m.geom_quat + 4 * patch.geom);
      }
    }
    return list;
  }

 private:
  static const mjtNum* size_of(const mjModel& m, int geom) { return m.geom_size + 3 * geom; }
  int patch_of(int geom) const { return geom < 0 ? -1 : patch_of_[static_cast<std::size_t>(geom)]; }

  static std::vector<int> geoms(const mjModel& m, const SkinOptions& o, const std::string& source) {
    const std::string who = written(o.name, o.channel.origin);
    std::vector<int> ids = select(m, mjOBJ_GEOM, o.geoms, source, who);
    if (o.geoms.empty()) std::erase_if(ids, [&](int geom) { return !touches(m, geom); });
    for (const int geom : ids) {
      if (!has_surface(m.geom_type[geom])) {
        throw base::BodyError(source, who + " cannot cover the geom " + label_of(m, mjOBJ_GEOM, geom) +
                                          "; it takes spheres, capsules, cylinders, boxes and ellipsoids");
      }
    }
    if (ids.empty()) throw base::BodyError(source, who + ": the body has no geom that moves and can touch");
    return ids;
  }

  void lay(const mjModel& m) {
    for (Patch& patch : patches_) {
      const int type = m.geom_type[patch.geom];
      const auto count = static_cast<int>(patch.spots.size());
      patch.spots = lay_spots(type, size_of(m, patch.geom), count);
      const double area = surface_area(type, size_of(m, patch.geom));
      patch.sharpness = 0.5 / (spread_ > 0.0 ? spread_ * spread_ : area / count);
    }
  }

  // Shares one contact's force over a patch: weights fall off as a Gaussian of the distance and add up to 1. `sign` is
  // that of the force on this geom, and minus that of the normal as it points out of this geom.
  void press(const Instant& at, const Patch& patch, const mjContact& contact, mjtNum normal_force,
             const mjtNum force[3], double sign, std::span<double> out) {
    const mjtNum* const frame = at.d.geom_xmat + 9 * patch.geom;
    mjtNum arm[3], place[3], outwards[3];
    mju_sub3(arm, contact.pos, at.d.geom_xpos + 3 * patch.geom);
    mju_mulMatTVec3(place, frame, arm);
    mju_mulMatTVec3(outwards, frame, contact.frame);
    mju_scl3(outwards, outwards, -sign);
    const double total = weigh(patch, place, outwards);

    const mjtNum* const body = at.d.xmat + 9 * at.m.geom_bodyid[patch.geom];
    mjtNum felt[6];
    if (touch_ == Touch::pressure) {
      felt[0] = normal_force;
    } else {
      mju_mulMatTVec3(felt, body, force);
      mju_scl3(felt, felt, sign);
    }
    if (touch_ == Touch::split) {
      mjtNum whole[3];
      mju_copy3(whole, felt);
      mju_mulMatTVec3(felt, body, contact.frame);
      mju_scl3(felt, felt, sign * normal_force);
      mju_sub3(felt + 3, whole, felt);
    }
    for (std::size_t i = 0; i < patch.spots.size(); ++i) {
      if (weights_[i] == 0.0) continue;
      const double share = weights_[i] / total;
      double* const taxel = out.data() + (static_cast<std::size_t>(patch.first) + i) * static_cast<std::size_t>(width_);
      for (int k = 0; k < width_; ++k) taxel[k] += share * felt[k];
    }
  }

  // Fills weights_ and returns their sum. Taxels on the far side of a thin geom turn away from the contact and feel
  // nothing, unless all do.
  double weigh(const Patch& patch, const mjtNum place[3], const mjtNum outwards[3]) {
    double nearest = not_facing;
    for (const bool all : {false, true}) {
      for (std::size_t i = 0; i < patch.spots.size(); ++i) {
        const Spot& spot = patch.spots[i];
        const double x = spot.place[0] - place[0], y = spot.place[1] - place[1], z = spot.place[2] - place[2];
        const bool faces = all || mju_dot3(spot.normal.data(), outwards) > edge_on;
        weights_[i] = faces ? (x * x + y * y + z * z) * patch.sharpness : not_facing;
        nearest = std::min(nearest, weights_[i]);
      }
      if (nearest < not_facing) break;
    }
    double total = 0.0;
    for (std::size_t i = 0; i < patch.spots.size(); ++i) {
      const double beyond = weights_[i] - nearest;
      weights_[i] = beyond < far_away ? std::exp(-beyond) : 0.0;
      total += weights_[i];
    }
    return total;
  }

  Touch touch_;
  int width_;
  double spread_;
  int taxels_ = 0;
  std::vector<int> patch_of_;  // per geom of the model, -1: no skin
  std::vector<Patch> patches_;
  std::vector<double> weights_;
};

}  // namespace

std::unique_ptr<Skin> make_skin(const mjModel& m, const SkinOptions& options, const std::string& source) {
  return std::make_unique<Patches>(m, options, source);
}

}  // namespace infans::envs::senses
