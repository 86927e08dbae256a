// How large and heavy an infant is at an age: published medians and means, and the segments that follow from them.
// Lengths in m, masses in kg, ages in months of 30.4375 days. Knows no MJCF.
#pragma once

#include <array>

namespace infans::envs {

enum class Sex { average, girl, boy };

inline constexpr double oldest_infant = 24.0;  // months; the tables end there

// Medians of the WHO Child Growth Standards (WHO 2006, 2007; monthly tables, linear in between).
struct GrowthMedians {
  double mass = 0.0;                // kg
  double length = 0.0;              // m, recumbent
  double head_circumference = 0.0;  // m
};

// Measures of Snyder et al. 1977 ("Anthropometry of infants, children and youths to age 18 for product safety
// design", UM-HSRI-77-17), means of both sexes together in seven age groups.
enum class Measure {
  upper_arm_circumference,
  shoulder_elbow,
  forearm_circumference,
  elbow_hand,  // back of the bent elbow to the fingertip
  hand_length,
  hand_breadth,
  hip_breadth,
  thigh_circumference,
  rump_knee,  // back of the rump to the front of the bent knee
  calf_circumference,
  ankle_circumference,
  knee_sole,  // top of the bent knee to the sole
  foot_length,
  foot_breadth
};
inline constexpr int measures = 14;
inline constexpr int snyder_groups = 7;

// The middles of Snyder's age groups (completed months 0-2, 3-5, 6-8, 9-11, 12-15, 16-19, 20-23).
inline constexpr std::array<double, snyder_groups> snyder_ages = {1.5, 4.5, 7.5, 10.5, 14.0, 18.0, 22.0};

// The published means, m, in the order of snyder_ages.
const std::array<double, snyder_groups>& snyder_means(Measure measure);

// age in [0, oldest_infant], else base::OptionError "age".
GrowthMedians who_medians(double age_months, Sex sex = Sex::average);

// A measure at any age, m: its proportion of the WHO length (of sqrt(mass / length) for a circumference) is a straight
// line in sqrt(age), fitted to Snyder's means; every mean is met within 4.2 %.
double measure_at(Measure measure, double age_months, Sex sex = Sex::average);

// A limb segment as a capsule from its proximal to its distal joint.
struct Segment {
  double length = 0.0;  // m, joint to joint
  double radius = 0.0;  // m
  double mass = 0.0;    // kg
};

// The whole body. Segment volumes are those of Snyder's measures, densities Dempster's (1955); the foot's mass is the
// regression of Schneider & Zernicke (1992); the trunk has what is left of the WHO weight.
struct InfantSizes {
  double age_months = 0.0;
  GrowthMedians whole;
  // Head: an ellipsoid with the WHO circumference.
  std::array<double, 3> head{};  // half axes, m: length, breadth, height
  double head_mass = 0.0;        // with the neck and both eyes
  double eye_radius = 0.0;
  double eye_distance = 0.0;  // between the centres
  // Trunk: lateral capsules.
  double chest_radius = 0.0, chest_half = 0.0;  // half: of the capsule's straight part
  double pelvis_radius = 0.0, pelvis_half = 0.0;
  double trunk_mass = 0.0;
  double hip_height = 0.0;       // hip joint above the sole
  double shoulder_height = 0.0;  // shoulder joint above the hip joint
  double hip_side = 0.0;         // hip joint from the middle
  double shoulder_side = 0.0;
  Segment upper_arm, forearm, thigh, shank;
  double hand_length = 0.0, hand_breadth = 0.0, hand_thickness = 0.0, hand_mass = 0.0;
  double foot_length = 0.0, foot_breadth = 0.0, ankle_height = 0.0, foot_mass = 0.0;
};

InfantSizes infant_sizes(double age_months, Sex sex = Sex::average);

}  // namespace infans::envs
