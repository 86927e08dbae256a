#include "envs/bodies/growth.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "core/base/error.hpp"

namespace infans::envs {
namespace {

constexpr double pi = std::numbers::pi;
constexpr int months = 25;

// Medians (M) of the WHO Child Growth Standards, months 0 to 24: weight-for-age and length-for-age (WHO 2006),
// head circumference-for-age (WHO 2007).
struct MonthlyTable {
  std::array<double, months> girls;
  std::array<double, months> boys;
};
constexpr MonthlyTable weight_kg = {
    {3.2322, 4.1873, 5.1282, 5.8458, 6.4237,  6.8985,  7.297,   7.6422,  7.9487,  8.2254,  8.48,    8.7192, 8.9481,
     9.1699, 9.387,  9.6008, 9.8124, 10.0226, 10.2315, 10.4393, 10.6464, 10.8534, 11.0608, 11.2688, 11.4775},
    {3.3464, 4.4709,  5.5675,  6.3762,  7.0023,  7.5105,  7.934,  8.297,   8.6151,  8.9014,  9.1649,  9.4122, 9.6479,
     9.8749, 10.0953, 10.3108, 10.5228, 10.7319, 10.9385, 11.143, 11.3462, 11.5486, 11.7504, 11.9514, 12.1515}};
constexpr MonthlyTable length_cm = {
    {49.1477, 53.6872, 57.0673, 59.8029, 62.0899, 64.0301, 65.7311, 67.2873, 68.7498, 70.1435, 71.4818, 72.771, 74.015,
     75.2176, 76.3817, 77.5099, 78.6055, 79.671,  80.7079, 81.7182, 82.7036, 83.6654, 84.604,  85.5202, 86.4153},
    {49.8842, 54.7244, 58.4249, 61.4292, 63.886,  65.9026, 67.6236, 69.1645, 70.5994,
     71.9687, 73.2812, 74.5388, 75.7488, 76.9186, 78.0497, 79.1458, 80.2113, 81.2487,
     82.2587, 83.2418, 84.1996, 85.1348, 86.0477, 86.941,  87.8161}};
constexpr MonthlyTable head_cm = {{33.8787, 36.5463, 38.2521, 39.5328, 40.5817, 41.459,  42.1995, 42.829, 43.3671,
                                   43.83,   44.2319, 44.5844, 44.8965, 45.1752, 45.4265, 45.6551, 45.865, 46.0598,
                                   46.2424, 46.4152, 46.5801, 46.7384, 46.8913, 47.0391, 47.1822},
                                  {34.4618, 37.2759, 39.1285, 40.5135, 41.6317, 42.5576, 43.3306, 43.9803, 44.53,
                                   44.9998, 45.4051, 45.7573, 46.0661, 46.3395, 46.5844, 46.806,  47.0088, 47.1962,
                                   47.3711, 47.5357, 47.6919, 47.8408, 47.9833, 48.1201, 48.2515}};

// Snyder et al. 1977, infants, both sexes, as NIST's AnthroKids lists them.
constexpr std::array<std::array<double, snyder_groups>, measures> snyder_m = {{
    {0.118, 0.130, 0.140, 0.148, 0.145, 0.147, 0.150},  // upper_arm_circumference
    {0.109, 0.123, 0.131, 0.145, 0.149, 0.154, 0.162},  // shoulder_elbow
    {0.118, 0.131, 0.140, 0.143, 0.145, 0.145, 0.148},  // forearm_circumference
    {0.149, 0.166, 0.180, 0.196, 0.199, 0.207, 0.215},  // elbow_hand
    {0.068, 0.074, 0.080, 0.089, 0.092, 0.093, 0.095},  // hand_length
    {0.037, 0.041, 0.042, 0.045, 0.046, 0.046, 0.047},  // hand_breadth
    {0.132, 0.143, 0.159, 0.166, 0.169, 0.171, 0.171},  // hip_breadth
    {0.169, 0.207, 0.212, 0.232, 0.234, 0.244, 0.247},  // thigh_circumference
    {0.139, 0.159, 0.172, 0.192, 0.199, 0.213, 0.226},  // rump_knee
    {0.137, 0.156, 0.169, 0.181, 0.181, 0.184, 0.190},  // calf_circumference
    {0.102, 0.116, 0.123, 0.129, 0.132, 0.133, 0.136},  // ankle_circumference
    {0.149, 0.165, 0.179, 0.198, 0.208, 0.216, 0.230},  // knee_sole
    {0.082, 0.091, 0.100, 0.109, 0.117, 0.119, 0.125},  // foot_length
    {0.036, 0.040, 0.042, 0.047, 0.049, 0.050, 0.052},  // foot_breadth
}};

// kg/m3, Dempster 1955 (as tabled by Winter 2009, table 4.1): adults, the only complete set.
constexpr double head_density = 1110.0, upper_arm_density = 1070.0, forearm_density = 1130.0, hand_density = 1160.0,
                 thigh_density = 1050.0, shank_density = 1090.0;

void check_age(double age) {
  if (age >= 0.0 && age <= oldest_infant) return;
  throw base::OptionError("age", "age is " + std::to_string(age) + " months; it must be from 0 to 24");
}

double at_month(const MonthlyTable& table, double age, Sex sex) {
  const int low = std::min(static_cast<int>(age), months - 2);
  const auto between = [&](const std::array<double, months>& t) {
    const auto i = static_cast<std::size_t>(low);
    return t[i] + (age - low) * (t[i + 1] - t[i]);
  };
  if (sex == Sex::girl) return between(table.girls);
  if (sex == Sex::boy) return between(table.boys);
  return 0.5 * (between(table.girls) + between(table.boys));
}

// What a measure is a proportion of: slim limbs keep mass ~ length x circumference^2.
double yardstick(Measure measure, const GrowthMedians& whole) {
  switch (measure) {
    case Measure::upper_arm_circumference:
    case Measure::forearm_circumference:
    case Measure::thigh_circumference:
    case Measure::calf_circumference:
    case Measure::ankle_circumference:
      return std::sqrt(whole.mass / whole.length);
    default:
      return whole.length;
  }
}

// Mass of a capsule that counts `ends` of its radius beyond its joints (4/3: both hemispheres, 2/3: one).
double capsule_mass(double density, const Segment& s, double ends) {
  return density * pi * s.radius * s.radius * (s.length + ends * s.radius);
}

void set_head(InfantSizes& s) {
  // Breadth 0.8 of the length: then Ramanujan's perimeter of the ellipse is 2.836 lengths. Height (vertex to chin)
  // from Snyder's ratio of head height to circumference at 2.75 years, 0.358.
  const double circumference = s.whole.head_circumference;
  const double length = circumference / 2.836;
  s.head = {0.5 * length, 0.4 * length, 0.179 * circumference};
  s.head_mass = head_density * 4.0 / 3.0 * pi * s.head[0] * s.head[1] * s.head[2];
  // Axial length of the eye 16.8 mm at birth (Gordon & Donzis 1985); to 21 mm at 24 months and the distance of the
  // eyes are assumptions.
  s.eye_radius = 0.0084 + 0.0021 * std::sqrt(s.age_months / oldest_infant);
  s.eye_distance = 0.11 * circumference;
}

void set_limbs(InfantSizes& s, Sex sex) {
  const auto of = [&](Measure m) { return measure_at(m, s.age_months, sex); };
  const auto radius = [&](Measure m) { return of(m) / (2.0 * pi); };
  s.upper_arm.radius = radius(Measure::upper_arm_circumference);
  s.forearm.radius = 0.85 * radius(Measure::forearm_circumference);  // the measure is the thickest place
  s.thigh.radius = 0.92 * radius(Measure::thigh_circumference);
  s.shank.radius = 0.5 * (radius(Measure::calf_circumference) + radius(Measure::ankle_circumference));

  s.hand_length = of(Measure::hand_length);
  s.hand_breadth = of(Measure::hand_breadth);
  s.hand_thickness = 0.45 * s.hand_breadth;
  s.hand_mass = hand_density * 0.6 * s.hand_length * s.hand_breadth * s.hand_thickness;
  s.foot_length = of(Measure::foot_length);
  s.foot_breadth = of(Measure::foot_breadth);
  s.ankle_height = 0.25 * s.foot_length;
  // Schneider & Zernicke 1992, infants of 0.04 to 1.5 years.
  s.foot_mass = 0.0029331 * s.whole.mass + 1.2405 * s.foot_length + 1.9337 * s.foot_breadth - 0.1025;

  // From surface to surface at Snyder, from joint to joint here.
  s.upper_arm.length = of(Measure::shoulder_elbow) - s.upper_arm.radius - s.forearm.radius;
  s.forearm.length = of(Measure::elbow_hand) - s.hand_length - s.upper_arm.radius;
  s.thigh.length = of(Measure::rump_knee) - 2.0 * s.thigh.radius;
  s.shank.length = of(Measure::knee_sole) - s.thigh.radius - s.ankle_height;

  s.upper_arm.mass = capsule_mass(upper_arm_density, s.upper_arm, 2.0 / 3.0);
  s.forearm.mass = capsule_mass(forearm_density, s.forearm, 2.0 / 3.0);
  s.thigh.mass = capsule_mass(thigh_density, s.thigh, 4.0 / 3.0);  // with its part of the buttock
  s.shank.mass = capsule_mass(shank_density, s.shank, 2.0 / 3.0);
}

void set_trunk(InfantSizes& s, Sex sex) {
  s.hip_height = s.ankle_height + s.shank.length + s.thigh.length;
  const double hip_to_chin = s.whole.length - s.hip_height - 2.0 * s.head[2];
  s.shoulder_height = hip_to_chin - 0.01 * s.whole.length;
  // Chest girth as the head's (they agree within 2 cm through infancy), breadth 1.25 of the depth.
  s.chest_radius = 0.97 * s.whole.head_circumference / (2.0 * pi + 1.0);
  s.chest_half = 0.25 * s.chest_radius;
  s.pelvis_radius = 0.85 * s.chest_radius;
  const double hip_breadth = measure_at(Measure::hip_breadth, s.age_months, sex);
  s.pelvis_half = 0.5 * hip_breadth - s.pelvis_radius;
  s.hip_side = 0.8 * (0.5 * hip_breadth - s.thigh.radius);
  s.shoulder_side = s.chest_radius + s.chest_half + 0.35 * s.upper_arm.radius;
  s.trunk_mass = s.whole.mass - s.head_mass -
                 2.0 * (s.upper_arm.mass + s.forearm.mass + s.hand_mass + s.thigh.mass + s.shank.mass + s.foot_mass);
}

}  // namespace

const std::array<double, snyder_groups>& snyder_means(Measure measure) {
  return snyder_m[static_cast<std::size_t>(measure)];
}

GrowthMedians who_medians(double age_months, Sex sex) {
  check_age(age_months);
  return {at_month(weight_kg, age_months, sex), 0.01 * at_month(length_cm, age_months, sex),
          0.01 * at_month(head_cm, age_months, sex)};
}

double measure_at(Measure measure, double age_months, Sex sex) {
  // Least squares of proportion = p0 + p1 sqrt(age) over the seven groups; Snyder's sexes are together.
  const std::array<double, snyder_groups>& means = snyder_means(measure);
  double x = 0.0, y = 0.0, xx = 0.0, xy = 0.0;
  for (std::size_t g = 0; g < means.size(); ++g) {
    const double root = std::sqrt(snyder_ages[g]);
    const double proportion = means[g] / yardstick(measure, who_medians(snyder_ages[g]));
    x += root / snyder_groups;
    y += proportion / snyder_groups;
    xx += root * root / snyder_groups;
    xy += root * proportion / snyder_groups;
  }
  const double slope = (xy - x * y) / (xx - x * x);
  return (y + slope * (std::sqrt(age_months) - x)) * yardstick(measure, who_medians(age_months, sex));
}

InfantSizes infant_sizes(double age_months, Sex sex) {
  InfantSizes s;
  s.age_months = age_months;
  s.whole = who_medians(age_months, sex);
  set_head(s);
  set_limbs(s, sex);
  set_trunk(s, sex);
  return s;
}

}  // namespace infans::envs
