// How a record lies on the disk: the HDF5 property lists. Private to this folder.
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "experiments/record/gate.hpp"
#include "experiments/record/h5.hpp"

namespace infans::experiments::h5 {

// Two habits that keep every committed row readable whatever moment the process is killed at. PAGE: nothing smaller
// than a page straddles one, and the kernel finishes a page before it kills. No evictions: metadata reaches the file
// only in a flush, children before parents, never half a block early.
inline Handle file_creation() {
  Handle p = properties(H5Pcreate(H5P_FILE_CREATE));
  check(H5Pset_file_space_strategy(p, H5F_FSPACE_STRATEGY_PAGE, false, 1), "", "file space strategy");
  // Long texts (MJCF, spec) need attributes outside the 64 kB object header.
  check(H5Pset_attr_phase_change(p, 0, 0), "", "attribute storage");
  return p;
}

inline Handle file_access(Gate& gate) {
  Handle p = properties(H5Pcreate(H5P_FILE_ACCESS));
  pass_through(p, gate);
  check(H5Pset_libver_bounds(p, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST), "", "library version");
  H5AC_cache_config_t cache;
  cache.version = H5AC__CURR_CACHE_CONFIG_VERSION;
  check(H5Pget_mdc_config(p, &cache), "", "metadata cache");
  cache.evictions_enabled = false;
  cache.incr_mode = H5C_incr__off;
  cache.flash_incr_mode = H5C_flash_incr__off;
  cache.decr_mode = H5C_decr__off;
  check(H5Pset_mdc_config(p, &cache), "", "metadata cache");
  return p;
}

// A chunk is checksummed once, when it is full. A partial one is rewritten by each block; a checksum over it would let
// a torn write take the committed rows of the same chunk with it.
// compression: deflate level of full chunks, after their bytes were shuffled; 0: none.
inline Handle dataset_creation(const std::vector<hsize_t>& chunk, bool real, int compression) {
  Handle p = properties(H5Pcreate(H5P_DATASET_CREATE));
  const double fill = real ? std::numeric_limits<double>::quiet_NaN() : 0.0;
  check(H5Pset_chunk(p, static_cast<int>(chunk.size()), chunk.data()), "", "chunk size");
  if (compression > 0) {
    check(H5Pset_shuffle(p), "", "shuffle");
    check(H5Pset_deflate(p, static_cast<unsigned>(compression)), "", "compression");
  }
  check(H5Pset_fletcher32(p), "", "checksum");
  check(H5Pset_chunk_opts(p, H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS), "", "partial chunks");
  check(H5Pset_fill_value(p, H5T_NATIVE_DOUBLE, &fill), "", "fill value");
  return p;
}

// Of a dataset [rows, inner...]. A chunk of size 0 is illegal, an axis of size 0 is not.
inline std::vector<hsize_t> chunk_of(const std::vector<hsize_t>& inner, hsize_t rows) {
  std::vector<hsize_t> chunk{rows};
  for (const hsize_t n : inner) chunk.push_back(n > 0 ? n : 1);
  return chunk;
}

// Rows of so many bytes that make a chunk of a log.
inline hsize_t rows_a_chunk(std::size_t row_bytes) {
  constexpr std::size_t chunk_bytes = 64u << 10, most_rows = 256;
  hsize_t rows = 1;
  while (rows < most_rows && 2 * rows * row_bytes <= chunk_bytes) rows *= 2;
  return rows;
}

// Rows only grow at the end: two chunks a dataset are enough, HDF5 would keep up to 1 MB of each.
inline Handle dataset_access(const std::vector<hsize_t>& chunk) {
  std::size_t bytes = 2 * sizeof(double);
  for (const hsize_t n : chunk) bytes *= static_cast<std::size_t>(n);
  Handle p = properties(H5Pcreate(H5P_DATASET_ACCESS));
  check(H5Pset_chunk_cache(p, 7, bytes, 1.0), "", "chunk cache");
  return p;
}

// A few values are written where they are, or each would rewrite its whole chunk.
inline Handle unbuffered() {
  Handle p = properties(H5Pcreate(H5P_DATASET_ACCESS));
  check(H5Pset_chunk_cache(p, 0, 0, 1.0), "", "chunk cache");
  return p;
}

}  // namespace infans::experiments::h5
