// The table of belief-update kernels of one instruction set.
#include "core/kernels/chain.inl"
#include "core/kernels/chain_one.inl"
#include "core/kernels/population.inl"
#include "core/kernels/weights.inl"

namespace infans::kernels {
namespace {

void settle(const Chain& chain, const Descent& descent, int first, int last) {
  chain.batch == 1 ? settle_one(chain, descent) : settle_blocks(chain, descent, first, last);
}

void transpose(const Chain& chain, int first, int last) {
  if (chain.batch > 1) transpose_blocks(chain, first, last);
}

void learn(const Chain& chain, int edge, float rate, int first, int last) {
  chain.batch == 1 ? learn_one(chain, edge, rate) : learn_panels(chain, edge, rate, first, last);
}

void product(const Edge& e, const float* x, int first, int last, float* out) {
  const long in_size = static_cast<long>(padded(e.in)) * block, out_size = static_cast<long>(padded(e.out)) * block;
  static constexpr float zero[panel] = {};
  for (int p = 0; p < panels(e.out); ++p)
    for (int b = first; b < last; ++b)
      panel_times_block(e.forward + static_cast<long>(p) * e.in * panel, e.in, x + b * in_size, block, zero,
                        out + b * out_size + p * panel * block);
}

void tanh_array(const float* x, int n, float* y) {
  for (int i = 0; i < n; i += width) store(y + i, tanh_relative(load(x + i)));
}

}  // namespace
}  // namespace infans::kernels

#define INFANS_BELIEF_TABLE(isa)                                                                             \
  {                                                                                                          \
    isa, pack, unpack, load_rows, unload_rows, settle, transpose, learn, settle_group, learn_group, product, \
        tanh_array                                                                                           \
  }
