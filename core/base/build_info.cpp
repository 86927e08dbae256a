#include "core/base/build_info.hpp"

#include "core/base/build_info_values.hpp"

namespace infans::base {

const char* version() noexcept { return INFANS_VERSION; }
const char* git_hash() noexcept { return INFANS_GIT_HASH; }
const char* compiler() noexcept { return INFANS_COMPILER; }

}  // namespace infans::base
