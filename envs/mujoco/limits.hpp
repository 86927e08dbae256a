// A body's text: what it may ask for before MuJoCo is let at it, and where it says what MuJoCo complains of. Internal
// to envs/mujoco.
#pragma once

#include <string>

namespace infans::envs {

// MuJoCo's compiler needs time and memory that grow with the square of these.
inline constexpr long most_elements = 20000;

// Counts <body>, <geom> and <site> elements, those inside <replicate> as often as it says. Throws base::BodyError with
// the element and its line when there are more than most_elements of a kind.
void check_size(const std::string& mjcf_text, const std::string& source);
// The line of the element of that kind ("geom") and name, or of any with that name; 0: there is none.
long line_of_element(const std::string& mjcf_text, const std::string& kind, const std::string& name);
// MuJoCo's message, with the line and the element that hold what it quotes ('hull.stl') when it names no line itself.
std::string located(const std::string& message, const std::string& mjcf_text);

}  // namespace infans::envs
