// Measures of a hand's path by their usual names. A path is places (m) at equal intervals, the first at its start.
#pragma once

#include <Eigen/Dense>
#include <vector>

namespace infans::experiments {

using Path = std::vector<Eigen::Vector3d>;

double path_length(const Path& path);  // m

// Speed between one place and the next, m/s.
std::vector<double> speeds(const Path& path, double period);

// Movement units (von Hofsten 1991): accelerations followed by decelerations, where the speed rises by `least` m/s or
// more from the lowest before and falls by as much from the highest after; the end counts as rest.
int movement_units(const Path& path, double period, double least = 0.02);

// Length of the path over the distance from its first place to its last; 1 is straight. NaN without a distance.
double straightness(const Path& path);

// sqrt(1/2 integral |jerk|^2 dt T^5 / L^2) (Teulings, Contreras-Vidal, Stelmach & Adler 1997), L the path's length, T
// its time: independent of both; sqrt(360) = 19.0 of a minimum-jerk path. NaN for fewer than four places or no length.
double normalised_jerk(const Path& path, double period);

// Time of the first step that is faster than `least` m/s, s; NaN if none is.
double onset_of(const Path& path, double period, double least = 0.02);

// Time at which the path first is within `width` m of a place, s; NaN if never.
double time_within(const Path& path, double period, const Eigen::Vector3d& place, double width);

}  // namespace infans::experiments
