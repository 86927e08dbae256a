// Writes the MJCF text of a body into a file: body_text "infant?age=6&scene=seated" infant.xml
#include <exception>
#include <fstream>
#include <iostream>

#include "envs/bodies/bodies.hpp"

int main(int count, char** arguments) {
  if (count != 3) {
    std::cerr << "usage: body_text BODY FILE, e.g. body_text \"infant?age=6&scene=seated\" infant.xml\n";
    return 2;
  }
  try {
    const std::string text = infans::envs::load_mjcf(arguments[1]);
    std::ofstream file(arguments[2]);
    file << text << std::flush;
    if (file) return 0;
    std::cerr << "body_text: cannot write " << arguments[2] << "\n";
  } catch (const std::exception& error) {
    std::cerr << "body_text: " << error.what() << "\n";
  }
  return 1;
}
