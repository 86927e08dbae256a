// What a body's text may ask for before MuJoCo is let at it. Internal to envs/mujoco.
#pragma once

#include <string>

namespace infans::envs {

// MuJoCo's compiler needs time and memory that grow with the square of these.
inline constexpr long most_elements = 20000;

// Counts <body>, <geom> and <site> elements, those inside <replicate> as often as it says. Throws base::BodyError with
// the element and its line when there are more than most_elements of a kind.
void check_size(const std::string& mjcf_text, const std::string& source);

}  // namespace infans::envs
