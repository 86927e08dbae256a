#include "experiments/run/cli.hpp"

int main(int argc, char** argv) { return infans::experiments::run_cli({argv + 1, argv + argc}); }
