// Which program this is: stands in every file and in `infans doctor`.
#pragma once

namespace infans::base {

const char* version() noexcept;  // "0.1.0"
const char*
git_hash() noexcept;  // of the commit it was built from, "-dirty" if sources were changed, "unknown" outside a checkout
const char* compiler() noexcept;

}  // namespace infans::base
