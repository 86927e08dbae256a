// Packing, loading and learning: everything of a chain that is done once per update; see belief.hpp.
#include "core/kernels/gemm.inl"

namespace infans::kernels {
namespace {

// The forward panels of rows row .. row + 7 from the backward panels, for inputs first .. first + 7.
INFANS_INLINE void mirror(const Edge& e, int row, int first) {
  const float* from = e.backward + (static_cast<long>(first) * e.out + static_cast<long>(row) * panel);
  float* to = e.forward + (static_cast<long>(row) * e.in + static_cast<long>(first) * panel);
  const int rows = e.out - row < panel ? e.out - row : panel, inputs = e.in - first < panel ? e.in - first : panel;
  if (rows == panel && inputs == panel) {
    transpose_tile(from, panel, to, panel);
    return;
  }
  for (int r = 0; r < rows; ++r)
    for (int i = 0; i < inputs; ++i) to[i * panel + r] = from[r * panel + i];
}

void pack(const Edge& e, const float* weight, const float* bias) {
  for (int i = 0; i < e.in; i += panel) {
    float* to = e.backward + static_cast<long>(i) * e.out;
    for (int o = 0; o < e.out; ++o)
      for (int j = 0; j < panel; ++j)
        to[o * panel + j] = i + j < e.in ? weight[static_cast<long>(o) * e.in + i + j] : 0.0F;
  }
  for (int o = 0; o < e.out; o += panel)
    for (int i = 0; i < e.in; i += panel) mirror(e, o, i);
  for (int o = 0; o < e.out; ++o) e.bias[o] = bias == nullptr ? 0.0F : bias[o];
}

void unpack(const Edge& e, float* weight, float* bias) {
  for (int o = 0; o < e.out; ++o)
    for (int i = 0; i < e.in; ++i)
      weight[static_cast<long>(o) * e.in + i] =
          e.backward[static_cast<long>(i / panel) * e.out * panel + o * panel + i % panel];
  for (int o = 0; o < e.out && bias != nullptr; ++o) bias[o] = e.bias[o];
}

// Exponent bits all set: infinite or not a number.
INFANS_INLINE bool all_finite(const float* x, int count) {
  int bad = 0;
  for (int i = 0; i < count; ++i) {
    unsigned bits;
    __builtin_memcpy(&bits, x + i, sizeof bits);
    bad |= (bits & 0x7f800000U) == 0x7f800000U ? 1 : 0;
  }
  return bad == 0;
}

bool load_rows(const Chain& chain, int level, int first, int last, const float* rows) {
  const Level& v = chain.level[level];
  const int size = v.width;
  if (chain.batch == 1) {
    for (int i = 0; i < size; ++i) v.activity[i] = rows[i];
    return all_finite(rows, size);
  }
  bool finite = true;
  for (int b = first; b < last; ++b) {
    float* to = v.activity + b * chain.stride;
    const int samples = chain.batch - b * block < block ? chain.batch - b * block : block;
    for (int n = 0; n < samples; n += 8) {
      const float* from = rows + static_cast<long>(b * block + n) * size;
      const int few = samples - n < 8 ? samples - n : 8;
      finite = all_finite(from, few * size) && finite;
      int i = 0;
      for (; few == 8 && i + 8 <= size; i += 8) transpose_tile(from + i, size, to + i * block + n, block);
      for (; i < size; ++i)
        for (int k = 0; k < few; ++k) to[i * block + n + k] = from[static_cast<long>(k) * size + i];
    }
  }
  return finite;
}

void unload_rows(const Chain& chain, const float* values, int size, int first, int last, float* rows) {
  if (chain.batch == 1) {
    for (int i = 0; i < size; ++i) rows[i] = values[i];
    return;
  }
  for (int b = first; b < last; ++b) {
    const float* from = values + b * chain.stride;
    for (int n = b * block; n < chain.batch && n < (b + 1) * block; ++n)
      for (int i = 0; i < size; ++i) rows[static_cast<long>(n) * size + i] = from[i * block + n % block];
  }
}

// sum[8][32]: one tile of the weight change, rows row .., inputs first ..
INFANS_INLINE void change(const Edge& e, float rate, int row, int first, const float* sum) {
  const v8 scale = rate - v8{};
  const int rows = e.out - row < panel ? e.out - row : panel;
  for (int i = first; i < e.in && i < first + block; i += panel) {
    float* w = e.backward + static_cast<long>(i) * e.out + static_cast<long>(row) * panel;
    for (int r = 0; r < rows; ++r)
      store8(w + r * panel, fma8(scale, load8(sum + r * block + i - first), load8(w + r * panel)));
    mirror(e, row, i);
  }
}

INFANS_INLINE float sum_of(const float* x, int count) {
  float s = 0.0F;
  for (int i = 0; i < count; ++i) s += x[i];
  return s;
}

void learn_panels(const Chain& chain, int l, float rate, int first, int last) {
  const Edge& e = chain.edge[l];
  const long strip = static_cast<long>(blocks(chain.batch)) * block * block;
  const float* delta = chain.level[l + 1].delta;
  alignas(64) float sum[panel * block];
  for (int p = first; p < last; ++p) {
    for (int i = 0; i < e.in; i += block) {
      for (int k = 0; k < panel * block; k += width) store(sum + k, vf{});
      for (int b = 0; b < blocks(chain.batch); ++b) {
        const int samples = chain.batch - b * block < block ? chain.batch - b * block : block;
        outer_block(delta + b * chain.stride + p * panel * block,
                    chain.level[l].transposed + i / block * strip + b * block * block, samples, sum);
      }
      change(e, rate, p * panel, i, sum);
    }
    for (int r = p * panel; r < (p + 1) * panel && r < e.out; ++r) {
      float total = 0.0F;
      for (int b = 0; b < blocks(chain.batch); ++b) {
        const int samples = chain.batch - b * block < block ? chain.batch - b * block : block;
        total += sum_of(delta + b * chain.stride + r * block, samples);
      }
      e.bias[r] += rate * total;
    }
  }
}

}  // namespace
}  // namespace infans::kernels
