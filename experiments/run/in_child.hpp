// Reading a file that may be damaged: HDF5 can crash on one, or never end.
#pragma once

#include <functional>
#include <string>

namespace infans::experiments {

// Does `read` in a child process and returns what it returns; its exit code. Throws base::FileError(path) where the
// child crashed or took longer than the limit (then it is ended).
int in_child(const std::string& path, double limit_seconds, const std::function<int()>& read);

}  // namespace infans::experiments
