// Writes the MJCF text of a body into a file: infans_body_text "infant?age=6&scene=seated" infant.xml
#include <fstream>

#include "envs/bodies/bodies.hpp"

int main(int count, char** arguments) {
  if (count != 3) return 2;
  std::ofstream file(arguments[2]);
  file << infans::envs::load_mjcf(arguments[1]) << std::flush;
  return file ? 0 : 1;
}
