// Oracle: published growth data, typed here from their tables, against what MuJoCo makes of the infant's MJCF.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include "core/base/error.hpp"
#include "envs/bodies/infant.hpp"
#include "envs/mujoco/inspection.hpp"

namespace {

using namespace infans;
using namespace infans::envs;

constexpr double pi = std::numbers::pi;

Inspection infant(InfantOptions options) { return inspect_body(infant_mjcf(options), "infant"); }
Inspection infant_at(double months) {
  InfantOptions options;
  options.age_months = months;
  return infant(options);
}

template <typename Part>
const Part& named(const std::vector<Part>& parts, const std::string& name) {
  for (const Part& part : parts) {
    if (part.name == name) return part;
  }
  FAIL("no part named " << name);
  return parts.front();
}

double distance(const std::array<double, 3>& a, const std::array<double, 3>& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

double between(const Inspection& body, const std::string& joint, const std::string& other) {
  return distance(named(body.joints, joint).place, named(body.joints, other).place);
}

double thickness(const Inspection& body, const std::string& shape) { return named(body.shapes, shape).size[0]; }

double mass(const Inspection& body, const std::string& name) { return named(body.bodies, name).mass; }

// Height of the ankle over the plane of the sole.
double ankle_height(const Inspection& body) {
  const PlacePart& sole = named(body.places, "sole_left");
  const auto& ankle = named(body.joints, "ankle_flexion_left").place;
  double height = 0.0;
  for (std::size_t i = 0; i < 3; ++i) height += (ankle[i] - sole.place[i]) * sole.axes[3 * i + 2];
  return height;
}

// Supine, the head points to -x and the hip joints are at x = 0.
double crown_to_heel(const Inspection& body) {
  const ShapePart& head = named(body.shapes, "head");
  return named(body.joints, "hip_flexion_left").place[0] - (head.place[0] - head.size[2]) +
         between(body, "hip_flexion_left", "knee_left") + between(body, "knee_left", "ankle_flexion_left") +
         ankle_height(body);
}

double perimeter(double a, double b) {
  // The midpoint rule converges faster than any power for a periodic integrand.
  constexpr int parts = 2000;
  double sum = 0.0;
  for (int i = 0; i < parts; ++i) {
    const double t = 2.0 * pi * (i + 0.5) / parts;
    sum += std::hypot(a * std::sin(t), b * std::cos(t));
  }
  return sum * 2.0 * pi / parts;
}

double hand_length(const Inspection& body) {
  const ShapePart& fingers = named(body.shapes, "fingers_left");
  return between(body, "wrist_flexion_left", "fingers_left") +
         distance(named(body.joints, "fingers_left").place, fingers.place) + fingers.size[2];
}

double shoulder_elbow(const Inspection& body) {
  return between(body, "shoulder_flexion_left", "elbow_left") + thickness(body, "upper_arm_left") +
         thickness(body, "forearm_left");
}

double elbow_hand(const Inspection& body) {
  return thickness(body, "upper_arm_left") + between(body, "elbow_left", "wrist_flexion_left") + hand_length(body);
}

// The back of the hips is where the mattress touches them, one gap of 1 mm above z = 0.
double rump_knee(const Inspection& body) {
  const double back = named(body.joints, "hip_flexion_left").place[2] - 0.001;
  return back + between(body, "hip_flexion_left", "knee_left") + thickness(body, "thigh_left");
}

double knee_sole(const Inspection& body) {
  return thickness(body, "thigh_left") + between(body, "knee_left", "ankle_flexion_left") + ankle_height(body);
}

// WHO Child Growth Standards (2006, 2007), medians as in the printed tables: kg, cm, cm; boys, girls.
struct WhoRow {
  double months;
  std::array<double, 2> weight, length, head;
};
constexpr std::array<WhoRow, 5> who = {{{0, {3.3, 3.2}, {49.9, 49.1}, {34.5, 33.9}},
                                        {3, {6.4, 5.8}, {61.4, 59.8}, {40.5, 39.5}},
                                        {6, {7.9, 7.3}, {67.6, 65.7}, {43.3, 42.2}},
                                        {12, {9.6, 8.9}, {75.7, 74.0}, {46.1, 44.9}},
                                        {24, {12.2, 11.5}, {87.8, 86.4}, {48.3, 47.2}}}};

}  // namespace

TEST_CASE("the infant weighs and measures what the WHO standards say at 0, 3, 6, 12 and 24 months") {
  for (const WhoRow& row : who) {
    for (const Sex sex : {Sex::boy, Sex::girl, Sex::average}) {
      CAPTURE(row.months);
      InfantOptions options;
      options.age_months = row.months;
      options.sex = sex;
      const Inspection body = infant(options);
      const auto expected = [&](const std::array<double, 2>& both) {
        return sex == Sex::boy ? both[0] : sex == Sex::girl ? both[1] : 0.5 * (both[0] + both[1]);
      };
      // The tables are rounded to 0.1: at most 1.6 % of 3.2 kg, 0.15 % of a length.
      CHECK(body.mass == doctest::Approx(expected(row.weight)).epsilon(0.02));
      CHECK(crown_to_heel(body) == doctest::Approx(0.01 * expected(row.length)).epsilon(0.002));
      const ShapePart& head = named(body.shapes, "head");
      CHECK(perimeter(head.size[0], head.size[1]) == doctest::Approx(0.01 * expected(row.head)).epsilon(0.003));
    }
  }
}

TEST_CASE("limb measures are those of Snyder et al. 1977 within 10 %") {
  struct Row {
    double months;
    double shoulder_elbow, elbow_hand, hand, rump_knee, knee_sole, foot_length;  // cm, group means
  };
  for (const Row& row : {Row{1.5, 10.9, 14.9, 6.8, 13.9, 14.9, 8.2}, Row{4.5, 12.3, 16.6, 7.4, 15.9, 16.5, 9.1},
                         Row{7.5, 13.1, 18.0, 8.0, 17.2, 17.9, 10.0}, Row{14.0, 14.9, 19.9, 9.2, 19.9, 20.8, 11.7},
                         Row{22.0, 16.2, 21.5, 9.5, 22.6, 23.0, 12.5}}) {
    CAPTURE(row.months);
    const Inspection body = infant_at(row.months);
    CHECK(100.0 * shoulder_elbow(body) == doctest::Approx(row.shoulder_elbow).epsilon(0.1));
    CHECK(100.0 * elbow_hand(body) == doctest::Approx(row.elbow_hand).epsilon(0.1));
    CHECK(100.0 * hand_length(body) == doctest::Approx(row.hand).epsilon(0.1));
    CHECK(100.0 * rump_knee(body) == doctest::Approx(row.rump_knee).epsilon(0.1));
    CHECK(100.0 * knee_sole(body) == doctest::Approx(row.knee_sole).epsilon(0.1));
    CHECK(200.0 * named(body.shapes, "foot_left").size[0] == doctest::Approx(row.foot_length).epsilon(0.1));
  }
}

TEST_CASE("leg segments weigh what the two published regressions of infants say") {
  struct Row {
    double months, weight, thigh_girth, calf_girth, foot_length, foot_breadth;  // kg, m (Snyder, linear in between)
  };
  // The ages that both cover: Schneider & Zernicke 1992 0.5 to 18 months, Sun & Jensen 1994 2 to 15 months.
  for (const Row& row : {Row{3, 6.1, 0.188, 0.1465, 0.0865, 0.0380}, Row{6, 7.6, 0.2095, 0.1625, 0.0955, 0.0410},
                         Row{12, 9.25, 0.2329, 0.181, 0.1124, 0.0479}}) {
    CAPTURE(row.months);
    const Inspection body = infant_at(row.months);
    const double years = row.months / 12.0;
    const double weeks = row.months * 30.4375 / 7.0;
    const double thigh = between(body, "hip_flexion_left", "knee_left");
    const double shank = between(body, "knee_left", "ankle_flexion_left");
    const double thigh_zernicke = 0.069126 * years + 2.9582 * thigh + 3.1541 * row.thigh_girth - 0.67217;
    const double shank_zernicke = 0.0065138 * row.weight + 1.8158 * shank + 1.8743 * row.calf_girth - 0.35460;
    const double foot_zernicke = 0.0029331 * row.weight + 1.2405 * row.foot_length + 1.9337 * row.foot_breadth - 0.1025;
    const double thigh_jensen = 0.239 + 0.0124 * weeks;
    const double shank_jensen = 0.169 + 0.00416 * weeks;
    // They differ from each other by up to 83 %: the yardstick is their mean.
    CHECK(mass(body, "thigh_left") == doctest::Approx(0.5 * (thigh_zernicke + thigh_jensen)).epsilon(0.1));
    CHECK(mass(body, "shank_left") == doctest::Approx(0.5 * (shank_zernicke + shank_jensen)).epsilon(0.1));
    CHECK(mass(body, "foot_left") == doctest::Approx(foot_zernicke).epsilon(0.1));
  }
}

TEST_CASE("arm segments have the volume of their girth and length") {
  // Snyder's girths, cm, and densities of Dempster 1955, g/cm3; a cylinder from joint to joint and two thirds of a
  // radius, the volume of the half ball at the upper joint.
  for (const auto& [months, upper_girth, fore_girth] :
       {std::array{1.5, 11.8, 11.8}, {7.5, 14.0, 14.0}, {22.0, 15.0, 14.8}}) {
    CAPTURE(months);
    const Inspection body = infant_at(months);
    const auto volume = [](double radius, double length) { return pi * radius * radius * (length + radius / 1.5); };
    const double upper = volume(upper_girth / (2 * pi), 100 * between(body, "shoulder_flexion_left", "elbow_left"));
    const double fore = volume(0.85 * fore_girth / (2 * pi), 100 * between(body, "elbow_left", "wrist_flexion_left"));
    CHECK(1000 * mass(body, "upper_arm_left") == doctest::Approx(1.07 * upper).epsilon(0.1));
    CHECK(1000 * mass(body, "forearm_left") == doctest::Approx(1.13 * fore).epsilon(0.1));
  }
}

TEST_CASE("everything grows with age, both sides alike") {
  Inspection before = infant_at(0.0);
  for (double months = 0.5; months <= 24.0; months += 0.5) {
    CAPTURE(months);
    const Inspection now = infant_at(months);
    REQUIRE(now.bodies.size() == before.bodies.size());
    for (std::size_t b = 0; b < now.bodies.size(); ++b) {
      CAPTURE(now.bodies[b].name);
      CHECK(now.bodies[b].mass > before.bodies[b].mass);
    }
    for (const char* part : {"upper_arm", "forearm", "hand", "thigh", "shank", "foot", "eye"}) {
      CHECK(mass(now, part + std::string("_left")) == mass(now, part + std::string("_right")));
    }
    CHECK(crown_to_heel(now) > crown_to_heel(before));
    before = now;
  }
}

TEST_CASE("ages outside the tables are refused") {
  for (const double months : {-0.01, 24.01, std::nan("")}) {
    CHECK_THROWS_AS(who_medians(months), base::OptionError);
    InfantOptions options;
    options.age_months = months;
    CHECK_THROWS_AS(infant_mjcf(options), base::OptionError);
  }
}
