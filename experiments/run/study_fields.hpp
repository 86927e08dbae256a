// What the parts of a developmental study can say of themselves; everything else in a part is an option of the
// protocol that it changes.
#pragma once

#include "core/config/option.hpp"

namespace infans::experiments {

// [study], [population], [time], [record].
config::OptionTable study_options();
// Keys "group.name", ... of one entry each.
config::OptionTable group_fields();
config::OptionTable factor_fields();
config::OptionTable level_fields();
config::OptionTable stage_fields();
config::OptionTable probe_fields();
config::OptionTable exclusion_fields();
config::OptionTable analysis_fields();

}  // namespace infans::experiments
