// What is around the infant: mattress or seat, mobile, table with objects. Internal to envs/bodies.
#pragma once

#include <array>
#include <string>

#include "envs/bodies/infant_body.hpp"

namespace infans::envs {

// condim: MuJoCo's directions in which a contact resists.
void write_defaults(MjcfText& xml, const std::string& condim = "4");

std::array<double, 3> root_position(const InfantOptions& options, const InfantBody& body);
double root_pitch(const InfantOptions& options);  // degrees about y; 0 is upright

// What does not move.
void write_room(MjcfText& xml, const InfantOptions& options, const InfantBody& body);
// What moves: the mobile, the objects on the table.
void write_things(MjcfText& xml, const InfantOptions& options, const InfantBody& body);
// The seat's belt and the mobile's ribbon.
void write_constraints(MjcfText& xml, const InfantOptions& options, const InfantBody& body);

}  // namespace infans::envs
