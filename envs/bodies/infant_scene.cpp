#include "envs/bodies/infant_scene.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

namespace infans::envs {
namespace {

constexpr double recline = 30.0;  // degrees: the seat's back from the vertical
constexpr double gap = 0.001;     // m between bodies that touch at the start
constexpr double pad = 0.01;      // half thickness of the seat's boards
constexpr double board = 0.008;   // of the table top
// Of the ribbon, in leg lengths: just loose on a leg that rests, so that stretching it pulls.
constexpr double slack = 0.13;

struct Pose {
  std::array<double, 3> place;
  double pitch;  // degrees about y

  std::array<double, 3> operator()(const std::array<double, 3>& p) const {
    const double c = std::cos(pitch * std::numbers::pi / 180.0);
    const double s = std::sin(pitch * std::numbers::pi / 180.0);
    return {place[0] + c * p[0] + s * p[2], place[1] + p[1], place[2] - s * p[0] + c * p[2]};
  }
};

std::string vec(const std::array<double, 3>& v) { return numbers_text({v[0], v[1], v[2]}); }

Pose root(const InfantOptions& options, const InfantBody& body) {
  return {root_position(options, body), root_pitch(options)};
}

// The feet hang free of the floor.
double seat_height(const InfantBody& body) { return 0.08 + 0.6 * body.sizes().shank.length; }

double table_height(const InfantOptions& options, const InfantBody& body) {
  const InfantSizes& s = body.sizes();
  const double shoulder = root(options, body)({body.chest_x(), 0.0, s.shoulder_height})[2];
  const double over_thighs = seat_height(body) + 2.0 * s.thigh.radius + 0.03;
  return std::max(shoulder - 1.1 * s.upper_arm.length, over_thighs);
}

// In front of the reclined trunk at the table's height.
double table_edge(const InfantOptions& options, const InfantBody& body) {
  const Pose pose = root(options, body);
  const double front = body.chest_x() + body.sizes().chest_radius;
  const std::array<double, 3> low = pose({front, 0.0, 0.0});
  const std::array<double, 3> high = pose({front, 0.0, 1.0});
  const double part = (table_height(options, body) - 2.0 * board - low[2]) / (high[2] - low[2]);
  return low[0] + part * (high[0] - low[0]) + 0.01;
}

// The mobile hangs over the belly, out of reach of a raised leg.
std::array<double, 3> hook(const InfantBody& body) {
  return {-0.2 * body.sizes().whole.length, 0.0, 0.95 * body.sizes().whole.length};
}
constexpr double mobile_drop = 0.12;

void write_seat(MjcfText& xml, const InfantOptions& options, const InfantBody& body) {
  const InfantSizes& s = body.sizes();
  const Pose pose = root(options, body);
  const double half_hips = s.pelvis_radius + s.pelvis_half;
  const double top = s.whole.length - s.hip_height;
  const double back = -s.thigh.radius - gap - pad;
  const auto slab = [&](const char* name, const std::array<double, 3>& middle, const std::array<double, 3>& half) {
    xml.leaf("geom", {{"name", name},
                      {"class", "furniture"},
                      {"type", "box"},
                      {"pos", vec(pose(middle))},
                      {"euler", numbers_text({0.0, pose.pitch, 0.0})},
                      {"size", vec(half)}});
  };
  slab("seat_back", {back, 0.0, 0.5 * (top - s.pelvis_radius)}, {pad, 1.2 * half_hips, 0.5 * (top + s.pelvis_radius)});
  const double side = half_hips + 2.0 * gap + 0.5 * pad;
  const double length = 0.5 * (s.thigh.radius + body.chest_x());
  for (const double y : {1.0, -1.0}) {
    slab(y > 0.0 ? "seat_side_left" : "seat_side_right", {length - s.thigh.radius, y * side, 0.25 * s.shoulder_height},
         {length, 0.5 * pad, 0.2 * s.shoulder_height});
  }
  const double from = -0.5 * s.whole.length * 0.2;
  const double to = 0.7 * s.thigh.length;
  const double height = 0.5 * seat_height(body);
  xml.leaf("geom", {{"name", "seat"},
                    {"class", "furniture"},
                    {"type", "box"},
                    {"pos", numbers_text({0.5 * (from + to), 0.0, height})},
                    {"size", numbers_text({0.5 * (to - from), 1.3 * half_hips, height})}});
}

void write_table(MjcfText& xml, const InfantOptions& options, const InfantBody& body) {
  const double edge = table_edge(options, body);
  const double z = table_height(options, body);
  xml.leaf("geom", {{"name", "table"},
                    {"class", "furniture"},
                    {"type", "box"},
                    {"pos", numbers_text({edge + 0.2, 0.0, z - board})},
                    {"size", numbers_text({0.2, 0.3, board})},
                    {"rgba", "0.72 0.6 0.45 1"}});
}

void write_objects(MjcfText& xml, const InfantOptions& options, const InfantBody& body) {
  const double x = table_edge(options, body) + 0.08;
  const double z = table_height(options, body);
  const auto thing = [&](const char* name, double y, double height, const MjcfText::Attributes& shape) {
    xml.open("body", {{"name", name}, {"pos", numbers_text({x, y, z + height})}});
    xml.leaf("freejoint", {{"name", std::string(name) + "_free"}});
    MjcfText::Attributes geom = {{"name", name}, {"class", "thing"}};
    geom.insert(geom.end(), shape.begin(), shape.end());
    xml.leaf("geom", geom);
    xml.close();
  };
  thing("cube", 0.1, 0.02 + gap,
        {{"type", "box"}, {"size", "0.02 0.02 0.02"}, {"mass", "0.04"}, {"rgba", "0.85 0.2 0.2 1"}});
  thing("ball", 0.0, 0.025 + gap,
        {{"type", "sphere"}, {"size", "0.025"}, {"mass", "0.03"}, {"rgba", "0.2 0.4 0.85 1"}});
  thing(
      "rattle", -0.1, 0.012 + gap,
      {{"type", "capsule"}, {"size", "0.012 0.04"}, {"euler", "0 90 0"}, {"mass", "0.03"}, {"rgba", "0.95 0.8 0.2 1"}});
}

void write_mobile(MjcfText& xml, const InfantBody& body) {
  xml.open("body", {{"name", "mobile"}, {"pos", vec(hook(body))}});
  // About 0.3 s until a swing has halved.
  xml.leaf("joint", {{"name", "mobile_swing_x"}, {"axis", "1 0 0"}, {"range", "-80 80"}, {"damping", "0.0015"}});
  xml.leaf("joint", {{"name", "mobile_swing_y"}, {"axis", "0 1 0"}, {"range", "-80 80"}, {"damping", "0.0015"}});
  const std::string rod = numbers_text({0.0, 0.0, 0.0, 0.0, 0.0, -0.8 * mobile_drop});
  xml.leaf("geom", {{"name", "mobile_rod"},
                    {"class", "thing"},
                    {"type", "capsule"},
                    {"fromto", rod},
                    {"size", "0.003"},
                    {"mass", "0.01"},
                    {"rgba", "0.4 0.4 0.4 1"}});
  const double z = -0.8 * mobile_drop;
  xml.leaf("geom", {{"name", "mobile_bar"},
                    {"class", "thing"},
                    {"type", "capsule"},
                    {"fromto", numbers_text({0.0, -0.06, z, 0.0, 0.06, z})},
                    {"size", "0.003"},
                    {"mass", "0.01"},
                    {"rgba", "0.4 0.4 0.4 1"}});
  const auto toy = [&](const char* name, const char* type, double y, const char* size, const char* colour) {
    xml.leaf("geom", {{"name", name},
                      {"class", "thing"},
                      {"type", type},
                      {"pos", numbers_text({0.0, y, z - 0.025})},
                      {"size", size},
                      {"mass", "0.03"},
                      {"rgba", colour}});
  };
  toy("mobile_ball", "sphere", 0.06, "0.02", "0.9 0.2 0.2 1");
  toy("mobile_cube", "box", 0.0, "0.018 0.018 0.018", "0.2 0.4 0.9 1");
  toy("mobile_egg", "ellipsoid", -0.06, "0.016 0.016 0.024", "0.95 0.8 0.2 1");
  xml.leaf("site", {{"name", "mobile_tie"}, {"pos", numbers_text({0.0, 0.0, -mobile_drop})}});
  xml.close();
}

}  // namespace

void write_defaults(MjcfText& xml, const std::string& condim) {
  xml.open("default");
  xml.leaf("motor", {{"ctrlrange", "-1 1"}});
  xml.leaf("site", {{"size", "0.004"}, {"group", "4"}});
  xml.open("default", {{"class", "infant"}});
  xml.leaf("geom", {{"rgba", "0.96 0.78 0.66 1"},
                    {"friction", "0.8 0.005 0.0005"},
                    {"condim", condim},
                    {"solref", "0.02 1"},
                    {"solimp", "0.9 0.97 0.003"}});
  xml.open("default", {{"class", "inside"}});
  xml.leaf("geom", {{"contype", "0"}, {"conaffinity", "0"}, {"group", "3"}});
  xml.close();
  xml.open("default", {{"class", "eye"}});
  xml.leaf("geom", {{"contype", "0"}, {"conaffinity", "0"}, {"rgba", "0.98 0.98 0.98 1"}});
  xml.close();
  xml.close();
  xml.open("default", {{"class", "furniture"}});
  xml.leaf("geom", {{"rgba", "0.55 0.65 0.75 1"}, {"friction", "0.8 0.005 0.0005"}, {"condim", condim}});
  xml.close();
  xml.open("default", {{"class", "thing"}});
  xml.leaf("geom", {{"friction", "0.8 0.005 0.0005"}, {"condim", condim}});
  xml.close();
  xml.close();
}

double root_pitch(const InfantOptions& options) { return options.scene == InfantScene::supine ? -90.0 : -recline; }

std::array<double, 3> root_position(const InfantOptions& options, const InfantBody& body) {
  const InfantSizes& s = body.sizes();
  if (options.scene == InfantScene::supine) return {0.0, 0.0, s.thigh.radius + gap};
  const Pose turn{{0.0, 0.0, 0.0}, -recline};
  const double rump = s.pelvis_radius - turn({body.pelvis_x(), 0.0, 0.35 * s.pelvis_radius})[2];
  return {0.0, 0.0, seat_height(body) + std::max(rump, s.thigh.radius) + gap};
}

void write_room(MjcfText& xml, const InfantOptions& options, const InfantBody& body) {
  const bool supine = options.scene == InfantScene::supine;
  xml.leaf("light",
           {{"type", "directional"}, {"pos", "0.3 -0.8 1.6"}, {"dir", "-0.2 0.5 -1"}, {"diffuse", "0.7 0.7 0.7"}});
  xml.leaf("geom", {{"name", supine ? "mattress" : "floor"},
                    {"class", "furniture"},
                    {"type", "plane"},
                    {"size", "1 0.6 0.1"},
                    {"rgba", "0.8 0.82 0.78 1"}});
  if (!supine) write_seat(xml, options, body);
  if (options.table) write_table(xml, options, body);
  if (options.mobile != Mobile::none) {
    const std::array<double, 3> top = hook(body);
    xml.leaf("geom", {{"name", "mobile_arm"},
                      {"class", "furniture"},
                      {"type", "capsule"},
                      {"fromto", numbers_text({top[0], -0.45, top[2] + 0.015, top[0], 0.0, top[2] + 0.015})},
                      {"size", "0.008"}});
    xml.leaf("geom", {{"name", "mobile_post"},
                      {"class", "furniture"},
                      {"type", "capsule"},
                      {"fromto", numbers_text({top[0], -0.45, 0.0, top[0], -0.45, top[2] + 0.015})},
                      {"size", "0.008"}});
    // The ring that the ribbon runs through, on the infant's head side of the toys: a pull draws them there.
    xml.leaf("site", {{"name", "mobile_ring"}, {"pos", numbers_text({top[0] - 0.08, 0.0, top[2] - mobile_drop})}});
  }
}

void write_things(MjcfText& xml, const InfantOptions& options, const InfantBody& body) {
  if (options.table) write_objects(xml, options, body);
  if (options.mobile != Mobile::none) write_mobile(xml, body);
}

void write_constraints(MjcfText& xml, const InfantOptions& options, const InfantBody& body) {
  if (options.scene == InfantScene::seated) {
    xml.open("equality");
    xml.leaf("weld", {{"name", "belt"}, {"body1", "hips"}, {"solref", "0.02 1"}});
    xml.leaf("weld", {{"name", "harness"}, {"body1", "chest"}, {"solref", "0.02 1"}});
    xml.close();
  }
  if (options.mobile == Mobile::tied_left || options.mobile == Mobile::tied_right) {
    const bool right = options.mobile == Mobile::tied_right;
    const std::array<double, 3> ankle = root(options, body)(body.ankle(right));
    const std::array<double, 3> top = hook(body);
    const double reach = std::hypot(ankle[0] - top[0] + 0.08, ankle[1], ankle[2] - top[2] + mobile_drop);
    const InfantSizes& s = body.sizes();
    const double leg = body.thigh_length(right) * (1.0 + s.shank.length / s.thigh.length);
    xml.open("tendon");
    xml.open("spatial", {{"name", "ribbon"},
                         {"range", numbers_text({0.0, reach + 0.08 + slack * leg})},
                         {"width", "0.002"},
                         {"rgba", "0.9 0.4 0.6 1"}});
    xml.leaf("site", {{"site", right ? "ankle_right" : "ankle_left"}});
    xml.leaf("site", {{"site", "mobile_ring"}});
    xml.leaf("site", {{"site", "mobile_tie"}});
    xml.close();
    xml.close();
  }
}

}  // namespace infans::envs
