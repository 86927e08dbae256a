// A record (or any HDF5 file) as plain values, without HDF5's own types: for tests and small tools.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace infans::experiments {

// A whole dataset as doubles, row-major, committed or not; finished, running and killed files alike.
// Throws base::FileError where it is missing or unreadable.
std::vector<double> read_values(const std::string& path, const std::string& dataset);
// One row each of tables of numbers (dataset, row from 0), read in one go.
std::vector<std::vector<double>> read_rows(const std::string& path,
                                           const std::vector<std::pair<std::string, std::int64_t>>& places);
// Whether somebody writes to it, or was killed doing so.
bool left_open(const std::string& path);
// A root attribute; "" where there is none.
std::string read_text(const std::string& path, const std::string& attribute);
// Replaces or adds a root attribute of a finished file; makes the file where there is none.
void write_text(const std::string& path, const std::string& attribute, const std::string& text);
void write_integers(const std::string& path, const std::string& attribute, const std::vector<long long>& values);

// Paths of every group and dataset of a record, and of every attribute ("PATH@NAME"), in alphabetical order.
std::vector<std::string> contents(const std::string& path);
// Identifiers (files, datasets, attributes, ...) that HDF5 keeps open in this process.
long open_identifiers();

}  // namespace infans::experiments
