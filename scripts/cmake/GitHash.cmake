# Run at every build: writes the header with version, commit and compiler, and touches it only if that changed, so that
# a record never names a commit that its program was not built from. "-dirty": tracked files were changed.
set(INFANS_GIT_HASH unknown)
find_package(Git QUIET)
if(GIT_FOUND AND EXISTS "${SOURCE}/.git")
  execute_process(COMMAND ${GIT_EXECUTABLE} describe --always --dirty --abbrev=12 --exclude=* WORKING_DIRECTORY "${SOURCE}"
    OUTPUT_VARIABLE INFANS_GIT_HASH OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
configure_file("${SOURCE}/core/base/build_info.hpp.in" "${OUTPUT}" @ONLY)
